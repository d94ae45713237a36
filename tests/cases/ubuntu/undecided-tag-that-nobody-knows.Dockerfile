# expect: found=none
FROM ubuntu:mine
