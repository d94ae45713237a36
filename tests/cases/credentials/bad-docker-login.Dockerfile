# expect: count=1
FROM docker:24
RUN docker login -u me -p hunter2secret registry.example.com
