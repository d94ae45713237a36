"""Reports for the tests of the HTML page: one that has all there is to show, one that is as hostile as can be, a large one."""

from __future__ import annotations

from collections.abc import Iterator

from amlcheck.deployment.model import (
    Answer,
    Deployment,
    Ending,
    Exchange,
    Failure,
    Load,
    Outcome,
    Request,
    Stage,
    StageTime,
)
from amlcheck.model import (
    ABSENT,
    COMPONENTS,
    PRESENT,
    Edit,
    Evidence,
    Fact,
    Finding,
    Judgement,
    Location,
    Origin,
    Repair,
    Report,
    Severity,
    SubjectReport,
    Unknown,
    Verdict,
    Waiver,
    Witness,
    in_config,
    in_exchange,
    in_file,
    in_output,
    parse_value,
)
from amlcheck.records import replace

DOCKERFILE = """\
ARG UBUNTU_VERSION=16.04
FROM ubuntu:${UBUNTU_VERSION}
ARG CONDA_VERSION=4.7.12
ARG PYTHON_VERSION=3.5
RUN apt-get update && apt-get install -y --no-install-recommends \\
        wget fuse
# amlcheck: ignore=AML302 reason="the mirror keeps one version" until=2027-01-01
RUN wget -q https://repo.anaconda.com/miniconda/Miniconda3-${CONDA_VERSION}-Linux-x86_64.sh -O /tmp/conda.sh && \\
    bash /tmp/conda.sh -b -p /opt/miniconda
ENV PATH=/opt/miniconda/bin:$PATH
RUN conda install -y python=${PYTHON_VERSION}
COPY environment.yml /tmp/
"""
ENVIRONMENT = "name: model\ndependencies:\n  - python=3.5\n  - pip:\n      - azureml-defaults==1.0.40\n"
PATH = "service/Dockerfile"


def at(line: int, column: int, end_column: int, path: str = PATH, end_line: int = 0) -> Location:
    return Location(path, line, column, end_line or line, end_column)


def met(component: str, value: str, *witnesses: Witness, expected: str = "present", rule: str = "AML101") -> Judgement:
    return Judgement(
        component,
        Verdict.MET,
        expected,
        value,
        "as far as the Dockerfile tells",
        witnesses,
        source="Image requirements",
        rule=rule,
    )


def not_asked(component: str) -> Judgement:
    return Judgement(
        component, Verdict.NOT_APPLICABLE, None, None, "this profile asks nothing of it", severity=Severity.INFO
    )


def rich_report() -> Report:
    """A file, an image with several witnesses, a failed deployment, an environment, an unreadable file."""
    subjects = (_dockerfile(), _image(), _failed(), _environment(), _unreadable())
    return Report("azureml-2021-04", subjects, flavour="openmpi-gpu")


def _dockerfile() -> SubjectReport:
    python = Fact(
        "python",
        parse_value("3.5"),
        (
            Evidence("3.5", at(4, 20, 23), "ARG PYTHON_VERSION"),
            Evidence("python=${PYTHON_VERSION}", at(11, 22, 46), "conda install"),
        ),
    )
    judgements = (
        met(
            "ubuntu",
            "16.04",
            Witness(
                Origin.STATIC,
                Fact("ubuntu", parse_value("16.04"), (Evidence("16.04", at(1, 20, 25), "ARG UBUNTU_VERSION"),)),
            ),
            expected=">=16.04",
        ),
        met(
            "conda",
            "4.7.12",
            Witness(
                Origin.STATIC,
                Fact("conda", parse_value("4.7.12"), (Evidence("4.7.12", at(3, 19, 25), "ARG CONDA_VERSION"),)),
            ),
            expected=">=4.5",
            rule="AML102",
        ),
        Judgement(
            "python",
            Verdict.VIOLATED,
            ">=3.6",
            "3.5",
            "3.5 is not >=3.6",
            (Witness(Origin.STATIC, python),),
            source="Image requirements: Python 3.6+",
            fix="raise `python=3.5` to >=3.6",
            rule="AML103",
            repair=Repair("raise Python to 3.8", (Edit(at(4, 20, 23), "3.8"),), safe=False),
        ),
        *(not_asked(component) for component in COMPONENTS[3:8]),
        Judgement(
            "azureml-defaults",
            Verdict.UNDECIDED,
            ">=1.0.45",
            "absent",
            "not in the image: the Azure ML environment must list it",
            (
                Witness(
                    Origin.STATIC,
                    Fact("azureml-defaults", ABSENT, (Evidence("ubuntu:16.04", at(2, 6, 30), "base image"),)),
                ),
            ),
            rule="AML109",
        ),
        Judgement(
            "inference-server",
            Verdict.VIOLATED,
            "present",
            "absent",
            "inference-server is not in the image",
            (Witness(Origin.STATIC, Fact("inference-server", ABSENT)),),
            fix="install azureml-inference-server-http",
            rule="AML110",
            waiver=Waiver("baseline", "known since 2025"),
        ),
        not_asked("git"),
    )
    findings = (
        Finding(
            "AML205",
            Severity.WARNING,
            "Ubuntu 16.04 is past its end of life since 2021-04-30",
            at(2, 6, 30),
            "move to a release that is supported",
        ),
        Finding(
            "AML302",
            Severity.WARNING,
            "apt installs fuse in whatever version is newest",
            at(6, 14, 18),
            "write `fuse=VERSION`",
            waiver=Waiver("ignore", "the mirror keeps one version", "2027-01-01", at(7, 1, 80)),
        ),
        Finding(
            "AML206",
            Severity.INFO,
            "fuse is installed, but not libfuse-dev",
            at(5, 23, 18, end_line=6),
            "add `libfuse-dev`",
            repair=Repair("install libfuse-dev too", (Edit(at(6, 18, 18), " libfuse-dev"),), safe=True),
        ),
        Finding("ORG001", Severity.ERROR, "a rule of our own: no proxy is set"),
    )
    return SubjectReport(
        PATH, "dockerfile", judgements, findings, sources={PATH: DOCKERFILE, "service/environment.yml": ENVIRONMENT}
    )


