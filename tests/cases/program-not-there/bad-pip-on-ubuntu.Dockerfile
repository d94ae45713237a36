# expect: count=1 line=3 column=5 message=pip
FROM ubuntu:20.04
RUN pip install azureml-defaults==1.60.0
RUN pip install flask
