"""The command line. Errors of the user's are one sentence on standard error and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from amlcheck import streams
from amlcheck.arguments import parser
from amlcheck.errors import AmlcheckError
from amlcheck.exits import Exit
from amlcheck.report.destination import drop_output, write
from amlcheck.report.harmless import in_text, one_line, plain


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    streams.secure()
    try:
        options = parser().parse_args(arguments)
        if options.command == "hook":
            from amlcheck.hook_command import run_hook

            return run_hook(options, (sys.argv[1:] if arguments is None else arguments)[2:])
        if options.command == "lint":
            from amlcheck.lint_command import run_lint

            return int(run_lint(options))
        if options.command == "probe":
            from amlcheck.probe_command import run_probe

            return int(run_probe(options))
        if options.command == "score":
            from amlcheck.score_command import run_score

            return int(run_score(options))
        if options.command == "check":
            from amlcheck.check_command import run_check

            return int(run_check(options))
        if options.command == "report":
            from amlcheck.report_command import run_report

            return int(run_report(options))
        if options.command == "diff":
            from amlcheck.diff_command import run_diff

            return int(run_diff(options))
        if options.command == "init":
            from amlcheck.init_command import run_init

            return int(run_init(options))
        if options.command == "clean":
            from amlcheck.clean_command import run_clean

            return int(run_clean(options))
        from amlcheck import show

        if options.command == "rules":
            text = show.rules(options.format)
        elif options.command == "explain":
            text = show.explain(options.rules, options.format)
        elif options.command == "completion":
            from amlcheck.completion_command import run_completion

            text = run_completion(options.shell, parser())
        else:
            text = show.profiles(options.name)
        write(text)
        return int(Exit.MET)
    except AmlcheckError as error:
        streams.say(in_text(f"amlcheck: {one_line(str(error))}"))
        return int(Exit.ERROR)
    except KeyboardInterrupt:
        streams.say("amlcheck: interrupted")
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        drop_output()
        return int(Exit.READER_GONE)
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    """What nobody expected: one sentence where the system refused something, else what whoever mends it needs to know."""
    told = streams.refusal(error)
    if not told:
        try:
            import traceback
        except OSError as second:
            return _failed(second)
        streams.say(in_text(plain(traceback.format_exc())))
        told = "that is an error in amlcheck itself, and no verdict: please report it with what stands above"
    streams.say(in_text(f"amlcheck: {one_line(told)}"))
    return int(Exit.ERROR)