def _image() -> SubjectReport:
    static = Witness(
        Origin.STATIC, Fact("python", parse_value("3.5"), (Evidence("3.5", at(4, 20, 23), "ARG PYTHON_VERSION"),))
    )
    live = Witness(
        Origin.LIVE,
        Fact(
            "python",
            parse_value("3.8.5"),
            (
                in_file("/opt/miniconda/conda-meta/python-3.8.5-h7579374_1.json", '"version": "3.8.5"'),
                in_output("python --version", "Python 3.8.5"),
            ),
        ),
    )
    scored = Witness(
        Origin.SCORED,
        Fact(
            "inference-server",
            parse_value("1.5.1"),
            (in_exchange("GET /", "200, x-ms-server-version: azmlinfsrv/1.5.1"),),
        ),
    )
    unsure = Witness(
        Origin.LIVE,
        Unknown(
            "conda",
            "the probe of conda did not end within 20 s",
            (in_config("Env.PATH", "/opt/miniconda/bin:/usr/bin"),),
        ),
    )
    conda = Witness(Origin.STATIC, Fact("conda", PRESENT, (Evidence("conda.sh", note="known installer"),)))
    judgements = (
        met(
            "ubuntu",
            "22.04",
            Witness(
                Origin.LIVE, Fact("ubuntu", parse_value("22.04"), (in_file("/etc/os-release", 'VERSION_ID="22.04"'),))
            ),
            expected=">=16.04",
        ),
        Judgement(
            "conda",
            Verdict.UNDECIDED,
            ">=4.5",
            "present",
            "the probe of conda did not end within 20 s",
            (conda, unsure),
            rule="AML102",
        ),
        met("python", "3.8.5", static, live, expected=">=3.6", rule="AML103"),
        *(not_asked(component) for component in COMPONENTS[3:9]),
        met("inference-server", "1.5.1", scored, rule="AML110"),
        not_asked("git"),
    )
    quarrel = Finding(
        "AML401",
        Severity.WARNING,
        "python: the Dockerfile says 3.5, the image has 3.8.5",
        at(4, 20, 23),
        related=live.testimony.evidence,
    )
    return SubjectReport(
        "registry.example.com/team/serving:1.4",
        "image",
        judgements,
        (quarrel,),
        sources={PATH: DOCKERFILE},
        about={"source": "the engine", "digest": "sha256:" + "0123456789abcdef" * 4, "platform": "linux/amd64"},
        notes=("nothing could be run in the image: no engine answers",),
        deployment=good_deployment(),
    )


