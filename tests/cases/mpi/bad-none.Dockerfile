# options: --flavour openmpi-cpu
# expect: found=absent
FROM ubuntu:18.04
