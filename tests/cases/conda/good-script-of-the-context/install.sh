#!/bin/sh
# Installs conda.
set -eu
VERSION=4.8.3
cd /tmp
wget -q "https://repo.anaconda.com/miniconda/Miniconda3-py38_${VERSION}-Linux-x86_64.sh" -O conda.sh
sh conda.sh -b -p /opt/conda
