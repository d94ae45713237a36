# expect: found=4.9.2 line=3 column=13
FROM ubuntu:20.04
COPY --from=continuumio/miniconda3:4.9.2 /opt/conda /opt/conda
