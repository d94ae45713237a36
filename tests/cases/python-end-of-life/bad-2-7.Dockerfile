# expect: count=1 message="Python 2.7"
FROM python:2.7
