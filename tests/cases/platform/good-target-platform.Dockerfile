FROM --platform=$TARGETPLATFORM ubuntu:20.04
