FROM registry.example.com/team/base:7
WORKDIR ${APP_HOME:?must be set by the base image}
