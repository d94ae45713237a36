FROM registry.example.com/team/base:7
RUN pip install flask && conda clean -ya
