# expect: found=20.04
FROM ubuntu:20.04@sha256:4cbf7c2d3a0e6a1c5f4e1d9a3f4f0d8b0a1a8c6d2b7e4f5a6c7d8e9f0a1b2c3d
