# expect: count=1 line=4 column=5 message=pip
FROM ubuntu:22.04
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN pip install flask; echo done
