# options: --target old
# expect: found=14.04 line=3 column=6
FROM ubuntu:14.04 AS old
FROM ubuntu:22.04 AS new
