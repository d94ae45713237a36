FROM registry.example.com/ubuntu-16.04:7
