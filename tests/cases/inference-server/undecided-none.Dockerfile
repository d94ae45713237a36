# expect: found=absent reason="the Azure ML environment must list it"
FROM python:3.10-slim
RUN pip install scikit-learn==1.0.2
