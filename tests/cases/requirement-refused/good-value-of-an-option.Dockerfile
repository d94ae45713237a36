FROM python:3.10-slim
RUN pip install --config-setting editable_mode=strict --constraint c.txt flask
