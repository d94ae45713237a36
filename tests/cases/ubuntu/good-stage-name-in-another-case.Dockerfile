# expect: found=20.04
FROM ubuntu:20.04 AS Base
FROM base
