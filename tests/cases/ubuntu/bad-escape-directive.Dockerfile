# escape=`
# expect: found="debian 11"
ARG SUITE=bullseye
FROM `
    debian:${SUITE}
