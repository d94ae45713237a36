# expect: found=none
FROM registry.example.com/team/base:7
