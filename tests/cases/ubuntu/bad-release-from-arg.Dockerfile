# expect: found=14.04 line=3 column=13 text=14.04 chain=3,4
# The release stands in ARG; FROM only uses it.
ARG RELEASE=14.04
FROM ubuntu:${RELEASE}
