FROM ubuntu:22.04 AS base
FROM base
