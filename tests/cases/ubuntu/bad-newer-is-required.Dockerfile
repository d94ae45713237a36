# options: --require ubuntu>=18.04
# expect: found=16.04
FROM ubuntu:16.04
