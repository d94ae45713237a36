FROM ubuntu:22.04
COPY . /app
RUN . /app/setup-paths && pip install flask
RUN . /app/venv/bin/activate && pip install flask
