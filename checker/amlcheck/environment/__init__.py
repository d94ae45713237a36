"""The files beside a Dockerfile that say what is installed: conda environments, requirements, lock files."""
