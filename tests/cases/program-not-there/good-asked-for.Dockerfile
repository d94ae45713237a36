FROM ubuntu:22.04
RUN if command -v pip; then pip install flask; fi
RUN if pip --version; then echo there; fi
RUN which conda && conda clean -ya; command -v python3 || true
RUN ! pip --version
