"""Completion for shells: one static script each, made from the command line's own parser (`amlcheck completion bash`).

`commands` reads the parser into plain data; `bash`, `zsh` and `fish` write it down. A script knows every command, option,
choice, rule and profile of the version that made it, and starts no program: completing is as fast as the shell.
"""
