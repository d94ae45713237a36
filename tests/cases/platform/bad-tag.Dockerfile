# expect: count=1
FROM nvcr.io/nvidia/l4t-base:r32.7.1-arm64
