# expect: found=absent reason="the Azure ML environment must list it"
FROM ubuntu:20.04
