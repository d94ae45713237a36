# expect: found=4.7.12
FROM ubuntu:20.04
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.3.11-Linux-x86_64.sh -O /tmp/a.sh && bash /tmp/a.sh -b -p /opt/old
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O /tmp/b.sh && bash /tmp/b.sh -b -p /opt/new
ENV PATH=/opt/new/bin:/opt/old/bin:$PATH
