# options: --require cuda>=11.4
# expect: found=>=11.2,<11.6
FROM nvcr.io/nvidia/pytorch:21.07-py3
