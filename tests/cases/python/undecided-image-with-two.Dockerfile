# expect: found="3.5 | 3.6"
FROM continuumio/miniconda3:4.5.4
