# expect: found=4.3.27 line=2 column=6
FROM continuumio/miniconda3:4.3.27
