FROM python:3.10-slim
RUN pip install "numpy>=1.2,<2" "uvicorn[standard]~=0.20" 'requests (>=2)' "tomli; python_version < '3.11'" \
    torch==1.8.1+cu111 git+https://github.com/psf/requests ./local ../other file.whl pkg.tar.gz "a @ https://example.com/a.zip"
