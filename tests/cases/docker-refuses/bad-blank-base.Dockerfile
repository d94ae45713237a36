# expect: line=3 column=6
ARG BASE=
FROM ${BASE}
