FROM registry.example.com/azureml/openmpi3.1.2-ubuntu18.04:7
