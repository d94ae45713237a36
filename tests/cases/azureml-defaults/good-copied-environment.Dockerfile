# expect: found=1.43.0
FROM python:3.8-slim AS build
RUN python -m venv /venv && /venv/bin/pip install azureml-defaults==1.43.0
FROM python:3.8-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH
