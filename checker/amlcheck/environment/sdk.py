"""Python that builds an environment with SDK v1 or v2, followed in its syntax tree and never executed.

Names that are assigned in the file are followed, and f-strings and sums of what is known; everything else is a value that
is not known. Each environment becomes the mapping that the CLI's files have for it, whose nodes stand in the program.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from amlcheck.dockerfile.source import Span
from amlcheck.dockerfile.text import Text, literal
from amlcheck.environment.document import TEMPLATE, Entry, Mapping, Node, Open, Scalar, Sequence
from amlcheck.environment.python_source import Program
from amlcheck.records import dataclass, field
from amlcheck.regex import regex

V1, V2 = "azureml.", "azure.ai.ml"
MENTIONS = regex(r"\bazureml\b|\bazure\.ai\.ml\b")
"""A file without either builds no environment."""
_V1_SECTIONS = frozenset({"docker", "python", "inferencing_stack_version", "environment_variables", "spark", "r"})
_DEFAULTS = "SDK v1 adds its own Python and azureml-defaults"
MAX_STEPS = 200_000
"""Expressions of one file that are followed."""
MAX_TEXT = 10_000
"""Characters of a string, or items of a list, that a program puts together."""
MAX_PIECES = 500
"""Parts that such a string is put together from."""
MAX_INSIDE = 8
"""Objects of the SDK inside one another; one may be set inside itself."""


@dataclass(eq=False)
class Thing:
    """An object of the SDK: what it is, and what was set on it."""

    kind: str
    span: Span
    depth: int
    fields: dict[tuple[str, ...], Entry | Thing] = field(default_factory=dict)
    lists: dict[str, list[Node]] = field(default_factory=dict)
    open: str = ""
    used_for_scoring: bool = False
    spans: dict[tuple[str, ...], Span] = field(default_factory=dict)


Value = Node | Thing


@dataclass(frozen=True, eq=False)
class Stated:
    """An environment, deployment or inference config that the program makes, as the CLI's files would have it."""

    kind: str
    """One of _STATED."""
    root: Mapping
    scoring: bool


_CLASSES = {
    "Environment": "Environment",
    "CondaDependencies": "CondaDependencies",
    "InferenceConfig": "InferenceConfig",
    "ContainerRegistry": "ContainerRegistry",
    "DockerSection": "Section",
    "PythonSection": "Section",
    "LocalWebservice": "DeploymentConfig",
    "BuildContext": "BuildContext",
    "CodeConfiguration": "CodeConfiguration",
    "ManagedOnlineDeployment": "Deployment",
    "KubernetesOnlineDeployment": "Deployment",
}
_STATED = ("v1.Environment", "v1.InferenceConfig", "v1.DeploymentConfig", "v2.Environment", "v2.Deployment")
_POSITIONAL = {
    "v1.Environment": ("name",),
    "v1.InferenceConfig": ("entry_script", "runtime", "conda_file", "extra_docker_file_steps", "source_directory"),
    "v1.CondaDependencies": ("conda_dependencies_file_path",),
    "v1.DeploymentConfig": ("port",),
    "v2.CodeConfiguration": ("code", "scoring_script"),
}


def read_sdk(program: Program) -> list[Stated]:
    """Every environment, deployment and inference config that the program makes, in order."""
    if program.tree is None or not MENTIONS.search(program.mapped.text):
        return []
    follower = _Follower(program)
    follower.run(program.tree)
    return list(follower.stated())


