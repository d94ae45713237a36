"""The entry script, from its syntax tree: what it defines, what it imports, where it looks for the model.

What counts as broken is what azureml-inference-server-http 1.5.1 refuses to start with; where only running it would tell
(a name that is bound under a condition, a decorator of one's own), nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlcheck.dockerfile.source import Span
from amlcheck.environment.python_source import Program
from amlcheck.records import dataclass, field

MODEL_FILES = (".pkl", ".pickle", ".joblib", ".onnx", ".pt", ".pth", ".h5", ".keras", ".mlmodel", ".cbm", ".pb")
_LOADS = frozenset({"load", "load_model", "open", "InferenceSession", "load_learner", "read_model", "from_file"})
_KNOWN_DECORATORS = frozenset({"input_schema", "output_schema", "rawhttp"})
_OTHER_SCOPES = (ast.stmt, ast.Lambda, ast.excepthandler, ast.match_case)
_DYNAMIC = frozenset({"exec", "eval", "globals", "setattr", "vars", "__import__"})
_MODEL_HOME = ("AZUREML_MODEL_DIR", "get_model_path")


@dataclass(frozen=True)
class Import:
    """A module that is imported."""

    module: str
    """With its packages: "sklearn.linear_model"."""
    span: Span
    certain: bool
    """It is imported whenever the server starts: not under a condition, and no failure of it is caught."""

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@dataclass
class EntryScript:
    """What is known of an entry script."""

    shown: str
    program: Program
    folders: tuple[str, ...] = ()
    """Where its own modules may stand: its folder and the folder of the code."""
    imports: list[Import] = field(default_factory=list)
    bound: dict[str, list[ast.AST]] = field(default_factory=dict)
    """What binds a name at the top of the module, in order."""
    under_condition: set[str] = field(default_factory=set)
    dynamic: str = ""
    """Why names may be bound that are not seen; empty where they are not."""

    def definition(self, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function of a name, where it is certain that the name is this function."""
        found = self.bound.get(name, [])
        if not found or name in self.under_condition or self.dynamic:
            return None
        last = found[-1]
        return last if isinstance(last, (ast.FunctionDef, ast.AsyncFunctionDef)) else None

    def lacks(self, name: str) -> bool:
        """Whether nothing at all binds a name."""
        return self.program.tree is not None and not self.dynamic and name not in self.bound

    @property
    def names_model_home(self) -> bool:
        return any(word in self.program.mapped.text for word in _MODEL_HOME)


def read_entry_script(shown: str, program: Program, folders: tuple[str, ...]) -> EntryScript:
    """Everything that rules ask of an entry script."""
    script = EntryScript(shown, program, folders)
    if program.tree is not None:
        _bind(script, program.tree.body, conditional=False)
        script.imports = list(_imports(program, program.tree))
        for node in ast.walk(program.tree):
            if isinstance(node, ast.Global):
                for name in node.names:
                    if name in ("init", "run"):
                        script.bound.setdefault(name, []).append(node)
                        script.under_condition.add(name)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DYNAMIC:
                script.dynamic = f"{node.func.id}() may define what is not seen"
    return script


