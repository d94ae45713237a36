# options: --require ubuntu>=20.04
# expect: found=>=16.04
FROM pytorch/pytorch:1.13.1-cuda11.6-cudnn8-runtime
