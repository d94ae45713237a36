FROM python:3.10-slim
RUN pip install "ipython>=5.*" "pytz>dev" "a===anything"
