FROM continuumio/miniconda3:4.9.2 AS conda
FROM ubuntu:20.04
COPY --from=conda /opt/conda /opt/miniconda
ENV PATH=/opt/miniconda/bin:$PATH
