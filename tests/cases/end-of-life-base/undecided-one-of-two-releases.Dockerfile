FROM nvcr.io/nvidia/pytorch:20.12-py3
