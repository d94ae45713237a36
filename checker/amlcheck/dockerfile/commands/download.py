"""Downloads and what is done with them: conda installers, MPI, CUDA, cuDNN, NCCL and Python archives, shell scripts."""

from __future__ import annotations

import posixpath
import re

from amlcheck.dockerfile.built import Content, Package
from amlcheck.dockerfile.script import Command
from amlcheck.dockerfile.step import NOT_THE_SYSTEM, Options, Step, chain_of
from amlcheck.dockerfile.text import HOLE, Text, literal
from amlcheck.model import Value
from amlcheck.records import replace
from amlcheck.regex import regex
from amlcheck.versions import VersionSet, exactly, loose, prefix

_WGET_VALUES = frozenset(
    {"-O", "--output-document", "-P", "--directory-prefix", "-o", "--output-file", "-t", "--tries"}
)
_CURL_VALUES = frozenset(
    {"-o", "--output", "-H", "--header", "-A", "--user-agent", "--retry", "-u", "--user", "-X", "--request", "-d"}
    | {"--data", "-m", "--max-time", "--connect-timeout", "--retry-delay", "--output-dir", "--cacert", "-b", "-c"}
)
_INSTALLER = regex(
    r"(?P<product>Miniconda|Anaconda|Miniforge|Mambaforge)(?P<flavour>-pypy3)?(?P<python>[23]?)(?:-pypy3)?"
    r"-(?P<version>[\w.+\ufffc-]+?)?-?(?:Linux|\ufffc)(?:-[\w\ufffc-]+)?\.sh"
)
_ARCHIVES = (
    ("openmpi", "openmpi-", regex(r"openmpi-(?P<v>[\d.\ufffc]+(?:rc\d+)?)(?:-\d+)?\.(?:tar|tgz|src)")),
    ("mpich", "mpich-", regex(r"(?<![a-z])mpich-(?P<v>[\d.\ufffc]+(?:[abrc]+\d+)?)\.(?:tar|tgz)")),
    ("intelmpi", "l_mpi", regex(r"l_mpi(?:-rt)?_(?:oneapi_p_)?(?P<v>\d[\d.\ufffc]*?)(?:_offline)?\.(?:tgz|tar|sh)")),
    ("cuda", "cuda_", regex(r"cuda_(?P<v>\d+[\d.\ufffc]*)(?:_[\w.\ufffc]+)?(?:[-_]linux)?(?:[-_.]run)?")),
    ("cudnn", "cudnn-", regex(r"cudnn-(?:linux-x86_64-|[\d.\ufffc]+-linux-x64-v)(?P<v>\d[\d.\ufffc]*)")),
    ("nccl", "nccl", regex(r"nccl[-_](?:src[-_])?v?(?P<v>\d[\d.\ufffc]*)[-_\w+.]*?\.(?:txz|tar|tgz|zip)")),
    ("python", "Python-", regex(r"Python-(?P<v>[\d.\ufffc]+)\.(?:tgz|tar|zip)")),
)
"""The archives of known products: the name, words that are in each, and the whole."""
_CONFIGURE = ("configure", "config", "Configure", "autogen.sh", "bootstrap.sh", "buildconf")
"""Scripts of source archives that only prepare a build."""
_SOFTWARE = regex(r"/(?:$|usr|opt|root|home|bin|lib|srv|.*(?:conda|venv|envs?)(?:/|$))")
"""Folders in which an unpacked archive may be a conda, a Python or a library."""
_UNPACKED_SUFFICES = frozenset({"cudnn", "nccl"})


def wget(command: Command, step: Step) -> None:
    options = Options(command.words[1:], _WGET_VALUES)
    target = options.value("-O", "--output-document")
    folder = options.value("-P", "--directory-prefix")
    for url in options.operands:
        _fetched(url, target, folder, command, step)


def curl(command: Command, step: Step) -> None:
    options = Options(command.words[1:], _CURL_VALUES)
    target = options.value("-o", "--output")
    redirected = [item.target for item in command.redirects if item.operator in (">", "&>", ">|")]
    if target is None and redirected:
        target = redirected[0]
    folder = options.value("--output-dir")
    if target is None and not options.has("-O", "--remote-name", "--remote-name-all"):
        target = None if command.feeder is not None else literal("-")
    for url in options.operands:
        _fetched(url, target, folder, command, step)


