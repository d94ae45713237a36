FROM registry.example.com/team/base:7
ENV PATH=/opt/conda/bin:$PATH