def good_deployment() -> Deployment:
    times = (
        ("created", 0.25, 0.25),
        ("started", 0.56, 0.31),
        ("live", 1.7, 1.14),
        ("ready", 1.7, 0.0),
        ("scored", 1.72, 0.02),
        ("survived", 1.81, 0.09),
        ("stopped", 2.58, 0.77),
    )
    good = Exchange(
        Request(b"{}", name="sample-request.json", path="/score"),
        Outcome.ANSWERED,
        Answer(200, {}, b"[55, 55]", 0.002),
        0.002,
        expected="[55, 55]",
    )
    wrong = Exchange(
        Request(b"{}", name="the second sample", path="/score"),
        Outcome.ANSWERED,
        Answer(200, {}, b"[1, 2]", 0.004),
        0.004,
        expected="[1, 3]",
        differences=("$[1]: 2 is not 3",),
    )
    bad = Exchange(
        Request(b"{", name="broken JSON", path="/score"),
        Outcome.ANSWERED,
        Answer(400, {}, b"bad", 0.001),
        0.001,
        bad=True,
    )
    curve = tuple(
        2.0 + 0.02 * percent + (40.0 if percent == 100 else 9.0 if percent > 97 else 0.0) for percent in range(101)
    )
    return Deployment(
        "registry.example.com/team/serving:1.4",
        "v2-local",
        "it has /var/runit",
        tuple(StageTime(Stage(name), at, took, "exit code 0" if name == "stopped" else "") for name, at, took in times),
        (good, wrong, bad),
        load=Load(2000, 8, 3, 1.25, curve[50], curve[95], curve[99], curve),
        server="azmlinfsrv/1.5.1",
        ending=Ending(0, by_us=True),
    )


def _failed() -> SubjectReport:
    log = (
        "Traceback (most recent call last):",
        '  File "/var/azureml-app/score.py", line 4, in init',
        "    import sklearn",
        "ModuleNotFoundError: No module named 'sklearn'",
    )
    failure = Failure(
        "init-raised",
        Stage.LIVE,
        "init() raised ModuleNotFoundError: No module named 'sklearn'",
        "install `scikit-learn` in the image",
        "the server's log",
        4.2,
        (in_output("azmlinfsrv", log[-1]),),
        log,
    )
    deployment = Deployment(
        "broken:1",
        "entry-script",
        "an entry script was given",
        (StageTime(Stage.CREATED, 0.3, 0.3), StageTime(Stage.STARTED, 0.8, 0.5)),
        failure=failure,
        ending=Ending(1),
    )
    finding = Finding(
        "AML501",
        Severity.ERROR,
        f"not live (init-raised): {failure.cause}",
        fix=failure.remedy,
        related=failure.evidence,
    )
    return SubjectReport("broken:1", "deployment", findings=(finding,), deployment=deployment)


def _environment() -> SubjectReport:
    path = "service/environment.yml"
    finding = Finding(
        "AML609",
        Severity.WARNING,
        "azureml-defaults 1.0.40 is older than any that is supported",
        at(5, 9, 33, path),
        "raise it",
        repair=Repair(
            "raise azureml-defaults to 1.62.0",
            (Edit(at(5, 27, 33, path), "1.62.0"), Edit(at(3, 3, 15, path), "- python=3.10")),
            safe=True,
        ),
    )
    return SubjectReport(path, "environment", findings=(finding,), sources={path: ENVIRONMENT})


def _unreadable() -> SubjectReport:
    return SubjectReport(
        "old/Dockerfile", "dockerfile", error="old/Dockerfile: is UTF-16; Docker reads UTF-8, save it as such"
    )


HOSTILE = (
    "</script><script>window.pwned=1</script>",
    "</style><script>window.pwned=2</script>",
    '"><img src=x onerror=window.pwned=3>',
    "' onmouseover='window.pwned=4' autofocus onfocus='window.pwned=5",
    "javascript:window.pwned=6",
    "<svg onload=window.pwned=7>",
    "<!--<script>",
    "]]><script>alert(8)</script>",
    "{{constructor.constructor('window.pwned=9')()}}",
    "<base href='https://example.com/'>",
    "<meta http-equiv=refresh content='0;url=https://example.com/'>",
    "<iframe srcdoc='<script>parent.pwned=10</script>'></iframe>",
    "<link rel=stylesheet href=https://example.com/x.css>",
    "<form action=https://example.com><button>Close</button></form>",
    "&lt;script&gt; &#x3c;script&#x3e;",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;https://example.com\x07link\x1b]8;;\x07",
    "\u202egnirts desrever\u202c \u2066isolate\u2069 \u200f",
    "nul \0 and bell \a and delete \x7f and next line \x85",
    "half \ud83d of a pair, a byte \udce9 that is no UTF-8",
    "a\u2028line\u2029separator and \ufeff and \u200b and \xa0",
    "`code <script>window.pwned=11</script> code`",
    'https://example.com/"><script>window.pwned=12</script>',
    "a" * 5000,
)
"""What a Dockerfile or an image may contain."""


