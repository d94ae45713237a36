"""The command line's words: every command, its options, and what `--help` says of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from amlcheck import __version__, streams
from amlcheck.exits import Exit
from amlcheck.help import Formatter, epilog, of_all
from amlcheck.nearest import nearest
from amlcheck.report import formats
from amlcheck.report.destination import write
from amlcheck.report.harmless import in_text, one_line

_EXITS = "exit codes: 0 all met, 1 something violated, 2 usage or unreadable file, 3 something undecided"


class Parser(argparse.ArgumentParser):
    """argparse whose errors look like all others, and that takes no abbreviations: they break when an option is added.

    A command's options are made when they are first needed: a run needs those of one command.
    """

    def __init__(self, fill: Callable[[Parser], None] | None = None, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=Formatter, **settings)
        self._fill = fill
        self._given: list[str] = []

    @property
    def actions(self) -> Sequence[argparse.Action]:
        """Everything it takes."""
        self._make()
        return self._actions

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._make()
        self._given = list(sys.argv[1:] if args is None else args)
        found, left = super().parse_known_args(args, namespace)
        unknown = next((word for word in left if self._is_unknown(word)), None)
        if unknown is not None:
            self.error(self._no_such_option(unknown))
        return found, left

    def format_usage(self) -> str:
        self._make()
        return super().format_usage()

    def format_help(self) -> str:
        self._make()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        unknown = next((word for word in self._given if self._is_unknown(word)), None)
        if unknown is not None and message.startswith("the following arguments are required"):
            message = self._no_such_option(unknown)  # which is what keeps the rest from being understood
        streams.say(f"amlcheck: {in_text(one_line(message))} (see `{self.prog} --help`)")
        raise SystemExit(int(Exit.ERROR))

    def _make(self) -> None:
        if self._fill is not None:
            fill, self._fill = self._fill, None
            fill(self)

    def _is_unknown(self, word: str) -> bool:
        return word.startswith("--") and len(word) > 2 and word.split("=", 1)[0] not in self._option_string_actions

    def _no_such_option(self, word: str) -> str:
        name = word.split("=", 1)[0]
        near = nearest(name, [known for known in self._option_string_actions if known.startswith("--")], 0.7)
        return f"there is no option {name}{f'; did you mean {near}?' if near else ''}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """What argparse says of a word that is none of the choices, and the one that was probably meant."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        near = nearest(str(value), choices)
        if isinstance(action, argparse._SubParsersAction):
            told = f"there is no command {value!r}; {f'did you mean {near}?' if near else 'these are: ' + ', '.join(choices)}"
            self.error(told)
        there = f"did you mean {near}?" if near else f"it is one of {', '.join(choices)}"
        raise argparse.ArgumentError(action, f"{value!r} is none; {there}")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Help and version, which argparse gives up silently where they cannot be written."""
        if message:
            write(message)


class _Program(Parser):
    """The program itself, whose help has the commands in groups."""

    def format_help(self) -> str:
        (commands,) = (action for action in self._actions if isinstance(action, argparse._SubParsersAction))
        helps = {choice.dest: choice.help or "" for choice in commands._choices_actions}
        return of_all("usage: amlcheck COMMAND [OPTION ...] [ARGUMENT ...]", self.description or "", _EXITS, helps)


def parser() -> Parser:
    """The whole command line."""
    top = _Program(
        prog="amlcheck",
        description="Tells whether a custom Docker image can be used on Azure Machine Learning, before it is pushed.",
    )
    top.add_argument("--version", action="version", version=f"amlcheck {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    commands.add_parser(
        "lint",
        fill=_lint,
        help="check Dockerfiles",
        description="Reads Dockerfiles, and the files they copy, and decides each requirement of Azure Machine Learning.",
        epilog=epilog("lint", _EXITS),
    )
    commands.add_parser(
        "probe",
        fill=_probe,
        help="look inside images",
        description="Looks inside images and decides each requirement of Azure Machine Learning from what is really there.",
        epilog=epilog(
            "probe",
            "IMAGE is a name (the local engine's, else its registry's), docker-daemon:NAME, docker://REGISTRY/NAME:TAG,"
            " docker-archive:FILE, oci-archive:FILE, oci:DIR or rootfs:DIR.\n" + _EXITS,
        ),
    )
    commands.add_parser(
        "score",
        fill=_score,
        help="deploy an image and ask it for a score",
        description="Runs an image on 127.0.0.1 as Azure Machine Learning would, sends it a scoring request, and says what"
        " is wrong where no right answer comes back.",
        epilog=epilog("score", _EXITS),
    )
    commands.add_parser(
        "check",
        fill=_check,
        help="the whole chain: Dockerfile, build, image, score",
        description="Reads the Dockerfile, builds it, looks inside the image, deploys it on 127.0.0.1 and asks it for a"
        " score: one report, one exit code. What was built is removed again.",
        epilog=epilog("check", _EXITS),
    )
    commands.add_parser(
        "hook",
        fill=_hook,
        help="check what is pushed",
        description="Checks what is pushed to a git remote, from the commits themselves. AMLCHECK_SKIP=1 skips it once.",
    )
    commands.add_parser(
        "report",
        fill=_report,
        help="go through a result, a folder or an image in the terminal",
        description="Shows what was found in a terminal explorer: every Dockerfile or image by every requirement, and for each"
        " the words that decide it, who says what, the rule's page and the fix, which can be applied. Without a"
        " terminal it prints.",
        epilog=epilog("report", _EXITS),
    )
    commands.add_parser(
        "diff",
        fill=_diff,
        help="what changed between two results",
        description="Compares two results of --format json: verdicts, values found, findings and deployments, of the same"
        " files or of two builds of an image.",
        epilog=epilog("diff", "exit codes: 0 nothing got worse, 1 something did, 2 a result that cannot be read"),
    )
    commands.add_parser(
        "init",
        fill=_init,
        help="write amlcheck.toml",
        description="Writes amlcheck.toml with what this folder holds: the Dockerfile, conda file, entry script and model.",
    )
    commands.add_parser(
        "clean",
        fill=_clean,
        help="remove what a killed run left",
        description="Removes containers, volumes and temporary files that a killed run of amlcheck left, and only those.",
    )
    commands.add_parser("rules", fill=_rules, help="list every rule", description="Lists every rule.")
    commands.add_parser(
        "explain",
        fill=_explain,
        help="explain a rule: what it asks, why, good and bad, the fix",
        description="Shows the pages of rules: what each asks, why, good and bad examples, the fix and the source.",
        epilog=epilog("explain", ""),
    )
    commands.add_parser(
        "completion",
        fill=_completion,
        help="print a script that completes commands and options in your shell",
        description="Prints a script for a shell, which then completes commands, options, choices, rules, profiles and"
        " files. It knows this version: make it again after an update.",
        epilog=epilog("completion", ""),
    )
    commands.add_parser(
        "profiles",
        fill=_profiles,
        help="list profiles and flavours, or what one asks",
        description="Lists profiles and flavours, or what one asks.",
    )
    return top


def help_of(command: str) -> str:
    """The help text of a command, or of the program itself where it is empty."""
    whole = parser()
    if not command:
        return whole.format_help()
    (commands,) = (action for action in whole.actions if isinstance(action, argparse._SubParsersAction))
    found: argparse.ArgumentParser = commands.choices[command]
    return found.format_help()


def _lint(lint: Parser) -> None:
    lint.add_argument(
        "paths", nargs="*", metavar="PATH", help="files, folders to search, or - for standard input; default: here"
    )
    lint.add_argument(
        "--environment", metavar="FILE", help="the environment that Azure ML builds on top of the Dockerfile's image"
    )
    fixes = lint.add_argument_group("what is fixed")
    fixes.add_argument("--fix", action="store_true", help="repair what can be repaired safely, and report what is left")
    fixes.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="with --fix or --diff: also repairs that ask to be looked at, such as another version",
    )
    fixes.add_argument(
        "--diff", action="store_true", help="show what --fix would change and write nothing; exit 1 if it would"
    )
    fixes.add_argument(
        "--show-fixes",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="put what would repair it into the report; default: in sarif and html, not in json",
    )
    lint.add_argument(
        "--no-cache",
        dest="cache",
        action="store_false",
        help="check again what has not changed since an earlier run",
    )
    _add_asked(lint)
    _add_built(lint.add_argument_group("how the file is built"))
    _add_policy(lint)
    _add_output(lint)


def _probe(probe: Parser) -> None:
    probe.add_argument("images", nargs="+", metavar="IMAGE", help="the images to look into")
    _add_asked(probe)
    _add_image(probe)
    _add_policy(probe)
    _add_output(probe)


def _add_image(probe: Parser) -> None:
    how = probe.add_argument_group("how the image is read")
    how.add_argument(
        "--pull", choices=("missing", "always", "never"), default="missing", help="when to pull; default: missing"
    )
    how.add_argument(
        "--platform",
        metavar="OS/ARCH",
        default="",
        help="of a multi-platform image; default: linux/amd64, or the only one",
    )
    how.add_argument(
        "--execute",
        choices=("engine", "sandbox", "never"),
        default="engine",
        help="where programs of the image may run: in a locked container of the engine that has it (default), "
        "under bubblewrap where there is no engine, or nowhere",
    )
    how.add_argument("--gpus", metavar="GPUS", help="pass on to the engine, as `docker run --gpus` (such as all)")
    how.add_argument("--probes", action="append", metavar="DIR", help="a folder of your own probes; repeatable")
    built = probe.add_argument_group("what belongs to the image")
    built.add_argument("--dockerfile", metavar="FILE", help="compare the image with what its Dockerfile says")
    built.add_argument(
        "--environment", metavar="FILE", help="the conda file, inference config or YAML of the environment on top of it"
    )
    _add_built(built)


def _report(report: Parser) -> None:
    report.add_argument(
        "what",
        nargs="*",
        metavar="RESULT.json|IMAGE|DIR",
        help="a result of --format json (- for standard input), images, Dockerfiles or folders; default: here",
    )
    report.add_argument("--print", action="store_true", help="print, as without a terminal")
    _add_asked(report)
    _add_image(report)
    _add_policy(report, writing=False)
    _add_output(report)


def _diff(diff: Parser) -> None:
    diff.add_argument("old", metavar="OLD.json", help="the older result; - for standard input")
    diff.add_argument("new", metavar="NEW.json", help="the newer result; - for standard input")
    diff.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="default: text")
    diff.add_argument("--output", metavar="FILE", help="write it to a file")
    diff.add_argument(
        "--fail-on",
        choices=("worse", "change", "never"),
        default="worse",
        help="what exit code 1 is for: what makes the newer run fail and did not the older one (default), any change,"
        " or nothing",
    )
    diff.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")


def _score(score: Parser) -> None:
    score.add_argument("image", metavar="IMAGE", help="an image of the local engine, or one that it can pull")
    score.set_defaults(target=None, build_arg=None, context=None, resolve_base=None)
    add_deployment(score)
    engine = score.add_argument_group("the engine")
    engine.add_argument(
        "--pull", choices=("missing", "always", "never"), default="missing", help="when to pull; default: missing"
    )
    engine.add_argument("--platform", metavar="OS/ARCH", default="linux/amd64", help="to pull; default: linux/amd64")
    engine.add_argument("--gpus", metavar="GPUS", help="pass on to the engine, as `docker run --gpus` (such as all)")
    _add_asked(score)
    _add_policy(score)
    _add_output(score)


def _check(check: Parser) -> None:
    check.add_argument("what", nargs="?", metavar="DIR|DOCKERFILE|IMAGE", help="default: what this folder holds")
    built = check.add_argument_group("what is built")
    built.add_argument("--dockerfile", metavar="FILE", help="the Dockerfile of an image, or the one to take of several")
    built.add_argument(
        "--environment", metavar="FILE", help="the conda file, inference config or YAML of the environment on top of it"
    )
    built.add_argument("--image", metavar="NAME", help="the image that was built from the Dockerfile: nothing is built")
    built.add_argument("--no-build", action="store_true", help="build nothing; needs an image")
    built.add_argument("--build-network", metavar="MODE", help="as `docker build --network`")
    built.add_argument("--tag", metavar="NAME", help="keep what was built under this name")
    _add_built(built)
    add_deployment(check)
    how = check.add_argument_group("the engine")
    how.add_argument(
        "--pull", choices=("missing", "always", "never"), default="missing", help="when to pull; default: missing"
    )
    how.add_argument("--platform", metavar="OS/ARCH", default="", help="of a multi-platform image")
    how.add_argument("--gpus", metavar="GPUS", help="pass on to the engine, as `docker run --gpus` (such as all)")
    how.add_argument("--probes", action="append", metavar="DIR", help="a folder of your own probes; repeatable")
    _add_asked(check)
    _add_policy(check)
    _add_output(check)


def _hook(hook: Parser) -> None:
    hooks = hook.add_subparsers(dest="hook_command", required=True, metavar="COMMAND", parser_class=Parser)
    install = hooks.add_parser(
        "install",
        help="install git's pre-push hook",
        description="Installs git's pre-push hook for the repository here. A hook that is there already goes on to run.",
    )
    install.add_argument("--force", action="store_true", help="also where the installed hook was changed by hand")
    image = "also build the Dockerfiles that are concerned, and look into the images"
    install.add_argument("--image", action="store_true", help=image)
    uninstall = hooks.add_parser(
        "uninstall",
        help="remove it",
        description="Removes the hook, and puts back the one that was there before, as it was.",
    )
    uninstall.add_argument("--force", action="store_true", help="also where the installed hook was changed by hand")
    run = hooks.add_parser(
        "run", help="what git calls", description="What git calls, with its lines on standard input."
    )
    run.add_argument("--image", action="store_true", help=image)
    run.add_argument("name", choices=("pre-push",))
    run.add_argument("remote", metavar="REMOTE", help="the remote's name, or its URL where it has none")
    run.add_argument("url", nargs="?", metavar="URL")
    pre_commit = hooks.add_parser(
        "pre-commit",
        help="what pre-commit calls",
        description="What pre-commit calls at pre-push and manual. Takes these options of `amlcheck lint` as `args`.",
    )
    _add_asked(pre_commit)
    _add_built(pre_commit.add_argument_group("how the file is built"))
    pre_commit.add_argument(
        "--fail-on",
        choices=("error", "warning", "info", "never"),
        help="the least severity that stops a push; default: error",
    )
    pre_commit.add_argument(
        "--config", metavar="FILE", help="the configuration; default: the nearest one of the commit"
    )
    pre_commit.add_argument("--image", action="store_true", help=image)
    pre_commit.add_argument("--no-config", action="store_true", help="use no configuration file")


def add_deployment(parser: Parser) -> None:
    """The options of a test deployment, for every command that makes one."""
    what = parser.add_argument_group("what is deployed")
    what.add_argument(
        "--mode",
        choices=("auto", "entry-script", "packaged", "v2-local", "own-container"),
        default="auto",
        metavar="MODE",
        help="how the image is run: entry-script, packaged, v2-local or own-container; default: auto, as it fits",
    )
    what.add_argument("--entry-script", metavar="FILE", help="the entry script; default: one that sums rows")
    what.add_argument("--source", metavar="DIR", help="the folder that is deployed with it; default: the script alone")
    what.add_argument("--model", metavar="PATH", help="a folder or file, put where AZUREML_MODEL_DIR leads")
    what.add_argument("--conda-file", metavar="FILE", help="put beside the entry script")
    what.add_argument("--env", action="append", metavar="NAME=VALUE", help="a variable of the container; repeatable")
    what.add_argument(
        "--inference-config", metavar="FILE", help="an endpoint's or deployment's YAML or JSON: its routes are asked"
    )
    for route in ("liveness", "readiness", "scoring"):
        what.add_argument(f"--{route}", metavar="PORT/PATH", help=f"the {route} route of a container of your own")
    asked = parser.add_argument_group("what is asked of it")
    asked.add_argument("--request", action="append", metavar="FILE|JSON", help="a scoring request; repeatable")
    asked.add_argument("--content-type", metavar="TYPE", help="of the requests; default: by the file's name, or JSON")
    asked.add_argument("--header", action="append", metavar="NAME:VALUE", help="a header of the requests; repeatable")
    asked.add_argument(
        "--expect",
        action="append",
        metavar="WHAT",
        help="a status, JSON, a file of JSON or JSON Schema, or $.path=JSON; one for all requests or one for each",
    )
    asked.add_argument("--tolerance", type=float, metavar="X", help="how far floats may be apart; default: 1e-6")
    asked.add_argument(
        "--bad-requests", action=argparse.BooleanOptionalAction, default=True, help="also send what it may refuse"
    )
    asked.add_argument("--requests", type=int, default=0, metavar="N", help="send so many, and report the latency")
    asked.add_argument("--concurrency", type=int, default=1, metavar="C", help="so many at once; default: 1")
    asked.add_argument("--max-latency", type=float, default=0.0, metavar="MS", help="at the 95th percentile")
    how = parser.add_argument_group("how it runs")
    how.add_argument("--timeout", type=float, metavar="SECONDS", help="for the whole; default: 310, as probes allow")
    how.add_argument(
        "--request-timeout", type=float, metavar="SECONDS", help="for one request; default: 5, as endpoints"
    )
    how.add_argument("--memory", metavar="SIZE", help="such as 512m or 8g; default: 4g")
    how.add_argument("--cpus", type=float, default=0.0, metavar="N", help="such as 1.5; default: all")
    how.add_argument("--network", action="store_true", help="let the container reach other machines")
    how.add_argument("--port", type=int, default=0, metavar="PORT", help="where it is published; default: any free one")
    how.add_argument("--keep", action="store_true", help="leave it running, and say how to ask and how to end it")


def _add_asked(parser: Parser) -> None:
    what = parser.add_argument_group("what is asked")
    what.add_argument("--profile", metavar="NAME", help="a profile's name or TOML file (see `amlcheck profiles`)")
    what.add_argument("--flavour", metavar="NAME", help="versions to match, such as openmpi-gpu, or a TOML file")
    what.add_argument(
        "--require",
        action="append",
        metavar="SPEC",
        help="ask this too, such as 'python>=3.9', instead of what the profile asks of it; repeatable",
    )
    what.add_argument(
        "--datasets",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="datasets are mounted: libfuse is needed",
    )
    what.add_argument(
        "--user-managed",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="no environment is built on top: what the image lacks, nothing supplies",
    )


def _add_policy(parser: Parser, writing: bool = True) -> None:
    known = parser.add_argument_group("what is known already")
    known.add_argument(
        "--select", action="append", metavar="RULES", help="ask only these, such as AML103,AML6; repeatable"
    )
    known.add_argument("--ignore", action="append", metavar="RULES", help="do not ask these rules; repeatable")
    baseline = known.add_mutually_exclusive_group()
    baseline.add_argument("--baseline", metavar="FILE", help="show and fail for what is not in this baseline only")
    baseline.add_argument("--no-baseline", action="store_true", help="take no notice of the one in the configuration")
    if writing:
        baseline.add_argument(
            "--write-baseline", metavar="FILE", help="write what is found into a baseline, and exit 0"
        )


def _add_built(how: argparse._ArgumentGroup) -> None:
    how.add_argument("--target", metavar="STAGE", help="the stage that is built; default: the last one")
    how.add_argument("--build-arg", action="append", metavar="NAME=VALUE", help="a build argument; repeatable")
    how.add_argument("--context", metavar="DIR", help="the build context; default: the Dockerfile's folder")
    how.add_argument(
        "--resolve-base",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="ask the local engine or the registry for the configs of base images",
    )


def _add_output(parser: Parser) -> None:
    out = parser.add_argument_group("what comes out")
    out.add_argument(
        "--format",
        action="append",
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(formats.NAMES)}; into a file, or to standard output; repeatable; default: text",
    )
    out.add_argument("--output", metavar="FILE", help="where the format goes that has no file of its own")
    out.add_argument(
        "--fail-on",
        choices=("error", "warning", "info", "never"),
        help="the least severity that fails; default: error",
    )
    out.add_argument(
        "--allow-undecided",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="exit 0 where nothing is violated but something is undecided",
    )
    out.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    settings = parser.add_mutually_exclusive_group()
    settings.add_argument(
        "--config", metavar="FILE", help="the configuration; default: amlcheck.toml or pyproject.toml, upwards"
    )
    settings.add_argument("--no-config", action="store_true", help="use no configuration file")


def _init(init: Parser) -> None:
    init.add_argument("folder", nargs="?", default=".", metavar="DIR", help="default: here")
    init.add_argument("--force", action="store_true", help="replace the one that is there")


def _clean(clean: Parser) -> None:
    clean.add_argument(
        "--cache", action="store_true", help="also forget what is remembered: checked files, layers, downloaded images"
    )


def _rules(rules: Parser) -> None:
    rules.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _explain(explain: Parser) -> None:
    explain.add_argument("rules", nargs="+", metavar="RULE", help="a rule's ID or name, such as AML103 or python")
    explain.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _completion(completion: Parser) -> None:
    from amlcheck.completion_command import SHELLS

    completion.add_argument("shell", choices=SHELLS, help="the shell")


def _profiles(profiles: Parser) -> None:
    profiles.add_argument("name", nargs="?", metavar="NAME", help="a profile or flavour to show in full")
