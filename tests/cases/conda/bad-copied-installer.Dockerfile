# expect: found=4.3.11 line=4 column=10
FROM ubuntu:18.04
COPY Miniconda3-4.3.11-Linux-x86_64.sh /tmp/
RUN bash /tmp/Miniconda3-4.3.11-Linux-x86_64.sh -b -p /opt/conda
