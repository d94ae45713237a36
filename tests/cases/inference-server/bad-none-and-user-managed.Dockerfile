# options: --user-managed
# expect: found=absent
FROM python:3.8-slim
RUN pip install scikit-learn==1.0.2
