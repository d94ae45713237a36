# expect: count=1 line=3 column=5
FROM ubuntu:20.04
ARG DB_PASSWORD=hunter2secret
