# expect: found=4.3.11
FROM ubuntu:18.04
COPY Miniconda3-4.3.11-Linux-x86_64.sh /tmp/conda.sh
RUN chmod +x /tmp/conda.sh && /tmp/conda.sh -b -p /opt/conda
