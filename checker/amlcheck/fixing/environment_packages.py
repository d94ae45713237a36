"""What an environment installs on top of an image, in YAML, JSON and requirements files: packages put in, moved, pinned."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.dockerfile.source import Span
from amlcheck.environment.document import Entry, Mapping, Node, Scalar, Sequence, is_null, walk
from amlcheck.environment.environment import Conda, Wanted
from amlcheck.fixing import lists, releases
from amlcheck.fixing.case import Case, safe, unsafe
from amlcheck.fixing.edits import inserted, newline_at, replaced
from amlcheck.fixing.python_packages import DEFAULTS
from amlcheck.fixing.words import origin
from amlcheck.model import Edit, Repair
from amlcheck.versions import VersionSet, from_specifiers


def under_pip(case: Case, conda: Conda, python: VersionSet | None) -> Iterator[Repair]:
    """azureml-defaults at the end of the pip section, in one of its own, or at the end of a requirements file."""
    for release in releases.defaults(case, python):
        words = f"{DEFAULTS}=={release}"
        edit = _requirement(case, conda, words) if conda.from_requirements else _under_pip(case, conda, words)
        if edit is not None:
            yield unsafe(f"list {words} under pip", edit)


def moved_to_pip(case: Case, conda: Conda, item: Wanted, python: VersionSet | None) -> Iterator[Repair]:
    """azureml-defaults out of conda's packages and into pip's."""
    found = _item(case, conda, item.span)
    if found is None:
        return
    away = lists.without(*found)
    for release in releases.defaults(case, python):
        words = f"{DEFAULTS}=={release}"
        there = conda.named(DEFAULTS, manager="pip")
        edit = _under_pip(case, conda, words) if not there else None
        if away is not None and (edit is not None or there):
            yield unsafe(f"list {words} under pip", *((away, edit) if edit is not None else (away,)))


def _requirement(case: Case, conda: Conda, words: str) -> Edit | None:
    source = case.source(conda.file)
    if source is None or source.text.rstrip("\r\n").endswith("\\"):
        return None
    newline = newline_at(source.text, len(source.text))
    ends = not source.text or source.text.endswith("\n")
    return inserted(source, len(source.text), f"{words}{newline}" if ends else f"{newline}{words}")


def _under_pip(case: Case, conda: Conda, words: str) -> Edit | None:
    section = _section(case, conda.pip_span)
    if section is not None:
        return lists.added(section, words)
    dependencies = _section(case, conda.dependencies_span)
    if dependencies is None or conda.pip_span is not None or not dependencies.items:
        return None
    source = dependencies.span.source
    pip = "" if conda.pip_listed is not None else f"pip={_pip(case, conda)}"
    if lists.is_flow(dependencies):
        quoted = lists.quoted(source, words)
        new = f'{{"pip": [{quoted}]}}' if lists.is_json(source) else f"{{pip: [{quoted}]}}"
        before = f"{lists.quoted(source, pip)}, " if pip else ""
        return inserted(source, dependencies.items[-1].span.end, f", {before}{new}")
    edit = lists.added(dependencies, "\0")
    if edit is None or isinstance(dependencies.items[-1], (Mapping, Sequence)):
        return None
    dash, newline = edit.text.strip("\r\n").partition("\0")[0], newline_at(source.text, dependencies.span.start)
    block = [f"{dash}{pip}"] if pip else []
    block += [f"{dash}pip:", f"{' ' * len(dash)}  - {words}"]
    return Edit(edit.location, edit.text.replace(f"{dash}\0", newline.join(block)))


def _section(case: Case, key: Span | None) -> Sequence | None:
    """The list at a key."""
    if key is None:
        return None
    found = lists.entry_at(lists.tree(case, key.source.path), key)
    node = found[1].node if found is not None else None
    return node if isinstance(node, Sequence) else None


def _item(case: Case, conda: Conda, span: Span | None) -> tuple[Sequence, Node] | None:
    """The item of the dependencies that has some words."""
    dependencies = _section(case, conda.dependencies_span)
    for item in dependencies.items if dependencies is not None and span is not None else ():
        assert dependencies is not None
        assert span is not None
        if item.span.start <= span.start and span.end <= item.span.end:
            return dependencies, item
    return None


# --- pip itself, Python, channels ------------------------------------------------------------------------------------


def _pip(case: Case, conda: Conda) -> str:
    """The version of pip for the environment's Python; the newest where that is not known."""
    asked = [item.spec.versions for item in conda.named("python", manager="conda") if item.spec.versions is not None]
    for entry in case.remedies.data["pip"]:
        if not asked or asked[-1] <= from_specifiers(entry["python"]):
            return str(entry["version"])
    return str(case.remedies.data["pip"][0]["version"])


