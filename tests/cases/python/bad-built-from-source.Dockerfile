# expect: found=3.5.9
FROM ubuntu:20.04
RUN wget -q https://www.python.org/ftp/python/3.5.9/Python-3.5.9.tgz && tar xzf Python-3.5.9.tgz && \
    cd Python-3.5.9 && ./configure --prefix=/usr/local && make -j4 && make install
