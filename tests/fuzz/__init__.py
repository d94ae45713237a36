"""Fuzzing: mutated Dockerfiles, and coverage-guided targets. docs/robustness.md says how to run them."""
