# options: --datasets
# expect: found=none
FROM ubuntu:20.04
COPY --from=registry.example.com/team/libraries:1 /usr/lib /usr/lib