def pip_in_front(case: Case, conda: Conda) -> Iterator[Repair]:
    """Pip in front of its section: put in, or taken from behind it."""
    found = _pip_mapping(case, conda)
    if found is None:
        return
    dependencies, section = found
    if conda.pip_listed is None:
        words = f"pip={_pip(case, conda)}"
        edit = _before(dependencies, section, words)
        if edit is not None:
            yield safe(f"list {words} in front of the section", edit)
        return
    item = _item(case, conda, conda.pip_listed)
    away = lists.without(*item) if item is not None else None
    edit = _before(dependencies, section, conda.pip_listed.text)
    if away is not None and edit is not None:
        yield safe("list pip in front of the section", edit, away)


def _before(dependencies: Sequence, section: Node, words: str) -> Edit | None:
    if lists.is_flow(dependencies):
        return lists.in_front_in_flow(section, words)
    return lists.in_front(section, words)


def _pip_mapping(case: Case, conda: Conda) -> tuple[Sequence, Node] | None:
    """The list of dependencies and its item with the pip section."""
    dependencies = _section(case, conda.dependencies_span)
    for item in dependencies.items if dependencies is not None else ():
        if isinstance(item, Mapping) and item.entry("pip") is not None:
            assert dependencies is not None
            return dependencies, item
    return None


def pinned_pip(case: Case, conda: Conda, item: Wanted) -> Iterator[Repair]:
    """A version behind a pip that has none."""
    span = origin(case, item.word.strip())
    if span is not None and span.text == "pip":
        words = f"={_pip(case, conda)}"
        yield unsafe(f"pin pip{words}", inserted(span.source, span.end, words))


def with_python(case: Case, conda: Conda) -> Iterator[Repair]:
    """The Python of the image below as the first dependency."""
    below = releases.python_of(case.beside.built)
    dependencies = _section(case, conda.dependencies_span)
    known = below is not None and below.text.replace(".", "").isdigit()
    if below is None or not known or dependencies is None or not dependencies.items:
        return
    words = f"python={below.text}"
    edit = _before(dependencies, dependencies.items[0], words)
    if edit is not None:
        yield unsafe(f"list {words}", edit)


def with_channels(case: Case, conda: Conda) -> Iterator[Repair]:
    """The channels in front of the dependencies, or in the list that is empty."""
    if conda.dependencies_span is None:
        return
    found = lists.entry_at(lists.tree(case, conda.dependencies_span.source.path), conda.dependencies_span)
    if found is None:
        return
    name = case.remedies.data["channels"]["default"]
    mapping, dependencies = found
    channels = mapping.entry("channels")
    edit = (
        lists.entry_in_front(dependencies, f'"channels": ["{name}"]', ["channels:", f"  - {name}"])
        if channels is None
        else _filled(channels, name)
    )
    if edit is not None:
        yield unsafe(f"name the channel {name}", edit)


def _filled(channels: Entry, name: str) -> Edit | None:
    """An empty list with one channel in it."""
    node, source = channels.node, channels.key_span.source
    if isinstance(node, Sequence) and not node.items and lists.is_flow(node):
        return inserted(source, node.span.start + 1, lists.quoted(source, name))
    if isinstance(node, Scalar) and is_null(node):
        if node.span.text.strip() in ("null", "~"):
            return replaced(node.span, f"[{lists.quoted(source, name)}]")
        colon = source.text.find(":", channels.key_span.end)
        if not node.span.text.strip() and colon == channels.key_span.end:
            return inserted(source, colon + 1, f" [{name}]")
    return None


# --- other keys ------------------------------------------------------------------------------------------------------


def stack_version(case: Case, stated: Node | None, docker: Mapping | None) -> Iterator[Repair]:
    """The inferencing stack "latest": another value, or the key in front of the section that names the image."""
    title = 'set the inferencing stack to "latest"'
    if isinstance(stated, Scalar):
        if not case.is_at(stated.inner.location):
            return
        source = stated.span.source
        words = (
            "latest" if stated.inner.start != stated.span.start else ('"latest"' if lists.is_json(source) else "latest")
        )
        if lists.is_json(source) or source.path.lower().endswith((".yml", ".yaml")):
            yield unsafe(title, replaced(stated.inner if words == "latest" else stated.span, words))
        return
    if docker is None or stated is not None:
        return
    for node in walk(lists.tree(case, docker.span.source.path)):
        for entry in node.entries if isinstance(node, Mapping) else ():
            if (entry.node.span.start, entry.node.span.end) == (docker.span.start, docker.span.end):
                key = "inferencingStackVersion"
                edit = lists.entry_in_front(entry, f'"{key}": "latest"', [f"{key}: latest"])
                if edit is not None:
                    yield unsafe(title, edit)
