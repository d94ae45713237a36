# expect: found=22.04
FROM public.ecr.aws/docker/library/ubuntu:22.04