def _bind(script: EntryScript, body: list[ast.stmt], conditional: bool) -> None:
    """The names that statements bind; what stands under a condition may not."""
    for statement in body:
        for name, node in _bound_by(statement):
            if name == "*":
                script.dynamic = "a module is imported with *"
                continue
            script.bound.setdefault(name, []).append(node)
            if conditional:
                script.under_condition.add(name)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                script.under_condition.discard(name)
        for inner in _blocks(statement):
            _bind(script, inner, True)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement that run in the same scope."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if isinstance(block, list):
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def _bound_by(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name, statement
        return
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield (alias.asname or alias.name).partition(".")[0] if alias.name != "*" else "*", statement
        return
    for node in _shallow(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id, node


def _shallow(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement, without the statements in it and without other scopes."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        children = ast.iter_child_nodes(node)
        stack.extend(child for child in children if not isinstance(child, _OTHER_SCOPES))


def _imports(program: Program, tree: ast.Module) -> Iterator[Import]:
    yield from _imported(program, tree.body, True)


def _imported(program: Program, body: list[ast.stmt], certain: bool) -> Iterator[Import]:
    for statement in body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield Import(alias.name, program.span(alias), certain)
        elif isinstance(statement, ast.ImportFrom):
            if statement.level == 0 and statement.module:
                start = program.span(statement).start
                at = program.mapped.text.find(statement.module, start)
                span = program.mapped.span(at, at + len(statement.module)) if at >= 0 else program.span(statement)
                yield Import(statement.module, span, certain)
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _imported(program, statement.body, certain and statement.name == "init")
        elif isinstance(statement, ast.ClassDef):
            yield from _imported(program, statement.body, certain)
        elif isinstance(statement, (ast.Return, ast.Raise)):
            certain = False
        else:
            for block in _blocks(statement):
                yield from _imported(program, block, False)


# --- what the server asks of init() and run() -----------------------------------------------------------------------


def missing_functions(script: EntryScript) -> list[str]:
    """Which of the two functions are certainly not there."""
    return [name for name in ("init", "run") if script.lacks(name)]


def refused_signatures(script: EntryScript) -> Iterator[tuple[Span, str]]:
    """Why the server does not start with these functions."""
    init, run = script.definition("init"), script.definition("run")
    if init is not None and not init.decorator_list:
        needed = _required(init.args)
        if needed:
            yield script.program.name_span(init), f"init() is called without arguments, and needs {', '.join(needed)}"
    if run is None or "driver_module" in script.bound or not _transparent(run):
        return
    arguments = run.args
    span = script.program.name_span(run)
    if arguments.posonlyargs or arguments.vararg is not None or arguments.kwarg is not None:
        yield span, "run() cannot have positional-only arguments, *args or **kwargs: the server does not start"
        return
    names = [item.arg for item in (*arguments.args, *arguments.kwonlyargs)]
    if not names:
        yield span, "run() needs an argument for the request's data: the server does not start"
    elif names == ["request_headers"]:
        yield span, "run() needs an argument other than request_headers: the server does not start"


def _required(arguments: ast.arguments) -> list[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    needed = positional[: len(positional) - len(arguments.defaults)]
    keywords = [
        item for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None
    ]
    return [item.arg for item in (*needed, *keywords)]


def _transparent(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether its decorators, if any, keep its signature."""
    return all(_decorator(item) in _KNOWN_DECORATORS for item in function.decorator_list)


def _decorator(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def mixed_decorators(script: EntryScript) -> tuple[Span, Span] | None:
    """Where run() has both @rawhttp and @input_schema, of Azure ML's own."""
    run = script.definition("run")
    if run is None:
        return None
    places = {_decorator(item): script.program.span(item) for item in run.decorator_list}
    origins = {item.module for item in script.imports}
    raw = any("aml_request" in module or module == "azureml.contrib.services" for module in origins)
    schema = any(module.startswith("inference_schema") for module in origins)
    if raw and schema and "rawhttp" in places and "input_schema" in places:
        return places["rawhttp"], places["input_schema"]
    return None


def newer_syntax(script: EntryScript) -> Iterator[tuple[tuple[int, int], Span, str]]:
    """Syntax with the first Python that has it."""
    tree = script.program.tree
    for node in ast.walk(tree) if tree is not None else ():
        kind = type(node).__name__
        span = script.program.span
        if isinstance(node, ast.NamedExpr):
            yield (3, 8), span(node), "an assignment expression (:=)"
        elif isinstance(node, ast.arguments) and node.posonlyargs:
            yield (3, 8), span(node.posonlyargs[0]), "positional-only arguments (/)"
        elif isinstance(node, ast.ImportFrom) and node.module == "__future__":
            if any(alias.name == "annotations" for alias in node.names):
                yield (3, 7), span(node), "from __future__ import annotations"
        elif isinstance(node, ast.Match):
            yield (3, 10), script.program.mapped.span(span(node).start, span(node).start + len("match")), "match"
        elif kind == "TryStar":
            yield (3, 11), script.program.mapped.span(span(node).start, span(node).start + len("try")), "except*"
        elif kind == "TypeAlias":
            yield (3, 12), span(node), "the type statement"
        elif getattr(node, "type_params", None):
            yield (3, 12), span(node.type_params[0]), "type parameters"  # type: ignore[attr-defined]


def fixed_model_paths(script: EntryScript) -> Iterator[tuple[Span, str]]:
    """Model files that are loaded from a path of their own, in a script that never asks where the model is."""
    tree = script.program.tree
    if tree is None or script.names_model_home:
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _called(node) not in _LOADS:
            continue
        for argument in node.args[:1]:
            path = argument.value if isinstance(argument, ast.Constant) else None
            if isinstance(path, str) and path.lower().endswith(MODEL_FILES):
                yield script.program.span(argument), path


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
