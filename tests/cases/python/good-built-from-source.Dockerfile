# expect: found=3.8.12 line=3 column=20
FROM ubuntu:20.04
ENV PYTHON_VERSION=3.8.12
WORKDIR /tmp
RUN wget -q https://www.python.org/ftp/python/${PYTHON_VERSION}/Python-${PYTHON_VERSION}.tgz && \
    tar xzf Python-${PYTHON_VERSION}.tgz && cd Python-${PYTHON_VERSION} && \
    ./configure --enable-optimizations && make && make install
