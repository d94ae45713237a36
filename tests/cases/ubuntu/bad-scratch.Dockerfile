# expect: found=absent
FROM scratch
COPY app /app
