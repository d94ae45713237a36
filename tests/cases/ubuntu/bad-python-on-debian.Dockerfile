# expect: found="debian 10" line=2 column=6
FROM python:3.8-slim-buster
