# options: --require ubuntu>=24.04
# expect: found="22.04 | 24.04"
FROM nvcr.io/nvidia/pytorch:24.05-py3
