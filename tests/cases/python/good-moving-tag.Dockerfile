# expect: found=>=3.14
FROM python:3
