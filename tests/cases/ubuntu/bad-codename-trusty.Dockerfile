# expect: found=14.04 line=2 column=6 text=ubuntu:trusty
FROM ubuntu:trusty
