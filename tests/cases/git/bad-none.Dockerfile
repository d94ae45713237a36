# options: --require git
# expect: found=absent
FROM ubuntu:20.04
