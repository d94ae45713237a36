# options: --flavour openmpi-gpu
# expect: found=absent
FROM ubuntu:18.04
