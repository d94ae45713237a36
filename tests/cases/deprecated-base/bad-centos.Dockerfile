# expect: count=1
FROM centos:7
