FROM ubuntu:20.04
ENV PATH=/opt/conda/bin:$PATH
RUN curl -fsSL https://example.com/install-conda.sh | bash
