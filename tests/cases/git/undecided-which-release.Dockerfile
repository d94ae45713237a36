# options: --require git>=2.20
# expect: found=present
FROM registry.example.com/team/base:7
RUN apt-get update && apt-get install -y git
