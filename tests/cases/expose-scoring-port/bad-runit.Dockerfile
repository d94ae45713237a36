# expect: count=1
FROM ubuntu:22.04
EXPOSE 8883 8888
CMD ["runsvdir", "/var/runit"]
