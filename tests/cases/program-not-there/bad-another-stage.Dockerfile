# expect: count=1 line=3 column=5 message=pip
FROM ubuntu:22.04 AS wheels
RUN pip wheel -w /wheels flask
FROM python:3.10-slim
COPY --from=wheels /wheels /wheels
RUN pip install /wheels/*.whl
