# expect: found=22.04
FROM ubuntu:jammy-20230804
