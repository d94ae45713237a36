"""Requirements that every pip refuses, old and new: `numpy=>1.2`, `==1.0`, `numpy 1.2`.

Versions that pip took until 24.1 and that PEP 440 does not have (`pytz>dev`, `ipython>=5.*`) are let pass, and so is all that
may be a path, a URL, an archive or a template's variable.
"""

from __future__ import annotations

from amlcheck.dockerfile.text import HOLE
from amlcheck.environment.limits import MAX_WORD
from amlcheck.environment.specs import PLAIN_REQUIREMENT
from amlcheck.regex import regex

MAX_REFUSED = 20
"""Requirements that are told in one environment or build: pip stops at the first."""
_ARCHIVES = (".whl", ".zip", ".tar", ".gz", ".bz2", ".tgz", ".tbz", ".xz", ".txz", ".tlz", ".lz", ".lzma", ".egg")
_NOT_JUDGED = regex(r"[/\\{}$@%\ufffc]")
_TO_OPTIONS = regex(r"(?:^|\s)--?[A-Za-z].*$")
_HEAD = regex(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\[\]]*\])?\s*(?P<specifiers>.*)")
_LEGACY = regex(r"(?:==|!=|<=|>=|<|>)\s*[^,;\s)]*")
"""What packaging 21, which pip had until 24.1, took for a clause."""
_SINGLE = regex(r"[A-Za-z0-9._-]+(?:\[[^\[\]]*\])?\s*=\s*[^=<>~!\s][^\s]*")
_CONDA_EXPORT = regex(r"(?m)^[\w.-]+=[^=\s]+=[^=\s]+\s*$|^@EXPLICIT|may be used to create an environment")
_OF_PIP = regex(r"(?m)^\s*[A-Za-z0-9][\w.-]*\s*(?:\[[^\]\n]*\]\s*)?(?:==|~=)")


def refusal(text: str, conda: bool = False) -> str | None:
    """Why pip refuses a requirement, without its comment; None where it may accept it. `conda`: it may be conda's."""
    if len(text) > MAX_WORD or HOLE in text:
        return None
    text = _TO_OPTIONS.sub("", text).strip()
    if not text or PLAIN_REQUIREMENT.fullmatch(text):
        return None
    if "===" in text:  # whatever follows it is a version
        return None
    main, separator, marker = text.partition(";")
    main = main.strip()
    if _NOT_JUDGED.search(main) or main.startswith(".") or main.lower().endswith(_ARCHIVES) or "://" in text:
        return None
    if not separator and _is_old(main):
        return None
    from packaging.requirements import InvalidRequirement, Requirement

    if separator and not (HOLE in marker or "{" in marker or "$" in marker):
        try:
            Requirement(f"name;{marker}")
        except InvalidRequirement:
            return "its environment marker cannot be read"
    try:
        Requirement(main)
    except InvalidRequirement:
        return None if conda and _SINGLE.fullmatch(main) else _why(main)
    return None


def _why(main: str) -> str | None:
    specifiers = _specifiers(main)
    if specifiers is None:
        return "it does not begin with a package's name" if not main[:1].isalnum() else "it is no requirement"
    if all(_was_accepted(clause.strip()) for clause in specifiers.split(",") if clause.strip()):
        return None
    for wrong, right in (("=>", ">="), ("=<", "<="), ("=!", "!="), ("=~", "~=")):
        if specifiers.startswith(wrong):
            return f"{wrong} is no operator ({right} is)"
    return "= is no operator (== is)" if _SINGLE.fullmatch(main) or specifiers == "=" else "it is no requirement"


def _specifiers(main: str) -> str | None:
    """What stands behind the name and the extras, without its parentheses."""
    head = _HEAD.fullmatch(main)
    found = head.group("specifiers").strip() if head is not None else None
    return found[1:-1] if found is not None and found.startswith("(") and found.endswith(")") else found


def _is_old(main: str) -> bool:
    """Whether a pip before 24.1 read it; that costs no import and no exception."""
    specifiers = _specifiers(main)
    clauses = [clause.strip() for clause in specifiers.split(",")] if specifiers is not None else ["?"]
    return all(_LEGACY.fullmatch(clause) for clause in clauses)


def _was_accepted(clause: str) -> bool:
    """Whether some pip accepts a clause."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if _LEGACY.fullmatch(clause):
        return True
    try:
        SpecifierSet(clause)
    except InvalidSpecifier:
        return False
    return True


def is_template(text: str) -> bool:
    """Whether a file is filled in before pip reads it."""
    return "{{" in text or "{%" in text


def is_of_conda(text: str) -> bool:
    """Whether a file of requirements may be one that conda reads: nothing in it is pip's alone."""
    return bool(_CONDA_EXPORT.search(text)) or not _OF_PIP.search(text)
