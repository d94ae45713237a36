# options: --require cudnn
# expect: found=none
FROM registry.example.com/team/gpu:3
