# expect: found="alpine 3.18"
FROM alpine:3.18
