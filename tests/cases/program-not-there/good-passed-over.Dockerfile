FROM ubuntu:22.04
RUN pip install flask || true
RUN pip install flask || echo "no pip"
RUN (conda clean -ya) || :