def hostile_report() -> Report:
    """Every string of a report is each of the hostile ones in turn."""
    subjects = tuple(_hostile(words, number) for number, words in enumerate(HOSTILE, 1))
    return Report("p" + HOSTILE[0], subjects, flavour=HOSTILE[1])


def _hostile(words: str, number: int) -> SubjectReport:
    path = f"{number}-{words}"
    place = Location(path, 2, 3, 2, 3 + len(words))
    beyond = Location(path, 99, 1, 200, 5)
    odd = Location(path, 0, 0, 0, 0)
    chain = (
        Evidence(words, place, words),
        Evidence(words, beyond, words),
        Evidence(words, odd),
        Evidence(words, None, words),
        in_file(words, words, words),
        in_config(words, words),
        in_output(words, words),
        in_exchange(words, words),
    )
    witnesses = (
        Witness(Origin.STATIC, Fact("python", replace(PRESENT, family=words), chain, words)),
        Witness(Origin.LIVE, Unknown("python", words, chain)),
    )
    repair = Repair(words, (Edit(place, words + "\n" + words), Edit(Location(path, 1, 1, 1, 1), words)), safe=False)
    wrong = Repair(words, (Edit(beyond, words),), safe=True)
    waiver = Waiver(words, words, words, place)
    judgements = (
        Judgement(
            "python",
            Verdict.VIOLATED,
            words,
            words,
            words,
            witnesses,
            source=words,
            fix=words,
            rule=words,
            repair=repair,
        ),
        Judgement(
            words,
            Verdict.UNDECIDED,
            words,
            words,
            words,
            witnesses,
            source=words,
            fix=words,
            rule="AML103",
            waiver=waiver,
        ),
        Judgement("git", Verdict.MET, words, words, words, witnesses, source=words),
    )
    findings = (
        Finding(words, Severity.ERROR, words, place, words, chain, repair, waiver),
        Finding("AML205", Severity.WARNING, words, beyond, words, chain, wrong),
    )
    request = Request(words.encode("utf-8", "surrogatepass"), words, ((words, words),), words, words, words)
    answer = Answer(200, {words: words}, words.encode("utf-8", "surrogatepass"), 1.0)
    exchanges = (
        Exchange(request, Outcome.ANSWERED, answer, 1.0, words, words, (words,)),
        Exchange(request, Outcome.GARBLED, None, 1.0, words),
    )
    failure = Failure(words, Stage.READY, words, words, words, float("inf"), chain, (words, words))
    load = Load(1, 1, 0, 1.0, 1.0, 1.0, 1.0, (float("nan"), 1.0))
    deployment = Deployment(
        words,
        words,
        words,
        (StageTime(Stage.LIVE, 1.0, 5.0, words),),
        exchanges,
        failure,
        load,
        words,
        Ending(1),
        {words: words, "url": words},
        (words,),
        words,
    )
    error = words if number % 5 == 0 else ""
    return SubjectReport(
        path,
        words,
        judgements,
        findings,
        error,
        {path: f"FROM x\n# {words}\n{words}\nRUN {words}\r\n"},
        {words: words, "digest": words},
        (words,),
        deployment,
    )


def large_report(count: int) -> Report:
    """As many Dockerfiles, with what is usual."""
    return Report("azureml-2021-04", tuple(_numbered(number) for number in range(count)))


def _numbered(number: int) -> SubjectReport:
    usual = _dockerfile()
    path = f"projects/{number % 37}/{number}/Dockerfile"
    text = f"# {number}\n{DOCKERFILE}"

    def moved(item: Location | None) -> Location | None:
        return replace(item, path=path) if item is not None and item.path == PATH else item

    def witnesses(item: Judgement) -> Iterator[Witness]:
        for witness in item.witnesses:
            evidence = tuple(replace(piece, location=moved(piece.location)) for piece in witness.testimony.evidence)
            yield replace(witness, testimony=replace(witness.testimony, evidence=evidence))

    judgements = tuple(replace(item, witnesses=tuple(witnesses(item)), repair=None) for item in usual.judgements)
    findings = tuple(replace(item, location=moved(item.location), repair=None, waiver=None) for item in usual.findings)
    return SubjectReport(path, "dockerfile", judgements, findings, sources={path: text})
