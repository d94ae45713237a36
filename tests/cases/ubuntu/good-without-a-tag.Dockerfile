# expect: found=>=24.04
FROM ubuntu
