"""The script for bash, 3.2 and newer. Nothing that is typed or found is ever expanded: words are compared, not evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.completion.commands import Command, Value

_HEAD = """\
# bash completion for amlcheck; made by `amlcheck completion bash`
_amlcheck_words() {
    local word
    for word in "$@"; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
}

_amlcheck_list() {
    local before="" word
    [[ $cur == *,* ]] && before=${cur%,*},
    for word in "$@"; do
        [[ $word == "${cur##*,}"* ]] && COMPREPLY+=("$before$word")
    done
}

_amlcheck_files() {
    local name
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do
        COMPREPLY+=("$name")
    done < <(compgen "$1" -- "$cur")
}

_amlcheck() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path="" word index skip=""
    COMPREPLY=()
    if [[ $cur == = ]]; then
        cur=""
    elif [[ $prev == = && COMP_CWORD -gt 1 ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        case "$path $word" in
"""
_MIDDLE = """\
        esac
    done
    case "$path $prev" in
"""
_LAST = """\
    esac
    case $path in
"""
_TAIL = """\
    esac
}
complete -F _amlcheck amlcheck
"""


def script(top: Command) -> str:
    """The whole script."""
    lines = [_HEAD]
    for command in top.all():
        if command.path:
            before = _path(command.path[:-1])
            lines.append(f"            '{before} {command.path[-1]}') path='{_path(command.path)}' ;;\n")
    lines.append(_MIDDLE)
    lines += [text for command in top.all() for text in _values(command)]
    lines.append(_LAST)
    lines += [text for command in top.all() for text in _words(command)]
    lines.append(_TAIL)
    return "".join(lines)


def _path(path: tuple[str, ...]) -> str:
    return "".join(f" {name}" for name in path)


def _values(command: Command) -> Iterator[str]:
    """What can follow an option; it ends the function."""
    for option in command.options:
        if option.value is not None:
            places = "|".join(f"'{_path(command.path)} {flag}'" for flag in option.flags)
            yield f"        {places}) {_offered(option.value)}return ;;\n"


def _words(command: Command) -> Iterator[str]:
    """Options where a dash was typed, else commands or arguments."""
    flags = " ".join(flag for option in command.options for flag in option.flags)
    yield f"        '{_path(command.path)}')\n"
    yield f"            if [[ $cur == -* ]]; then _amlcheck_words {flags}; return; fi\n"
    if command.commands:
        yield f"            _amlcheck_words {' '.join(one.path[-1] for one in command.commands)} ;;\n"
        return
    offered = "".join(dict.fromkeys(_offered(value) for value in command.arguments))
    yield f"            {offered or ': '};;\n"


def _offered(value: Value) -> str:
    helper = "_amlcheck_list" if value.several else "_amlcheck_words"
    made = f"{helper} {' '.join(value.words)}; " if value.words else ""
    if value.files or value.folders:
        made += f"_amlcheck_files {'-f' if value.files else '-d'}; "
    return made
