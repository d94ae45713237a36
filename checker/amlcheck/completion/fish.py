"""The script for fish, 3 and newer: one `complete` for each thing that can be typed."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.completion.commands import Command, Option, Value

_HEAD = """\
# fish completion for amlcheck; made by `amlcheck completion fish`
function __amlcheck_at --description 'whether the commands that were typed begin with these; none: no command was typed'
    set -l typed
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word
        or set -a typed $word
    end
    if test (count $argv) -eq 0
        test (count $typed) -eq 0
        return
    end
    test (count $typed) -ge (count $argv)
    or return 1
    for index in (seq (count $argv))
        test "$typed[$index]" = "$argv[$index]"
        or return 1
    end
end

function __amlcheck_just --description 'whether exactly these commands were typed'
    __amlcheck_at $argv
    or return 1
    set -l typed
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word
        or set -a typed $word
    end
    test (count $typed) -eq (count $argv)
end

function __amlcheck_list --description 'each word, behind those that were typed before the last comma'
    set -l typed (string replace -r '^--[^=]*=' '' -- (commandline -ct))
    set -l before (string match -r '^.*,' -- $typed)
    for word in $argv
        printf '%s\\n' "$before$word"
    end
end

complete -c amlcheck -e
complete -c amlcheck -f
"""


def script(top: Command) -> str:
    """The whole script."""
    return "\n".join([_HEAD, *(line for command in top.all() for line in _command(command)), ""])


def _command(command: Command) -> Iterator[str]:
    at = " ".join(["__amlcheck_at", *command.path])
    just = " ".join(["__amlcheck_just", *command.path])
    for one in command.commands:
        yield f"complete -c amlcheck -n {_quoted(just)} -a {one.path[-1]} -d {_quoted(one.help)}"
    for option in command.options:
        yield f"complete -c amlcheck -n {_quoted(at)} {_option(option)}"
    if not command.commands:
        for value in dict.fromkeys(command.arguments):
            offered = _value(value)
            if offered:
                yield f"complete -c amlcheck -n {_quoted(at)} {offered}"


def _option(option: Option) -> str:
    names = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    value = option.value
    taken = ""
    if value is not None:
        taken = f" {'-r' if value.files else '-x'} {_value(value)}".rstrip()
    return f"{' '.join(names)}{taken} -d {_quoted(option.help)}"


def _value(value: Value) -> str:
    made = []
    if value.words:
        words = " ".join(value.words)
        made.append(f"-a {_quoted(f'(__amlcheck_list {words})' if value.several else words)}")
    if value.files:
        made.append("-F")
    elif value.folders:
        made.append("-a '(__fish_complete_directories)'")
    return " ".join(made)


def _quoted(text: str) -> str:
    """A word of the shell whatever is in it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
