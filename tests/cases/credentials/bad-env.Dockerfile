# expect: count=1 line=3 column=5
FROM ubuntu:20.04
ENV AZURE_CLIENT_SECRET=8Q~abcdefghijklmnopqrstuvwxyz0123456789
