FROM registry.example.com/team/base:7
CMD ["azmlinfsrv", "--entry_script", "score.py"]
