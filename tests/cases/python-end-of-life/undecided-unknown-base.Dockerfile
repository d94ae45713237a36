FROM registry.example.com/python-3.6:7
