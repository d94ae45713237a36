# expect: found=4.9.2 line=2 column=6
FROM continuumio/miniconda3:4.9.2
