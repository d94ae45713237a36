# expect: found=debian
FROM continuumio/miniconda3:4.9.2
