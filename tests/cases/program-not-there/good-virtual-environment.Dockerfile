FROM debian:12
RUN apt-get update && apt-get install -y python3-venv
RUN python3 -m venv /venv && /venv/bin/pip install flask
ENV PATH=/venv/bin:$PATH
RUN pip install gunicorn && python -m pip list
