# expect: count=1 message="whatever is newest"
FROM continuumio/miniconda3:latest
