# expect: found=4.7.12
FROM ubuntu:20.04
RUN <<EOF
set -e
V=4.7.12
wget -q "https://repo.anaconda.com/miniconda/Miniconda3-$V-Linux-x86_64.sh" -O /tmp/conda.sh
bash /tmp/conda.sh -b -p /opt/conda
EOF
