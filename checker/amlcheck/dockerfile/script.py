"""What a shell script does, in order: each command with its words resolved, and whether it certainly runs.

Control flow is followed as far as its conditions can be decided before the build; a branch that may or may not be taken
yields commands marked as uncertain, and variables that differ between branches become holes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import pairwise

from amlcheck.dockerfile.conditions import decide
from amlcheck.dockerfile.effort import Effort
from amlcheck.dockerfile.flow import Exit, Flow
from amlcheck.dockerfile.outcome import SUCCEEDS, fails, program, succeeds
from amlcheck.dockerfile.shell import MAX_SCRIPT, Node, Script
from amlcheck.dockerfile.shellwords import Words, matches, neighbours
from amlcheck.dockerfile.source import Mapped, Span
from amlcheck.dockerfile.text import Text, as_mapped, bounded, defined, hole, join
from amlcheck.records import dataclass

MAX_ROUNDS = 64
MAX_COMMANDS = 5_000
MAX_STATEMENTS = 100_000
"""Statements that are followed in one script, loops and functions counted each time."""
MAX_HEREDOCS = 100
"""Here-documents of one line: to read them the grammar takes a time that grows with their square."""
MAX_NESTING = 24
_PROBES = frozenset({"test", "grep", "egrep", "fgrep", "which", "type", "hash", "cmp", "diff"})
"""Commands that are asked: whether they succeed, only the build can tell."""
_LEAVES = frozenset({"exit", "return", "break", "continue"})


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
    noticed: bool = False
    """Where it fails, the script fails."""

    @property
    def name(self) -> str:
        """The program, without its directory; empty where it is not known."""
        word = self.words[0] if self.words else Text()
        return word.value.rsplit("/", 1)[-1] if word.known else ""

    def without(self, count: int) -> Command:
        """The command that remains when a prefix such as sudo is taken away."""
        rest = self.words[count:]
        return Command(rest, self.span, self.certain, self.redirects, self.environment, self.feeder, self.noticed)


class Runner:
    """Follows scripts. `on_command` is told each command as it would run; `output` what a command prints, if known."""

    def __init__(
        self,
        variables: dict[str, Text],
        lookup: Callable[[str], Text | None],
        on_command: Callable[[Command], None],
        output: Callable[[Command], Text | None],
        on_unread: Callable[[str, Span, bool], None],
        effort: Effort | None = None,
    ) -> None:
        self.variables = variables
        self._flow = Flow(variables)
        self._lookup = lookup
        self._on_command = on_command
        self._output = output
        self._on_unread = on_unread
        self._functions: dict[str, Node] = {}
        self._locals: list[dict[str, Text | None]] = []
        self._words = Words(self.lookup, self._substituted)
        self.effort = effort or Effort()
        self._commands = 0
        self._statements = 0
        self._depth = 0
        self._processes = 0
        self._caught = 0
        """How many conditions and the like enclose this: there a failure ends nothing."""
        self._failing = False
        """Whether the last command has failed: the right side of `||`."""
        self.stops = False
        """`set -e`: a command that fails ends the script."""
        self._tried = 0
        """How many left sides of `&&` enclose this: `set -e` lets a failure there pass."""
        self._noticed = True
        """Whether a failure of the command that is being told of makes the script fail, and those that it is run by."""
        self._outer = True
        """The same of the command that this script is run by."""

    @property
    def bash(self) -> bool | None:
        """Whether bash reads the script; None where that is not known."""
        return self._words.bash

    @bash.setter
    def bash(self, value: bool | None) -> None:
        self._words.bash = value

    @property
    def unsettled(self) -> str:
        """Why variables that are not seen to be set may be: a file was sourced that is not known."""
        return self._flow.unsettled

    @unsettled.setter
    def unsettled(self, reason: str) -> None:
        self._flow.unsettled = reason

    def lookup(self, name: str) -> Text | None:
        """A shell variable, or what the build's environment has under that name."""
        if name in self.variables:
            return self.variables[name]
        found = self._lookup(name)
        return hole(self.unsettled) if found is None and self.unsettled else found

    def run(self, script: Mapped, certain: bool = True, apart: bool = False, bash: bool | None = None) -> None:
        """Follows a script to its end. `apart`: in a process of its own; `bash`: whether bash reads it, where that is told."""
        if len(script.text) > MAX_SCRIPT:
            self._on_unread("the script is too long to be followed", script.span(0, 1), certain)
            return
        if "<<" in script.text and max(line.count("<<") for line in script.text.split("\n")) > MAX_HEREDOCS:
            self._on_unread("one line opens too many here-documents to be followed", script.span(0, 1), certain)
            return
        if self._depth >= MAX_NESTING:
            self._on_unread("scripts are nested too deeply to be followed", script.span(0, 1), certain)
            return
        reader, stops, outer = self.bash, self.stops, self._outer
        self.bash = bash if apart or bash is not None else reader
        self.stops = stops and not (apart and self._depth)
        self._outer = outer and self._noticed
        try:
            with self._process() if apart else nullcontext():
                self._script(script, certain)
        finally:
            self.bash, self._outer = reader, outer
            self.stops = stops if apart else self.stops

    def _script(self, script: Mapped, certain: bool) -> None:
        root = Script(script).root
        self._depth += 1
        try:
            self._block(root, certain, required=True)
        except RecursionError:
            self._on_unread("the script is nested too deeply to be followed", script.span(0, 1), certain)
        finally:
            self._depth -= 1
        self._flow.catch("return", root.span)

    @contextmanager
    def _process(self) -> Iterator[None]:
        """A subshell, a part of a pipeline, a script that is run."""
        self._processes += 1
        try:
            with self._flow.apart():
                yield
        finally:
            self._processes -= 1

    @contextmanager
    def _catching(self) -> Iterator[None]:
        """A condition, or the left side of `||`: a failure inside is asked for."""
        self._caught += 1
        try:
            yield
        finally:
            self._caught -= 1

    # --- statements --------------------------------------------------------------------------------------------------

    def _block(self, node: Node, certain: bool, required: bool) -> bool | None:
        return self._all(node.named_children, certain, required)

    def _all(self, nodes: list[Node], certain: bool, required: bool) -> bool | None:
        status: bool | None = True
        statements = [node for node in nodes if node.named and node.kind not in ("comment", "heredoc_body")]
        for index, node in enumerate(statements):
            if self._flow.left is not None:
                break
            status = self._run(node, certain, required and index == len(statements) - 1)
        return status

    def _run(self, node: Node, certain: bool, required: bool) -> bool | None:
        """One statement. Returns whether it succeeds: None where that is not known; a command is taken to succeed."""
        if self._flow.left is not None or self._exhausted(node, certain):
            return None
        certain = certain and self._flow.certain
        handler = _HANDLERS.get(node.kind)
        if handler is not None:
            return handler(self, node, certain, required)
        if node.kind == "ERROR" or node.has_error:
            self._on_unread("the shell syntax cannot be read here", node.span, certain)
            return self._block(node, False, False) if node.children else None
        return True

    def _exhausted(self, node: Node, certain: bool) -> bool:
        """Whether more has been followed than is: a few nested loops have more rounds than there is time."""
        if self._statements > MAX_STATEMENTS or self._commands > MAX_COMMANDS:
            return True
        self._statements = self._statements + 1 if self.effort.spend() else MAX_STATEMENTS + 1
        if self._statements > MAX_STATEMENTS:
            self._on_unread("the script runs too many commands to be followed", node.span, certain)
            return True
        return False

    def _list(self, node: Node, certain: bool, required: bool) -> bool | None:
        operator = next((child.text for child in node.children if child.text in ("&&", "||")), "&&")
        parts = [child for child in node.children if child.named]
        if len(parts) < 2:
            return self._block(node, certain, required)
        left, right = parts[0], parts[-1]
        return (self._and if operator == "&&" else self._or)(left, right, certain, required)

    def _and(self, left: Node, right: Node, certain: bool, required: bool) -> bool | None:
        self._tried += 1
        try:
            first = self._run(left, certain, required)
        finally:
            self._tried -= 1
        if first is False or self._flow.left is not None:
            return first
        if first is None and not required:
            return None if self._perhaps(right) is not False else False
        second = self._run(right, certain, required)
        return second if first else (None if second else second)

    def _or(self, left: Node, right: Node, certain: bool, required: bool) -> bool | None:
        harmless = succeeds(right)
        with self._catching():
            # What fails on the left goes unnoticed where the right side succeeds.
            first = self._run(left, certain and not harmless, False)
        if self._flow.left is not None:
            return None
        if first is True and (left.kind == "test_command" or self._test(left)):
            return True
        self._failing = True
        if first is False:
            status = self._run(right, certain, required)
            self._failing = False
            return status
        if right.kind != "command" or program(right) not in SUCCEEDS:
            # `a || b`: b runs only if a fails, which nobody plans for
            self._perhaps(right)
        self._failing = False
        return True if first or harmless or fails([right]) else None

    def _perhaps(self, node: Node) -> bool | None:
        """A statement that may not be reached: its commands are uncertain, and what it changes is."""
        status: list[bool | None] = []
        self._flow.alternatives(node.span, [lambda: status.append(self._run(node, False, False))])
        return status[0]

    def _pipeline(self, node: Node, certain: bool, required: bool) -> bool | None:
        feeder: Command | None = None
        status: bool | None = True
        parts = node.named_children
        for child in parts:
            body = child.field("body") if child.kind == "redirected_statement" else child
            with self._process():
                if body is not None and body.kind == "command":
                    feeder = self._command(child, certain, feeder, required and child is parts[-1])
                    status = None if feeder is not None and _asks(feeder) else True
                else:
                    status = self._run(child, certain, required and child is parts[-1])
                    feeder = None
        return status

    def _negated(self, node: Node, certain: bool, required: bool) -> bool | None:
        with self._catching():
            status = self._block(node, certain, False)
        return None if status is None else not status

    def _subshell(self, node: Node, certain: bool, required: bool) -> bool | None:
        with self._process():
            return self._block(node, certain, required)

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
        return self._choose(node.span, branches, otherwise, certain, required)

    def _choose(
        self,
        span: Span,
        branches: list[tuple[list[Node], list[Node]]],
        otherwise: list[Node] | None,
        certain: bool,
        required: bool,
    ) -> bool | None:
        """The first branch whose condition holds; the last where none does."""
        if not branches:
            return self._all(otherwise, certain, required) if otherwise is not None else True
        (tests, body), rest = branches[0], branches[1:]
        unmet = rest[0][1] if rest else otherwise
        status = self._condition(tests, body, unmet, certain)
        if self._flow.left is not None:
            return None
        if status is False:
            return self._choose(span, rest, otherwise, certain, required)
        if status is True:
            return self._all(body, certain, required)
        self._flow.alternatives(
            span,
            [
                partial(self._all, body, False, required),
                partial(self._choose, span, rest, otherwise, False, required),
            ],
            complete=True,
        )
        return None

    def _condition(self, tests: list[Node], met: list[Node], unmet: list[Node] | None, certain: bool) -> bool | None:
        """Follows an `if`'s condition. Its last command may fail unnoticed, unless that makes the build fail."""
        status: bool | None = True
        named = [test for test in tests if test.named and test.kind != "comment"]
        for index, test in enumerate(named):
            status = self._test(test)
            if test.kind in _PURE or (status is not None and test.kind != "list"):
                continue
            noticed = index < len(named) - 1 or fails(met if test.kind == "negated_command" else unmet or [])
            with self._catching():
                self._run(test, certain and noticed, False)
        return status

    def _case(self, node: Node, certain: bool, required: bool) -> bool | None:
        subject = node.field("value")
        value = self._words.one(subject) if subject is not None else Text()
        ways: list[list[Node]] = []
        complete = False
        for item in node.named_children:
            if item.kind != "case_item":
                continue
            patterns = item.field_all("value")
            results = [matches(self._words.pattern(pattern), value) for pattern in neighbours(patterns)]
            if all(result is False for result in results):
                continue
            values = {pattern.start for pattern in patterns}
            body = [child for child in item.named_children if child.start not in values]
            complete = True in results
            if complete and not ways:
                return self._all(body, certain, required)
            ways.append(body)
            if complete:
                break
        if not ways:
            return True
        self._flow.alternatives(node.span, [partial(self._all, body, False, required) for body in ways], complete)
        return None

    def _for(self, node: Node, certain: bool, required: bool) -> bool | None:
        variable, body = node.field("variable"), node.field("body")
        if variable is None or body is None:
            return None
        listed = node.field_all("value")
        values = [field for word in neighbours(listed) for field in self._words.listed(word)]
        if not listed:
            values = [hole("the loop's values are not known", node.span)]
        if len(values) > MAX_ROUNDS:
            self._on_unread("the loop is too long to be followed", node.span, certain)
        for value in values[:MAX_ROUNDS]:
            if self._flow.left is not None or self._exhausted(node, certain):
                break

            def one_round(value: Text = value) -> None:
                self.variables[variable.text] = value
                self._round(body, certain and value.known)

            if value.known:
                one_round()
            else:
                self._flow.alternatives(node.span, [one_round])
        self._flow.end_loop(node.span)
        return True

    def _round(self, body: Node, certain: bool) -> None:
        self._block(body, certain, False)
        self._flow.catch("continue", body.span)

    def _loop(self, node: Node, certain: bool, required: bool) -> bool | None:
        """`while`, `until` and the like: one round stands for all, the first one where that certainly runs."""
        body, condition = node.field("body"), node.field("condition")
        runs: bool | None = None
        if condition is not None and node.kind == "while_statement":
            runs = self._test(condition)
            if runs is not None and node.children[0].text == "until":
                runs = not runs
        if runs is False:
            return True

        def first_round(certain: bool) -> None:
            if condition is not None and condition.kind not in _PURE and runs is None:
                with self._catching():
                    self._run(condition, False, False)
            if body is not None and self._flow.left is None:
                self._round(body, certain)

        before = dict(self.variables)
        if runs:
            first_round(certain)
            if self._flow.left is None:
                self._flow.merge(before, node.span)
        else:
            self._flow.alternatives(node.span, [partial(first_round, False)])
        self._flow.end_loop(node.span)
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
        local = bool(self._locals) and node.children[0].text in ("local", "declare", "typeset")
        for child in node.named_children:
            name = child.field("name") if child.kind == "variable_assignment" else child
            if local and name is not None and name.kind == "variable_name":
                self._locals[-1].setdefault(name.text, self.variables.get(name.text))
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
        stops = self.stops and not self._caught and not self._tried
        command = self._command(node, certain, None, required or stops)
        for redirect in node.field_all("redirect"):
            if redirect.kind == "heredoc_redirect":
                self._after_heredoc(redirect, command, certain, required)
        if command is None:
            return True
        if _asks(command):
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
                self._perhaps(child)

    def _command(self, node: Node, certain: bool, feeder: Command | None, noticed: bool = False) -> Command | None:
        self._commands += 1
        if self._commands > MAX_COMMANDS:
            if self._commands == MAX_COMMANDS + 1:
                self._on_unread("the script runs too many commands to be followed", node.span, certain)
            return None
        redirects: list[Redirect] = []
        inner: Node | None = node
        if node.kind == "redirected_statement":
            inner = node.field("body")
            redirects = [found for child in node.field_all("redirect") for found in self._redirects(child)]
        written: list[Node] = []
        environment: dict[str, Text] = {}
        for child in inner.named_children if inner is not None else []:
            if child.kind == "variable_assignment":
                name, value = self._assignment(child)
                environment[name] = value
            elif child.kind in ("file_redirect", "heredoc_redirect", "herestring_redirect"):
                redirects.extend(self._redirects(child))
            else:
                written.append(child)
        words = [field for word in neighbours(written) for field in self._words.fields(word)]
        if not words:
            self.variables.update(environment)
            return None
        noticed = noticed and self._outer
        command = Command(tuple(words), node.span, certain, tuple(redirects), environment or None, feeder, noticed)
        self._noticed = noticed
        self._dispatch(command)
        return command

    def _dispatch(self, command: Command) -> None:
        name = command.name
        function = self._functions.get(name)
        failing, self._failing = self._failing, False
        if function is not None and self._depth < MAX_NESTING:
            self._call(function, command)
        elif name in _LEAVES:
            self._leave(command, failing)
        elif name == "eval" and len(command.words) > 1:
            self._eval(command)
        else:
            if name == "set":
                self._set(command)
            self._on_command(command)

    def _set(self, command: Command) -> None:
        """`set -e`, `set +e`, with the other letters."""
        given = [word.value for word in command.words[1:]]
        named = {sign for sign, name in pairwise(given) if name == "errexit"}
        if "+o" in named or any(word.startswith("+") and "e" in word for word in given):
            self.stops = False
        elif "-o" in named or any(re.fullmatch(r"-[a-zA-Z]*e[a-zA-Z]*", word) for word in given):
            self.stops = self.stops or (command.certain and not self._processes)

    def _leave(self, command: Command, failing: bool) -> None:
        """`exit`, `return`, `break`, `continue`. `failing`: what an exit without a number tells."""
        name = command.name
        given = command.words[1].value if len(command.words) > 1 else ""
        if name in ("break", "continue"):
            self._flow.left = Exit(name, int(given) if re.fullmatch(r"[1-9]\d{0,2}", given) else 1)
            return
        fails = not re.fullmatch(r"0+", given) if re.fullmatch(r"\d+", given) else failing
        # What runs in a process or function of its own may fail where that is asked for.
        inner = name == "return" or self._processes > 0
        self._flow.left = Exit(name, fails=fails and not (inner and self._caught > 0))

    def _call(self, body: Node, command: Command) -> None:
        given = {str(index): command.words[index] if index < len(command.words) else Text() for index in range(1, 10)}
        given["@"] = given["*"] = join(command.words[1:])
        self._locals.append({name: self.variables.get(name) for name in given})
        self.variables.update(given)
        self._depth += 1
        try:
            self._run(body, command.certain, False)
        finally:
            self._depth -= 1
            self._flow.end_function(command.span)
            for name, value in self._locals.pop().items():
                if value is None:
                    self.variables.pop(name, None)
                else:
                    self.variables[name] = value

    def _eval(self, command: Command) -> None:
        text = join(command.words[1:])
        mapped = as_mapped(text)
        if mapped is None or not text.known:
            self._on_unread(f"eval of something that is not known: {text.reason}", command.span, command.certain)
        elif self._depth >= MAX_NESTING:
            self._on_unread("scripts are nested too deeply to be followed", command.span, command.certain)
        else:
            self._depth += 1
            try:
                self._block(Script(mapped).root, command.certain, False)
            finally:
                self._depth -= 1

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
        skipped = ("variable_assignment", "file_redirect")
        written = [child for child in inner[0].named_children if child.kind not in skipped]
        words = [field for word in neighbours(written) for field in self._words.fields(word)]
        if not words or not all(word.known for word in words):
            return None
        if words[0].value == "echo" and not any(word.value.startswith("-") for word in words[1:2]):
            return join(words[1:])
        return self._output(Command(tuple(words), node.span, True))


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


_PURE = frozenset({"test_command"})
"""Conditions that run no command."""


def _asks(command: Command) -> bool:
    """Whether it is asked something only the build can tell; `command -v PROGRAM` is where that is, not the program."""
    if command.name == "command":
        return len(command.words) > 1 and command.words[1].value in ("-v", "-V")
    return command.name in _PROBES