class _Follower:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.origins: dict[str, str] = {}
        self.names: dict[str, Value] = {}
        self.things: list[Thing] = []
        self.depth = 0
        self.steps = 0
        self.inside = 0
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []

    # --- statements --------------------------------------------------------------------------------------------------

    def run(self, tree: ast.Module) -> None:
        self._block(tree.body)
        outer = dict(self.names)
        done = 0
        while done < len(self.functions):
            function = self.functions[done]
            done += 1
            self.names = dict(outer)
            for argument in ast.walk(function.args):
                if isinstance(argument, ast.arg):
                    self.names[argument.arg] = self._open(argument, "it is handed to a function")
            self._block(function.body)

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.functions.append(statement)
        elif isinstance(statement, ast.ClassDef):
            self._block([item for item in statement.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))])
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                top = alias.name.partition(".")[0]
                self.origins[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                self.origins[alias.asname or alias.name] = f"{statement.module or ''}.{alias.name}"
        elif isinstance(statement, ast.Assign):
            value = self._value(statement.value)
            for target in statement.targets:
                self._assign(target, value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._assign(statement.target, self._value(statement.value))
        elif isinstance(statement, ast.AugAssign):
            self._assign(statement.target, self._open(statement, "it is put together step by step"))
        elif isinstance(statement, (ast.Expr, ast.Return)) and statement.value is not None:
            self._value(statement.value)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            self._block(statement.body)
        elif isinstance(statement, ast.Try) or type(statement).__name__ == "TryStar":
            self._block(statement.body)  # type: ignore[attr-defined]
            for handler in statement.handlers:  # type: ignore[attr-defined]
                self._perhaps(handler.body)
            self._block(statement.finalbody)  # type: ignore[attr-defined]
        elif isinstance(statement, ast.If):
            if _is_main(statement.test):
                self._block(statement.body)
            else:
                self._perhaps(statement.body)
                self._perhaps(statement.orelse)
        elif isinstance(statement, (ast.For, ast.AsyncFor, ast.While)):
            self._perhaps(statement.body)

    def _perhaps(self, body: list[ast.stmt]) -> None:
        """What may not happen, or more than once: names that it binds are not known afterwards."""
        before = dict(self.names)
        self.depth += 1
        self._block(body)
        self.depth -= 1
        for name, value in self.names.items():
            if before.get(name) is not value:
                span = value.span
                self.names[name] = Open(span, "it is set under a condition")

    def _assign(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for item in target.elts:
                self._assign(item, self._open(item, "it is taken from several values"))
        elif isinstance(target, ast.Attribute):
            owner, path, last = self._attribute(target)
            if owner is not None:
                self._set(owner, path, value, last)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
            owner, path, last = self._attribute(target.value)
            key = self._value(target.slice)
            if owner is not None and isinstance(key, Scalar) and isinstance(key.value, str):
                self._set(owner, (*path, key.value), value, key.inner)

    def _set(self, owner: Thing, path: tuple[str, ...], value: Value, key: Span) -> None:
        if self.depth > owner.depth:
            value = Open(value.span, "it is set under a condition")
        owner.fields[path] = value if isinstance(value, Thing) else Entry(path[-1], key, value)
        owner.spans[path] = key

    def _attribute(self, node: ast.Attribute) -> tuple[Thing | None, tuple[str, ...], Span]:
        """The object that an attribute belongs to, the way to it, and where its last name stands."""
        path: list[str] = []
        last = self._last_name(node)
        current: ast.expr = node
        while isinstance(current, ast.Attribute):
            path.insert(0, current.attr)
            current = current.value
        if not isinstance(current, ast.Name):
            return None, (), last
        owner = self.names.get(current.id)
        if (
            owner is None
            and current.id not in self.origins
            and path[0] in _V1_SECTIONS
            and len(path) > 1 - (path[0] == "inferencing_stack_version")
        ):
            owner = Thing("v1.Environment", self.program.span(current), self.depth, open="it is made in another file")
            self.things.append(owner)
            self.names[current.id] = owner
        if not isinstance(owner, Thing):
            return None, (), last
        found: Thing = owner
        way: list[str] = []
        for name in path:
            inner = found.fields.get((*way, name))
            if isinstance(inner, Thing) and name != path[-1]:
                found, way = inner, []
            else:
                way.append(name)
        return found, tuple(way), last

    def _last_name(self, node: ast.Attribute) -> Span:
        span = self.program.span(node)
        return Span(span.source, span.end - len(node.attr), span.end)

    # --- expressions -------------------------------------------------------------------------------------------------

    def _open(self, node: ast.AST, reason: str) -> Open:
        return Open(self.program.span(node), reason)

    def _value(self, node: ast.expr) -> Value:
        self.steps += 1
        if self.steps > MAX_STEPS:
            return self._open(node, "the file is too large to be followed")
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            found = self.names.get(node.id)
            if isinstance(found, Scalar):
                return Scalar(found.span, found.value, found.text)
            return found if found is not None else self._open(node, f"{node.id} is not set in this file")
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [self._value(item) for item in node.elts]
            return Sequence(self.program.span(node), tuple(self._node(item) for item in items))
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._sum(node)
        if isinstance(node, ast.Attribute):
            owner, path, _ = self._attribute(node)
            inner = owner.fields.get(path) if owner is not None else None
            if inner is not None:
                return inner if isinstance(inner, Thing) else inner.node
            return self._open(node, "an attribute that is not set in this file")
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Await):
            return self._value(node.value)
        return self._open(node, "an expression that only running it would tell")

    def _constant(self, node: ast.Constant) -> Node:
        span = self.program.span(node)
        value = node.value
        if isinstance(value, str):
            at = span.text.find(value) if value else -1
            inner = Span(span.source, span.start + at, span.start + at + len(value)) if at >= 0 else span
            if TEMPLATE.search(value):
                return Open(inner, "a template's variable")
            return Scalar(span, value, literal(value, inner))
        if value is None or isinstance(value, (bool, int, float)):
            return Scalar(span, value, literal(str(value), span))
        return self._open(node, "a value of another kind")

    def _dict(self, node: ast.Dict) -> Node:
        entries = []
        opened = ""
        for key, item in zip(node.keys, node.values, strict=True):
            name = self._value(key) if key is not None else None
            value = self._node(self._value(item))
            if isinstance(name, Scalar) and isinstance(name.value, str):
                entries.append(Entry(name.value, name.inner, value))
            else:
                opened = "a key is not known"
        return Mapping(self.program.span(node), tuple(entries), opened)

    def _joined(self, node: ast.JoinedStr) -> Node:
        text = ""
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            value = self._value(inner)
            plain = not isinstance(part, ast.FormattedValue) or (part.format_spec is None and part.conversion == -1)
            if not isinstance(value, Scalar) or not value.text.known or not plain:
                return self._open(node, "an f-string of what is not known")
            text += str(value.value)
            if len(text) > MAX_TEXT:
                return self._open(node, "an f-string that grows too long")
        span = self.program.span(node)
        return Scalar(span, text, literal(text, span))

    def _sum(self, node: ast.BinOp) -> Node:
        parts: list[ast.expr] = []
        current: ast.expr = node
        while isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add):
            parts.append(current.right)
            current = current.left
        values = [self._value(item) for item in reversed([*parts, current])]
        if all(isinstance(item, Scalar) and isinstance(item.value, str) for item in values):
            pieces = [item.text for item in values if isinstance(item, Scalar)]
            if (
                sum(len(text.value) for text in pieces) > MAX_TEXT
                or sum(len(text.pieces) for text in pieces) > MAX_PIECES
            ):
                return self._open(node, "a sum that grows too long")
            whole = Text(tuple(piece for text in pieces for piece in text.pieces))
            return Scalar(self.program.span(node), whole.value, whole)
        if all(isinstance(item, Sequence) for item in values):
            items = tuple(inner for item in values if isinstance(item, Sequence) for inner in item.items)
            if len(items) > MAX_TEXT:
                return self._open(node, "a list that grows too long")
            return Sequence(self.program.span(node), items)
        return self._open(node, "a sum of what is not known")

    def _node(self, value: Value) -> Node:
        return self._as_mapping(value) if isinstance(value, Thing) else value

    # --- calls -------------------------------------------------------------------------------------------------------

    def _dotted(self, node: ast.expr) -> str:
        """The name that a function has where it comes from."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or isinstance(self.names.get(node.id), Thing):
            return ""
        return ".".join([self.origins.get(node.id, ""), *names]) if node.id in self.origins else ""

    def _call(self, node: ast.Call) -> Value:
        dotted = self._dotted(node.func)
        if dotted.startswith((V1, V2)):
            made = self._made(node, dotted)
            if made is not None:
                return made
        if dotted in ("os.path.join", "posixpath.join"):
            parts = [self._value(item) for item in node.args]
            if parts and all(isinstance(item, Scalar) and isinstance(item.value, str) for item in parts):
                text = posixpath.join(*(str(item.value) for item in parts if isinstance(item, Scalar)))
                span = self.program.span(node)
                return Scalar(span, text, literal(text, span))
        if isinstance(node.func, ast.Attribute):
            self._method(node, node.func)
        for item in (*node.args, *(keyword.value for keyword in node.keywords)):
            if not isinstance(item, ast.Starred):
                self._value(item)
        return self._open(node, "what a function returns")

    def _made(self, node: ast.Call, dotted: str) -> Value | None:
        """An object of the SDK, where the call makes one."""
        names = dotted.split(".")
        generation = "v2" if dotted.startswith(V2) else "v1"
        for position in (-1, -2):
            kind = _CLASSES.get(names[position]) if len(names) >= -position else None
            if kind is None:
                continue
            thing = Thing(f"{generation}.{kind}", self.program.span(node), self.depth)
            method = names[-1] if position == -2 else ""
            self._fill(thing, node)
            if method:
                return self._by_method(thing, method)
            self.things.append(thing)
            return thing
        return None

    def _by_method(self, thing: Thing, method: str) -> Value:
        """`Environment.from_…`, `CondaDependencies.create`: what such a method makes; of others nothing is known."""
        if thing.kind == "v1.DeploymentConfig" and method != "deploy_configuration":
            return Open(thing.span, "it stands in the workspace")
        if thing.kind == "v1.DeploymentConfig" or (thing.kind == "v1.CondaDependencies" and method == "create"):
            self.things.append(thing)
            return thing
        renamed = {
            "from_conda_specification": {"file_path": ("python", "conda_dependencies_file")},
            "from_docker_image": {
                "image": ("docker", "base_image"),
                "container_registry": ("docker", "base_image_registry"),
                "conda_specification": ("python", "conda_dependencies_file"),
            },
            "from_dockerfile": {
                "dockerfile": ("docker", "base_dockerfile"),
                "conda_specification": ("python", "conda_dependencies_file"),
            },
            "from_pip_requirements": {},
        }.get(method)
        if thing.kind != "v1.Environment" or renamed is None:
            return Open(thing.span, "what it is stands in the workspace")
        for old, new in renamed.items():
            item = thing.fields.pop((old,), None)
            if item is not None:
                thing.fields[new] = item if isinstance(item, Thing) else Entry(new[-1], item.key_span, item.node)
        for name in ("pip_requirements", "file_path", "pip_version"):
            if thing.fields.pop((name,), None) is not None:
                thing.open = "its packages stand in a requirements file"
        self.things.append(thing)
        return thing

    def _fill(self, thing: Thing, node: ast.Call) -> None:
        names = _POSITIONAL.get(thing.kind, ("name",))
        for name, item in zip(names, node.args, strict=False):
            self._set_new(thing, name, item, self.program.span(item))
        for keyword in node.keywords:
            if keyword.arg is None:
                thing.open = "it is made with **arguments"
                continue
            span = self.program.span(keyword)
            self._set_new(
                thing, keyword.arg, keyword.value, Span(span.source, span.start, span.start + len(keyword.arg))
            )

    def _set_new(self, thing: Thing, name: str, item: ast.expr, key: Span) -> None:
        value = self._value(item)
        thing.fields[(name,)] = value if isinstance(value, Thing) else Entry(name, key, value)
        thing.spans[(name,)] = key

    def _method(self, node: ast.Call, function: ast.Attribute) -> None:
        """`conda.add_pip_package(…)` and the like."""
        if isinstance(function.value, ast.Attribute):
            owner, path, _ = self._attribute(function.value)
            held = owner.fields.get(path) if owner is not None else None
            thing = held if isinstance(held, Thing) else None
            if thing is None and owner is not None and path and path[-1] == "conda_dependencies":
                thing = Thing("v1.CondaDependencies", self.program.span(function.value), owner.depth)
                owner.fields[path] = thing
        elif isinstance(function.value, ast.Name):
            found = self.names.get(function.value.id)
            thing = found if isinstance(found, Thing) else None
        else:
            return
        if thing is None or thing.kind != "v1.CondaDependencies":
            return
        values = [self._node(self._value(item)) for item in (*node.args, *(word.value for word in node.keywords))]
        lists = {
            "add_pip_package": "pip_packages",
            "add_conda_package": "conda_packages",
            "add_channel": "channels",
            "set_python_version": "python_version",
        }
        name = lists.get(function.attr)
        if name is None:
            if function.attr.startswith(("remove", "set", "add")):
                thing.open = f"{function.attr}() changes it"
            return
        for value in values:
            perhaps = self.depth > thing.depth
            thing.lists.setdefault(name, []).append(
                Open(value.span, "it is added under a condition") if perhaps else value
            )

    # --- what comes out ----------------------------------------------------------------------------------------------

    def stated(self) -> Iterator[Stated]:
        scored = {
            id(item)
            for thing in self.things
            if thing.kind in ("v1.InferenceConfig", "v2.Deployment")
            for item in thing.fields.values()
        }
        for thing in self.things:
            if id(thing) in scored:
                continue  # stated by what uses it
            if thing.kind in _STATED:
                yield Stated(thing.kind, self._as_mapping(thing), thing.kind == "v1.InferenceConfig")

    def _as_mapping(self, thing: Thing) -> Mapping:
        """What was set on an object; of one that is inside itself, as deep as it makes sense."""
        if self.inside >= MAX_INSIDE:
            return Mapping(thing.span, (), "it is set inside itself")
        self.inside += 1
        try:
            return self._mapping(thing)
        finally:
            self.inside -= 1

    def _mapping(self, thing: Thing) -> Mapping:
        if thing.kind == "v1.CondaDependencies":
            return self._conda_mapping(thing)
        v1 = thing.kind.startswith("v1.")
        tree: dict[str, object] = {}
        for path, value in thing.fields.items():
            level = tree
            for name in path[:-1]:
                inner = level.setdefault(name, {})
                if not isinstance(inner, dict):
                    inner = level[name] = {}
                level = inner
            level[path[-1]] = value
        return self._nested(thing, tree, (), v1)

    def _nested(self, thing: Thing, tree: dict[str, object], way: tuple[str, ...], v1: bool) -> Mapping:
        entries = []
        for name, value in tree.items():
            key = _camel(name) if v1 and way[:1] != ("environment_variables",) else name
            span = thing.spans.get((*way, name), thing.span)
            if isinstance(value, dict):
                entries.append(Entry(key, span, self._nested(thing, value, (*way, name), v1)))
            elif isinstance(value, Thing):
                entries.append(Entry(key, span, self._as_mapping(value)))
            elif isinstance(value, Entry):
                entries.append(Entry(key, value.key_span, value.node))
        return Mapping(thing.span, tuple(entries), thing.open)

    def _conda_mapping(self, thing: Thing) -> Mapping:
        def listed(*names: str) -> list[Node]:
            found: list[Node] = []
            for name in names:
                item = thing.fields.get((name,))
                if isinstance(item, Entry) and isinstance(item.node, Sequence):
                    found.extend(item.node.items)
                elif item is not None:
                    found.append(item.node if isinstance(item, Entry) else Open(thing.span, "it is not known"))
                found.extend(thing.lists.get(name, ()))
            return found

        conda = listed("conda_packages")
        for version in listed("python_version"):
            if isinstance(version, Scalar):
                conda.append(Scalar(version.span, f"python={version.value}", literal("python=") + version.text))
            else:
                conda.append(version)
        pip = Sequence(thing.span, tuple(listed("pip_packages")))
        section = Mapping(thing.span, (Entry("pip", thing.span, pip),))
        entries = [Entry("dependencies", thing.span, Sequence(thing.span, (*conda, section)))]
        channels = listed("channels")
        if channels:
            entries.append(Entry("channels", thing.span, Sequence(thing.span, tuple(channels))))
        file = ("conda_dependencies_file_path",) in thing.fields
        return Mapping(thing.span, tuple(entries), thing.open or ("it starts from a file" if file else _DEFAULTS))


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
