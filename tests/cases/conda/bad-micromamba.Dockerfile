# expect: found=absent
FROM ubuntu:20.04
RUN curl -Ls https://micro.mamba.pm/api/micromamba/linux-64/1.5.8 | tar -xvj -C /usr/local bin/micromamba
RUN micromamba create -y -p /opt/env -c conda-forge python=3.10
