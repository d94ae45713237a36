# expect: count=1 line=3 column=5 message=conda
FROM python:3.10-slim
RUN conda install -y python=3.9
