# syntax=docker/dockerfile:1
FROM ubuntu:20.04
RUN <<ONE cat && cat <<-"TWO"
COPPY is text here
ONE
	so is RUM
	TWO
COPY <<config.ini <<more.ini /etc/app/
a = 1
config.ini
b = 2
more.ini
