from ubuntu:20.04 as base
run echo hello