def _fetched(url: Text, target: Text | None, folder: Text | None, command: Command, step: Step) -> None:
    note_product(url, command, step)
    if target is not None and target.value == "-":
        return
    name = target or literal(url.value.partition("?")[0].rsplit("/", 1)[-1])
    path = step.path(folder + literal("/") + name if folder is not None else name)
    if path is not None:
        step.files.write(path, Content(url=url, reason="it is downloaded by the build"))


def _possible_archives(url: str) -> list[tuple[str, re.Pattern[str]]]:
    """The products whose words are in a URL; few are, and to compile all expressions takes milliseconds."""
    return [(name, pattern) for name, words, pattern in _ARCHIVES if words in url]


def note_product(url: Text, command: Command, step: Step) -> None:
    """Remembers a known product, until something is made of it."""
    address = url.value.replace("%2B", "+")
    base = address.partition("?")[0]
    for name, pattern in _possible_archives(base):
        match = pattern.search(base)
        if match is None or (name == "cuda" and not re.search(r"\.run|_linux|local_installers", base)):
            continue
        at = url.value.find(match.group("v"))
        part = url.slice(at, at + len(match.group("v"))) if at >= 0 else url
        text = match.group("v").strip(".")
        stem = None if HOLE in text else loose(text)
        versions = None if stem is None else (exactly(stem) if stem.count(".") >= 2 else prefix(stem))
        chain = chain_of(part, url, command, "URL")
        unknown = part.reason if versions is None else ""
        step.pending.append(
            Package("archive", name, versions, "/usr/local", chain, command.certain, unknown, written=url)
        )
        return


def unpack(command: Command, step: Step) -> None:
    """Tar and unzip: libraries are there once unpacked; sources only once they are built."""
    fed = command.feeder.words if command.feeder is not None else ()
    named = " ".join(word.value for word in (*command.words[1:], *fed))
    for item in [item for item in step.pending if item.name in _UNPACKED_SUFFICES and _mentions(named, item)]:
        step.pending.remove(item)
        step.image.packages.append(item)
    _unpack_copied(command, step)


def _unpack_copied(command: Command, step: Step) -> None:
    """An archive of the build context that is unpacked where software stands: nobody looks into it."""
    options = Options(command.words[1:], frozenset({"-C", "--directory", "-d"}))
    folder = options.value("-C", "--directory", "-d") or step.runner.lookup("PWD") or literal("/")
    target = step.path(folder)
    for word in command.words[1:]:
        content = step.content(word)
        if content is None or content.url is not None or not content.name:
            continue
        if target is None or _SOFTWARE.match(target):
            step.hide(f"the archive {content.name} is not looked into", command, NOT_THE_SYSTEM, word)


def build(command: Command, step: Step) -> None:
    """Make install, rpm, an install script: what was downloaded and is built here is now installed."""
    words = [word.value for word in command.words[1:]]
    if command.name in ("make", "ninja") and not any("install" in word for word in words):
        if not _built_here(step):
            step.hide(f"what {command.name} does is not known", command)
        return
    taken = _built_here(step)
    for item in taken:
        step.pending.remove(item)
        aside = "altinstall" in words and item.name == "python"
        step.image.packages.append(replace(item, place=f"{item.place}/altinstall") if aside else item)
    if not taken and not any(step.image.packages.of_manager("archive")):
        step.hide(f"what {command.name} installs is not known", command)


def configure(arguments: tuple[Text, ...], step: Step) -> None:
    """`./configure --prefix=DIR`: where the source that is being built goes."""
    given = Options(arguments, frozenset({"--prefix"})).value("--prefix")
    place = step.path(given) if given is not None else None
    for item in _built_here(step):
        if place is not None:
            step.pending[step.pending.index(item)] = replace(item, place=place)


def _built_here(step: Step) -> list[Package]:
    """The downloaded sources whose folder this is, as far as the working directory tells."""
    cwd = step.runner.lookup("PWD")
    if cwd is None or not cwd.known:
        return list(step.pending)
    return [item for item in step.pending if _FOLDERS[item.name].search(cwd.value)]


_FOLDERS = {
    "openmpi": regex(r"open-?mpi|ompi", re.IGNORECASE),
    "mpich": regex(r"mpich", re.IGNORECASE),
    "intelmpi": regex(r"mpi", re.IGNORECASE),
    "cuda": regex(r"cuda|/", re.IGNORECASE),
    "cudnn": regex(r"cudnn|cuda|/", re.IGNORECASE),
    "nccl": regex(r"nccl", re.IGNORECASE),
    "python": regex(r"python", re.IGNORECASE),
}


