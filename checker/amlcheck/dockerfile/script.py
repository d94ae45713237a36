"""What a shell script does, in order: each command with its words resolved, and whether it certainly runs.

Control flow is followed as far as its conditions can be decided before the build; a branch that may or may not be taken
yields commands marked as uncertain, and variables that differ between branches become holes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from amlcheck.dockerfile.conditions import decide
from amlcheck.dockerfile.shell import MAX_SCRIPT, Node, Script
from amlcheck.dockerfile.shellwords import Words, matches
from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.dockerfile.text import Text, as_mapped, bounded, defined, hole, join

MAX_ROUNDS = 64
MAX_COMMANDS = 20_000
MAX_NESTING = 24
_PROBES = frozenset({"test", "grep", "egrep", "fgrep", "which", "type", "hash", "cmp", "diff"})
"""Commands that are asked: whether they succeed, only the build can tell."""
_GIVES_UP = frozenset({"true", ":", "echo", "exit"})
"""After `||`: a failure that does no harm, or that ends the build."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a command's output goes, or what it reads."""

    operator: str
    target: Text
    body: Mapped | None = None
    """A here-document's lines."""
    expands: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: its words after expansion."""

    words: tuple[Text, ...]
    span: Span
    certain: bool
    """It runs whenever the build succeeds."""
    redirects: tuple[Redirect, ...] = ()
    environment: Mapping[str, Text] | None = None
    """Variables set for this command only."""
    feeder: Command | None = None
    """The command whose output it reads, in a pipeline."""

    @property
    def name(self) -> str:
        """The program, without its directory; empty where it is not known."""
        word = self.words[0] if self.words else Text()
        return word.value.rsplit("/", 1)[-1] if word.known else ""

    def without(self, count: int) -> Command:
        """The command that remains when a prefix such as sudo is taken away."""
        return Command(self.words[count:], self.span, self.certain, self.redirects, self.environment, self.feeder)


class Runner:
    """Follows scripts. `on_command` is told each command as it would run; `output` what a command prints, if known."""

    def __init__(
        self,
        variables: dict[str, Text],
        lookup: Callable[[str], Text | None],
        on_command: Callable[[Command], None],
        output: Callable[[Command], Text | None],
        on_unread: Callable[[str, Span, bool], None],
    ) -> None:
        self.variables = variables
        self._lookup = lookup
        self._on_command = on_command
        self._output = output
        self._on_unread = on_unread
        self._functions: dict[str, Node] = {}
        self._words = Words(self.lookup, self._substituted)
        self._count = 0
        self._depth = 0
        self._stopped = False
        self.unsettled = ""
        """Why variables that are not seen to be set may be: a file was sourced that is not known."""

    def lookup(self, name: str) -> Text | None:
        """A shell variable, or what the build's environment has under that name."""
        if name in self.variables:
            return self.variables[name]
        found = self._lookup(name)
        return hole(self.unsettled) if found is None and self.unsettled else found

    def run(self, script: Mapped, certain: bool = True) -> None:
        """Follows a script to its end."""
        if len(script.text) > MAX_SCRIPT:
            self._on_unread("the script is too long to be followed", script.span(0, 1), certain)
            return
        if self._depth >= MAX_NESTING:
            self._on_unread("scripts are nested too deeply to be followed", script.span(0, 1), certain)
            return
        self._depth += 1
        try:
            self._block(Script(script).root, certain, required=True)
        except RecursionError:
            self._on_unread("the script is nested too deeply to be followed", script.span(0, 1), certain)
        finally:
            self._depth -= 1
            self._stopped = False

    # --- statements --------------------------------------------------------------------------------------------------

    def _block(self, node: Node, certain: bool, required: bool) -> bool | None:
        status: bool | None = True
        statements = [child for child in node.named_children if child.kind not in ("comment", "heredoc_body")]
        for index, child in enumerate(statements):
            if self._stopped:
                break
            status = self._run(child, certain, required and index == len(statements) - 1)
        return status

    def _run(self, node: Node, certain: bool, required: bool) -> bool | None:
        """One statement. Returns whether it succeeds: None where that is not known; a command is taken to succeed."""
        if self._exhausted(node, certain):
            return None
        handler = _HANDLERS.get(node.kind)
        if handler is not None:
            return handler(self, node, certain, required)
        if node.kind == "ERROR" or node.has_error:
            self._on_unread("the shell syntax cannot be read here", node.span, certain)
            return self._block(node, False, False) if node.children else None
        return True

    def _exhausted(self, node: Node, certain: bool) -> bool:
        """Counts a statement; whether there were too many, which is told once."""
        self._count += 1
        if self._count == MAX_COMMANDS + 1:
            self._on_unread("the script runs too many commands to be followed", node.span, certain)
        return self._count > MAX_COMMANDS

    def _list(self, node: Node, certain: bool, required: bool) -> bool | None:
        children = node.children
        operator = next((child.text for child in children if child.text in ("&&", "||")), "&&")
        parts = [child for child in children if child.named]
        if len(parts) < 2:
            return self._block(node, certain, required)
        left, right = parts[0], parts[-1]
        first = self._run(left, certain, required and operator == "&&")
        if operator == "&&":
            if first is False:
                return False
            second = self._run(right, certain and (first is True or required), required)
            return second if first else (None if second else second)
        if first is True:
            if _gives_up(right):
                return True
            if left.kind == "test_command":
                return True
            # `a || b`: b runs only if a fails, which nobody plans for
            self._run_apart(right, required)
            return True
        if first is False:
            return self._run(right, certain, required)
        self._run_apart(right, False)
        return True if _gives_up(right) else None

    def _run_apart(self, node: Node, required: bool) -> None:
        """A branch that may not be taken: its commands are uncertain, its variables too."""
        before = dict(self.variables)
        self._run(node, False, required)
        self._stopped = False
        self._merge(before, node.span)

    def _merge(self, before: dict[str, Text], span: Span) -> None:
        for name in set(before) | set(self.variables):
            old, new = before.get(name), self.variables.get(name)
            if (old.value if old else None) != (new.value if new else None):
                self.variables[name] = hole(f"{name} depends on a condition that the build decides", span)

    def _pipeline(self, node: Node, certain: bool, required: bool) -> bool | None:
        feeder: Command | None = None
        status: bool | None = True
        for child in node.named_children:
            body = child.field("body") if child.kind == "redirected_statement" else child
            if body is not None and body.kind == "command":
                if self._exhausted(child, certain):
                    return None
                feeder = self._command(child, certain, feeder)
                status = True
            else:
                status = self._run(child, certain, required)
                feeder = None
        return status

    def _negated(self, node: Node, certain: bool, required: bool) -> bool | None:
        status = self._block(node, certain, False)
        return None if status is None else not status

    def _subshell(self, node: Node, certain: bool, required: bool) -> bool | None:
        before = dict(self.variables)
        status = self._block(node, certain, required)
        self.variables.clear()
        self.variables.update(before)
        self._stopped = False
        return status

    def _if(self, node: Node, certain: bool, required: bool) -> bool | None:
        branches: list[tuple[list[Node], list[Node]]] = []
        condition: list[Node] = []
        body: list[Node] = []
        otherwise: list[Node] | None = None
        seen_then = False
        for child in node.children:
            if child.kind == "elif_clause":
                own = child.children
                then = next((index for index, part in enumerate(own) if part.kind == "then"), len(own))
                branches.append((own[1:then], own[then + 1 :]))
            elif child.kind == "else_clause":
                otherwise = child.named_children
            elif child.kind == "then":
                seen_then = True
            elif child.kind not in ("if", "fi", ";"):
                (body if seen_then else condition).append(child)
        branches.insert(0, (condition, body))
        return self._branches(node, branches, otherwise, certain, required)

    def _branches(
        self,
        node: Node,
        branches: list[tuple[list[Node], list[Node]]],
        otherwise: list[Node] | None,
        certain: bool,
        required: bool,
    ) -> bool | None:
        undecided = False
        before = dict(self.variables)
        for tests, body in branches:
            status: bool | None = True
            for test in tests:
                if test.named:
                    if test.kind in ("command", "pipeline", "variable_assignment", "redirected_statement"):
                        self._run(test, certain and not undecided, False)
                    status = self._test(test)
            if status is False:
                continue
            self._all(body, certain and not undecided and status is True, required)
            if status is True and not undecided:
                return True
            undecided = True
            if status is True:
                break
        else:
            if otherwise is not None:
                self._all(otherwise, certain and not undecided, required)
        if undecided:
            self._stopped = False
            self._merge(before, node.span)
        return True if not undecided else None

    def _all(self, nodes: list[Node], certain: bool, required: bool) -> None:
        named = [node for node in nodes if node.named and node.kind != "comment"]
        for index, node in enumerate(named):
            if not self._stopped:
                self._run(node, certain, required and index == len(named) - 1)

    def _case(self, node: Node, certain: bool, required: bool) -> bool | None:
        subject = node.field("value")
        value = self._words.one(subject) if subject is not None else Text()
        undecided = False
        before = dict(self.variables)
        for item in node.named_children:
            if item.kind != "case_item":
                continue
            patterns = item.field_all("value")
            results = [matches(self._words.pattern([pattern]), value) for pattern in patterns]
            found = True if True in results else (None if None in results else False)
            if found is False:
                continue
            values = {pattern.start for pattern in patterns}
            body = [child for child in item.named_children if child.start not in values]
            self._all(body, certain and found is True and not undecided, required)
            if found and not undecided:
                return True
            undecided = True
            if found:
                break
        if undecided:
            self._stopped = False
            self._merge(before, node.span)
        return None if undecided else True

    def _for(self, node: Node, certain: bool, required: bool) -> bool | None:
        variable = node.field("variable")
        body = node.field("body")
        if variable is None or body is None:
            return None
        values = [field for child in node.field_all("value") for field in self._words.fields(child)]
        if not values:
            values = [hole("the loop's values are not known", node.span)]
        rounds = values[:MAX_ROUNDS]
        if len(values) > MAX_ROUNDS:
            self._on_unread("the loop is too long to be followed", node.span, certain)
        for value in rounds:
            self.variables[variable.text] = value
            self._block(body, certain and value.known, False)
        return True

    def _loop(self, node: Node, certain: bool, required: bool) -> bool | None:
        body = node.field("body")
        condition = node.field("condition")
        before = dict(self.variables)
        if condition is not None:
            self._run(condition, False, False)
        if body is not None:
            self._block(body, False, False)
        self._stopped = False
        self._merge(before, node.span)
        return None

    def _function(self, node: Node, certain: bool, required: bool) -> bool | None:
        name, body = node.field("name"), node.field("body")
        if name is not None and body is not None:
            self._functions[name.text] = body
        return True

    def _test(self, node: Node) -> bool | None:
        return decide(node, self._words)

    def _test_statement(self, node: Node, certain: bool, required: bool) -> bool | None:
        return self._test(node)

    def _assign(self, node: Node, certain: bool, required: bool) -> bool | None:
        nodes = node.named_children if node.kind == "variable_assignments" else [node]
        for assignment in nodes:
            name, value = self._assignment(assignment)
            self.variables[name] = value
        return True

    def _assignment(self, node: Node) -> tuple[str, Text]:
        name, value = node.field("name"), node.field("value")
        label = name.text if name is not None else ""
        held = self._words.one(value) if value is not None else Text()
        if any(child.text == "+=" for child in node.children if not child.named):
            held = (self.lookup(label) or Text()) + held
        return label, defined(held, node.span, label) if held.known else bounded(held)

    def _declare(self, node: Node, certain: bool, required: bool) -> bool | None:
        for child in node.named_children:
            if child.kind == "variable_assignment":
                self._assign(child, certain, required)
        return True

    def _unset(self, node: Node, certain: bool, required: bool) -> bool | None:
        for child in node.named_children:
            self.variables[child.text] = Text()
        return True

    # --- commands ----------------------------------------------------------------------------------------------------

    def _simple(self, node: Node, certain: bool, required: bool) -> bool | None:
        body = node.field("body") if node.kind == "redirected_statement" else node
        if body is None:
            return True
        if body.kind not in ("command", "declaration_command"):
            return self._run(body, certain, required)
        if body.kind == "declaration_command":
            return self._declare(body, certain, required)
        command = self._command(node, certain, None)
        for redirect in node.field_all("redirect"):
            if redirect.kind == "heredoc_redirect":
                self._after_heredoc(redirect, command, certain, required)
        if command is None:
            return True
        if command.name in _PROBES or (command.name == "command" and _asks(command)):
            return None
        return command.name != "false"

    def _after_heredoc(self, redirect: Node, command: Command | None, certain: bool, required: bool) -> None:
        """What stands behind `<<EOF` on its line: the tree has it inside of the redirection."""
        operator = redirect.field("operator")
        for field, child in redirect.fields():
            if child.kind == "pipeline":
                feeder = command
                for part in child.named_children:
                    feeder = self._command(part, certain, feeder)
            elif field == "right" and operator is not None and operator.text == "&&":
                self._run(child, certain, required)
            elif field == "right":
                self._run_apart(child, False)

    def _command(self, node: Node, certain: bool, feeder: Command | None) -> Command | None:
        redirects: list[Redirect] = []
        inner: Node | None = node
        if node.kind == "redirected_statement":
            inner = node.field("body")
            redirects = [found for child in node.field_all("redirect") for found in self._redirects(child)]
        words: list[Text] = []
        environment: dict[str, Text] = {}
        for child in inner.named_children if inner is not None else []:
            if child.kind == "variable_assignment":
                name, value = self._assignment(child)
                environment[name] = value
            elif child.kind in ("file_redirect", "heredoc_redirect", "herestring_redirect"):
                redirects.extend(self._redirects(child))
            else:
                words.extend(self._words.fields(child))
        if not words:
            self.variables.update(environment)
            return None
        command = Command(tuple(words), node.span, certain, tuple(redirects), environment or None, feeder)
        self._dispatch(command)
        return command

    def _dispatch(self, command: Command) -> None:
        name = command.name
        function = self._functions.get(name)
        if function is not None and self._depth < MAX_NESTING:
            self._call(function, command)
        elif name in ("exit", "return"):
            self._stopped = command.certain
        elif name == "eval" and len(command.words) > 1:
            self._eval(command)
        else:
            self._on_command(command)

    def _call(self, body: Node, command: Command) -> None:
        kept = {str(index): self.variables.get(str(index)) for index in range(10)}
        for index in range(1, 10):
            self.variables[str(index)] = command.words[index] if index < len(command.words) else Text()
        self.variables["@"] = self.variables["*"] = bounded(join(command.words[1:]))
        self._depth += 1
        self._block(body, command.certain, False)
        self._depth -= 1
        self._stopped = False
        for name, value in kept.items():
            if value is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = value

    def _eval(self, command: Command) -> None:
        text = join(command.words[1:])
        if not text.known:
            self._on_unread(f"eval of something that is not known: {text.reason}", command.span, command.certain)
            return
        mapped = as_mapped(text)
        if mapped is not None:
            self.run(mapped, command.certain)

    def _redirects(self, node: Node) -> list[Redirect]:
        if node.kind == "heredoc_redirect":
            return self._heredoc(node)
        operator = next((child.text for child in node.children if not child.named), "")
        target = node.field("destination")
        if node.kind == "herestring_redirect":
            last = node.named_children[-1:]
            return [Redirect("<<<", self._words.one(last[0]) if last else Text())]
        return [Redirect(operator, self._words.one(target) if target is not None else Text())]

    def _heredoc(self, node: Node) -> list[Redirect]:
        found: list[Redirect] = []
        expands = True
        for child in node.named_children:
            if child.kind == "heredoc_start":
                expands = not set(child.text) & set("'\"\\")
            elif child.kind == "heredoc_body":
                mapped = child.script.mapped.slice(child.start, child.end)
                found.insert(0, Redirect("<<", Text(), mapped, expands))
            elif child.kind in ("file_redirect", "herestring_redirect"):
                found.extend(self._redirects(child))
        return found

    def _substituted(self, node: Node) -> Text | None:
        """What `$(…)` prints, where it is a single command whose output can be told."""
        inner = [child for child in node.named_children if child.kind != "comment"]
        if len(inner) != 1 or inner[0].kind != "command":
            return None
        words: list[Text] = []
        for child in inner[0].named_children:
            if child.kind in ("variable_assignment", "file_redirect"):
                continue
            words.extend(self._words.fields(child))
        if not words or not all(word.known for word in words):
            return None
        if words[0].value == "echo" and not any(word.value.startswith("-") for word in words[1:2]):
            return join(words[1:])
        return self._output(Command(tuple(words), node.span, True))


def _gives_up(node: Node) -> bool:
    return node.kind == "command" and bool(_GIVES_UP & set(node.text.split()[:1]))


_HANDLERS: dict[str, Callable[[Runner, Node, bool, bool], bool | None]] = {
    "program": Runner._block,
    "compound_statement": Runner._block,
    "do_group": Runner._block,
    "list": Runner._list,
    "pipeline": Runner._pipeline,
    "negated_command": Runner._negated,
    "subshell": Runner._subshell,
    "if_statement": Runner._if,
    "case_statement": Runner._case,
    "for_statement": Runner._for,
    "while_statement": Runner._loop,
    "c_style_for_statement": Runner._loop,
    "function_definition": Runner._function,
    "test_command": Runner._test_statement,
    "variable_assignment": Runner._assign,
    "variable_assignments": Runner._assign,
    "declaration_command": Runner._declare,
    "unset_command": Runner._unset,
    "command": Runner._simple,
    "redirected_statement": Runner._simple,
}


def _asks(command: Command) -> bool:
    """`command -v PROGRAM`: where it is, not the program itself."""
    return len(command.words) > 1 and command.words[1].value in ("-v", "-V")
