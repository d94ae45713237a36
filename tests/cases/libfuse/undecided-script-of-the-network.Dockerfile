# options: --datasets
# expect: found=none
FROM ubuntu:20.04
RUN curl -fsSL https://example.com/setup.sh | bash