def _mentions(named: str, item: Package) -> bool:
    """Whether a command names a downloaded archive, by its product or with a name that is not known."""
    return item.name in named or HOLE in named or "*" in named or item.name not in (item.written or Text()).value


def run_file(command: Command, word: Text, arguments: tuple[Text, ...], step: Step) -> None:
    """A script or installer that is run: a conda installer by its name or URL, a known file's text, else not followed."""
    content = step.content(word)
    named = content.url if content is not None and content.url is not None else word
    if conda_installer(named, arguments, command, step):
        return
    if content is not None and content.mapped is not None:
        step.run_script(content.mapped, command.certain, bash=True if command.name == "bash" else None)
        return
    base = posixpath.basename(word.value)
    if (
        content is not None
        and content.name
        and conda_installer(literal(content.name, word.span), arguments, command, step)
    ):
        return
    archives = _possible_archives(named.value)
    if any(pattern.search(named.value) for _, pattern in archives) or base in ("install.sh", *_CONFIGURE):
        if base in _CONFIGURE:
            configure(arguments, step)
            return
        if not named.value.endswith(".sh") or step.pending:
            build(command, step)
            return
    where = f": {content.reason}" if content is not None and content.reason else ""
    step.hide(f"the script {word.value.replace(HOLE, '…')} cannot be read{where}", command, NOT_THE_SYSTEM, word)


def piped_script(command: Command, step: Step) -> bool:
    """`curl URL | bash`: True where the command reads a script from a pipe."""
    feeder = command.feeder
    if feeder is None or feeder.name not in ("curl", "wget"):
        return feeder is not None
    urls = [word for word in feeder.words[1:] if "://" in word.value]
    if urls and conda_installer(urls[0], command.words[1:], command, step):
        return True
    shown = urls[0].value.replace(HOLE, "…") if urls else "a download"
    if re.search(
        r"rustup|nodesource|nvm-sh|packagecloud|astral\.sh/uv|InstallAzureCLIDeb|install-poetry|ollama|helm", shown
    ):
        return True
    step.hide(f"the script from {shown} is not known before the build", command, NOT_THE_SYSTEM)
    return True


def conda_installer(named: Text, arguments: tuple[Text, ...], command: Command, step: Step) -> bool:
    """Notes what a Miniconda, Anaconda, Miniforge or Mambaforge installer brings; False where the name is none."""
    match = _INSTALLER.search(named.value)
    if match is None:
        return False
    product = (match.group("product") + (match.group("python") or "3")).lower().replace("mambaforge3", "mambaforge")
    product = product.replace("miniforge2", "miniforge3")
    if match.group("flavour") or "-pypy3" in named.value:
        product = "miniforge-pypy3"
    text = (match.group("version") or "latest").removesuffix("-")
    at = match.start("version") if match.group("version") else match.start()
    part = named.slice(at, at + len(match.group("version") or match.group(0)))
    place = _prefix(product, arguments, step)
    brought = step.image.knowledge.installer(product, text)
    if (
        brought is None
        and re.fullmatch(r"\d{1,9}\.\d{1,9}\.\d{1,9}(?:\.\d{1,9})?(?:-\d{1,9})?", text)
        and product != "anaconda3"
    ):
        conda: VersionSet | None = exactly(text.partition("-")[0])
        python: VersionSet | None = None
    else:
        conda = _versions(brought.conda) if brought is not None else None
        python = _versions(brought.python) if brought is not None else None
    if text == "latest" and "://" not in named.value:
        conda = python = None  # a copied file named "latest" is of the day on which it was downloaded
    for name, versions in (("conda", conda), ("python", python)):
        unknown = "" if versions is not None else part.reason or f"which {name} {match.group(0)} brings is not known"
        step.install(
            "installer",
            name,
            named,
            command,
            versions=versions,
            part=part,
            place=place,
            unknown=unknown,
            note="installer",
        )
    return True


def _versions(value: Value | None) -> VersionSet | None:
    return value.versions if value is not None else None


def _prefix(product: str, arguments: tuple[Text, ...], step: Step) -> str:
    """Where an installer puts it: the folder that -p names, else its own in the home directory; "" where that is not known."""
    given = Options(arguments, frozenset({"-p"})).value("-p")
    if given is not None:
        return step.path(given) or ""
    home = step.image.home()
    return f"{home}/{product}" if home is not None else ""
