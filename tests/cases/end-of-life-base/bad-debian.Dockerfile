# expect: count=1 message="debian 10"
FROM python:3.8-slim-buster
