# expect: found="centos 7"
FROM nvidia/cuda:11.3.1-devel-centos7
