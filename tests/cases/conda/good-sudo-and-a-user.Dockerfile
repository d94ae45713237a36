# expect: found=4.7.12
FROM ubuntu:20.04
RUN useradd -m -d /data/me me
USER me
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-4.7.12-Linux-x86_64.sh -O ~/c.sh && sudo bash ~/c.sh -b -p ~/conda
ENV PATH=/data/me/conda/bin:$PATH
