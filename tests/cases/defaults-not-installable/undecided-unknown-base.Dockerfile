FROM registry.example.com/team/base:7
RUN pip install azureml-defaults==1.40.0
