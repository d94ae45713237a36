# options: --flavour openmpi-gpu
# expect: found=absent
FROM nvidia/cuda:10.0-devel-ubuntu16.04
