FROM ubuntu:22.04
RUN curl -fsSL https://example.com/install.sh | bash
RUN pip install flask
