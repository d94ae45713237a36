# expect: count=1 line=3 column=47 message="apt installs git"
FROM ubuntu:20.04
RUN apt-get update && apt-get install -y wget git
