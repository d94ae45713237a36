# expect: found=none reason=https://example.com/setup.sh
FROM ubuntu:20.04
RUN curl -fsSL https://example.com/setup.sh | bash
