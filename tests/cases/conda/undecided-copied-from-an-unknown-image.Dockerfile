# expect: found=none
FROM ubuntu:20.04
COPY --from=registry.example.com/team/conda:1 /opt/conda /opt/conda
