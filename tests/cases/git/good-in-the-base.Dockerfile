# options: --require git
# expect: found=present
FROM python:3.8-buster
