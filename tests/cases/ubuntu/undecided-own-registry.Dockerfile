# expect: found=none line=2 column=6
FROM registry.example.com/team/base:7
