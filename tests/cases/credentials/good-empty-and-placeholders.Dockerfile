FROM ubuntu:20.04
ENV API_KEY= PASSWORD=changeme TOKEN=<your-token>
