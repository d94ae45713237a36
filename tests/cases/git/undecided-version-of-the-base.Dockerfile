# options: --require git>=2.20
# expect: found=present
FROM python:3.8-buster
