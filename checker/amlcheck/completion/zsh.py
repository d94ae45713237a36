"""The script for zsh: a function in the completion system's own language, to be sourced or put into a folder of $fpath."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.completion.commands import Command, Option, Value

_HEAD = """\
#compdef amlcheck
# zsh completion for amlcheck; made by `amlcheck completion zsh`
"""
_TAIL = """\
if [[ $funcstack[1] == _amlcheck ]]; then
    _amlcheck "$@"
else
    compdef _amlcheck amlcheck
fi
"""


def script(top: Command) -> str:
    """The whole script."""
    return "\n".join([_HEAD, *_helpers(top), *(_function(command) for command in top.all()), _TAIL])


def _helpers(top: Command) -> Iterator[str]:
    """A function for each kind of value that is either one of some words or a file."""
    values = [option.value for command in top.all() for option in command.options if option.value is not None]
    values += [value for command in top.all() for value in command.arguments]
    for value in dict.fromkeys(value for value in values if _is_mixed(value)):
        words = " ".join(value.words)
        yield f"{_helper(value)}() {{\n    _alternative 'words:name:({words})' 'files:file:_files'\n}}\n"


def _is_mixed(value: Value) -> bool:
    return bool(value.words) and (value.files or value.folders)


def _helper(value: Value) -> str:
    """Its name: words of the same number and beginning are the same list."""
    return f"_amlcheck_of_{len(value.words)}_{''.join(char for char in value.words[0] if char.isalnum())}"


def _name(path: tuple[str, ...]) -> str:
    return "_".join(["_amlcheck", *path])


def _function(command: Command) -> str:
    """One command: its options, and its arguments or the commands within it."""
    specs = [spec for option in command.options for spec in _option(option)]
    if not command.commands:
        specs += _arguments(command)
        listed = "".join(f" \\\n        {spec}" for spec in specs)
        return f"{_name(command.path)}() {{\n    _arguments -S{listed}\n}}\n"
    specs += ["'1: :->command'", "'*:: :->rest'"]
    listed = "".join(f" \\\n        {spec}" for spec in specs)
    described = "".join(f"\n                {_quoted(_described(one))}" for one in command.commands)
    branches = "".join(f"\n                {one.path[-1]}) {_name(one.path)} ;;" for one in command.commands)
    return f"""{_name(command.path)}() {{
    local context state state_descr line
    typeset -A opt_args
    _arguments -C -S{listed}
    case $state in
        command)
            local -a commands=({described}
            )
            _describe command commands
            ;;
        rest)
            case $line[1] in{branches}
            esac
            ;;
    esac
}}
"""


def _described(command: Command) -> str:
    return f"{command.path[-1]}:{command.help}"


def _option(option: Option) -> Iterator[str]:
    """One specification for each name of an option; one name excludes the others unless it may repeat."""
    text = option.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    for flag in option.flags:
        first = "*" if option.repeatable else f"({' '.join(option.flags)})"
        if option.value is None:
            yield _quoted(f"{first}{flag}[{text}]")
        else:
            equals = "=" if flag.startswith("--") else ""
            yield _quoted(f"{first}{flag}{equals}[{text}]:{_argument(option.value)}")


def _arguments(command: Command) -> Iterator[str]:
    for number, value in enumerate(command.arguments, 1):
        last = number == len(command.arguments)
        yield _quoted(f"{'*' if last and command.repeats else number}:{_argument(value)}")


def _argument(value: Value) -> str:
    """What stands behind an option: the name of its value, and how it is completed."""
    name = value.name.lower().replace("\\", "\\\\").replace(":", "\\:")
    if _is_mixed(value):
        return f"{name}:{_helper(value)}"
    if value.several:
        return f"{name}:_values -s , {name} {' '.join(value.words)}"
    if value.words:
        return f"{name}:({' '.join(value.words)})"
    if value.files:
        return f"{name}:_files"
    return f"{name}:_files -/" if value.folders else f"{name}: "


def _quoted(text: str) -> str:
    """A word of the shell whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"
