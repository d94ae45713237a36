# expect: found=1.43.0
FROM python:3.8-slim
COPY --from=ghcr.io/astral-sh/uv:0.5.0 /uv /bin/uv
RUN uv pip install --system azureml-defaults==1.43.0
