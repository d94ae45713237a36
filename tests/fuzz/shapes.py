"""Files of unusual size or shape, each of a size that can be chosen: what costs more than its length, shows here.

A shape is a function from a size to the files of a folder; the first is the one that is linted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

Files = Mapping[str, str]
Shape = Callable[[int], Files]
FROM = "FROM ubuntu:20.04\n"


def dockerfile(text: str, **others: str) -> Files:
    """A Dockerfile that starts from Ubuntu, and what stands beside it."""
    return {"Dockerfile": text if "FROM " in text else FROM + text, **others}


def _repeated(line: str, after: str = "") -> Shape:
    """The line so many times, with its number for `{i}` and the one before for `{p}`."""

    def shape(size: int) -> Files:
        lines = "".join(line.replace("{i}", str(i)).replace("{p}", str(i - 1)) for i in range(1, size + 1))
        return dockerfile(lines + after)

    return shape


def _in_one_run(part: str, before: str = "", after: str = "", joint: str = " \\\n") -> Shape:
    """One RUN, with the part so many times."""

    def shape(size: int) -> Files:
        parts = joint.join(part.replace("{i}", str(i)).replace("{p}", str(i - 1)) for i in range(1, size + 1))
        return dockerfile(f"RUN {before}{parts}{after}\n")

    return shape


def _nested(opening: str, middle: str, closing: str, before: str = "RUN echo ") -> Shape:
    """Something that holds itself, so many times."""
    return lambda size: dockerfile(f"{before}{opening * size}{middle}{closing * size}\nRUN apt-get install -y git\n")


def _split(text: str, width: int = 2000) -> str:
    """A long word over lines, as Docker takes no line of more than 64 KiB."""
    return "\\\n".join(text[at : at + width] for at in range(0, len(text), width))


def _stages(line: str, last: str = "RUN true\n") -> Shape:
    def shape(size: int) -> Files:
        stages = (
            f"FROM ubuntu:20.04 AS s{i}\n" + line.replace("{i}", str(i)).replace("{p}", str(i - 1))
            for i in range(1, size)
        )
        return {"Dockerfile": FROM.replace("\n", " AS s0\n") + "".join(stages) + last}

    return shape


def _children_of_much(many: str) -> Shape:
    """Many lines in one stage, and many stages on top of it that are all needed."""

    def shape(size: int) -> Files:
        half = size // 2
        text = "FROM ubuntu:20.04 AS base\n" + "".join(many.replace("{i}", str(i)) for i in range(half))
        text += "".join(f"FROM base AS c{i}\nRUN true\n" for i in range(half)) + FROM
        return {"Dockerfile": text + "".join(f"COPY --from=c{i} /a{i} /a{i}\n" for i in range(half))}

    return shape


def _requirements(line: str, before: str = "") -> Shape:
    def shape(size: int) -> Files:
        text = before + "".join(line.replace("{i}", str(i)) for i in range(size))
        return dockerfile("COPY requirements.txt /r.txt\nRUN pip install -r /r.txt\n", **{"requirements.txt": text})

    return shape


def _included_in_a_row(size: int) -> Files:
    more = {f"r{i}.txt": f"-r r{i + 1}.txt\na{i}\n" for i in range(size)}
    return dockerfile("COPY . /app\nRUN cd /app && pip install -r r0.txt\n", **more)


def _included_twice(size: int) -> Files:
    more = {f"r{i}.txt": f"-r r{i + 1}.txt\n-r r{i + 1}.txt\na{i}\n" for i in range(size)}
    return dockerfile("COPY . /app\nRUN cd /app && pip install -r r0.txt\n", **more)


def _ignored(size: int) -> Files:
    lines = "".join(f"a{i}/**/b*\n" for i in range(size))
    return dockerfile("".join(f"COPY f{i}/x/y /f{i}\n" for i in range(size)), **{".dockerignore": lines})


def _ignored_by_stars(size: int) -> Files:
    return dockerfile(
        f"COPY {'a/' * size}x /x\n", **{".dockerignore": "**/a/" * min(size, 400) + "y\n" + "*a" * size + "\n"}
    )


def _conda(line: str, before: str = "name: a\ndependencies:\n", after: str = "") -> Shape:
    def shape(size: int) -> Files:
        text = (
            before + "".join(line.replace("{i}", str(i)).replace("{p}", str(i - 1)) for i in range(1, size + 1)) + after
        )
        return {"environment.yml": text}

    return shape


def _conda_in_image(size: int) -> Files:
    text = "dependencies:\n" + "".join(f"  - p{i}=1.{i}\n" for i in range(size))
    run = "COPY environment.yml /e.yml\nRUN conda env update -n base -f /e.yml\n"
    return {"Dockerfile": "FROM continuumio/miniconda3:4.9.2\n" + run, "environment.yml": text}


def _inference_config(size: int) -> Files:
    environment = {
        "name": "e",
        "docker": {"baseImage": "a"},
        "python": {"condaDependencies": {"dependencies": ["a"] * size}},
    }
    return {"inferenceconfig.json": json.dumps({"entryScript": "score.py", "environment": environment}, indent=1)}


def _azureml_environment(text: str) -> Files:
    return {"azureml_environment.json": text}


def _sdk(line: str, before: str = "from azureml.core import Environment\nenv = Environment('a')\n") -> Shape:
    return lambda size: {"deploy.py": before + "".join(line.replace("{i}", str(i)) for i in range(size))}


_IF = "if [ -f /a ]; then "
_FOR = "for x in a b; do "

SHAPES: Mapping[str, Shape] = {
    # --- instructions
    "apt-get, a RUN each": _repeated("RUN apt-get update && apt-get install -y p{i}\n"),
    "pip, a RUN each": _repeated("RUN pip install p{i}==1.{i}\n"),
    "pip, the same again": _repeated("RUN pip install flask==1.{i}\n"),
    "a venv each": _repeated("RUN python3 -m venv /v{i} && /v{i}/bin/pip install a\n"),
    "a conda environment each": _repeated("RUN conda create -n e{i} python=3.8 && conda run -n e{i} pip install a\n"),
    "a conda each": _repeated("RUN wget https://example.org/Miniconda3-{i}.sh && bash Miniconda3-{i}.sh -b -p /c{i}\n"),
    "pip, installed and removed": _repeated("RUN pip install a{i} && pip uninstall -y a{p}\n"),
    "pip, the same without a version": _repeated("RUN pip install flask\n"),
    "conda, a RUN each": _repeated("RUN conda install -y p{i}=1.{i}\n"),
    "rm after installs": _repeated("RUN pip install p{i}\nRUN rm -rf /opt/p{i}/* /usr/bin/p*\n"),
    "apt-get remove after installs": _repeated("RUN apt-get install -y p{i}\n", "RUN apt-get remove -y p1 p2\n" * 100),
    "downloads": _repeated("RUN wget https://example.org/f{i}.sh -O /f{i}.sh && bash /f{i}.sh\n"),
    "ARG each built from the last": _repeated("ARG A{i}=${A{p}}y\n"),
    "ARG before FROM": lambda size: {"Dockerfile": "".join(f"ARG A{i}=${{A{i - 1}}}y\n" for i in range(size)) + FROM},
    "ARG that nothing sets": _repeated("ARG A{i}\nENV B{i}=$A{i}\n"),
    "ARG of nested defaults": _repeated("ARG A{i}=${B:-${C:-${D:-$A{p}}}}\n"),
    "ARG that cannot be expanded": _repeated("ARG A{i}=${A{p}\n"),
    "ARG that doubles": _repeated("ARG A=$A${A:-ab}\n"),
    "ENV each built from the last": _repeated("ENV A{i}=${A{p}}y\n"),
    "ENV PATH that grows": _repeated("ENV PATH=/p{i}:$PATH\n"),
    "ENV and RUN in turn": _repeated("ENV A{i}=b\nRUN echo $A{i} && pip install $A{i}\n"),
    "LABEL": _repeated("LABEL a{i}=b c{i}='d e'\n"),
    "LABEL pairs in one": lambda size: dockerfile("LABEL " + " \\\n".join(f"a{i}=b" for i in range(size)) + "\n"),
    "EXPOSE": _repeated("EXPOSE {i}\n"),
    "WORKDIR relative": _repeated("WORKDIR a{i}\n"),
    "USER": _repeated("USER u{i}\n"),
    "CMD": _repeated('CMD ["a", "{i}"]\n'),
    "HEALTHCHECK": _repeated("HEALTHCHECK CMD curl localhost:{i}\n"),
    "COPY": _repeated("COPY a{i} /a{i}\n", "RUN pip install -r /a1/requirements.txt\n"),
    "COPY and pip -r": _repeated("COPY a{i} /a{i}\nRUN pip install -r /a{i}/requirements.txt\n"),
    "unknown instructions": _repeated("FOO{i} bar\n"),
    "broken instructions": _repeated("COPY\nENV A\n"),
    "one file appended to": _repeated("RUN echo p{i} >> /r.txt\n", "RUN pip install -r /r.txt\n"),
    "ln -s in a row": _repeated("RUN ln -s /opt/l{p} /opt/l{i}\n", "RUN ln -s /opt/l1 /usr/bin/python\n"),
    "useradd and chown": _repeated("RUN useradd u{i} && chown -R u{i} /home/u{i}\n"),
    "SHELL in turn": _repeated('SHELL ["/bin/bash", "-c"]\nRUN a{i}\n'),
    "comments": _repeated("# a comment of some length {i}\n"),
    "blank lines": _repeated("\n"),
    # --- one RUN
    "RUN of && ": _in_one_run("apt-get install -y p{i}", joint=" && \\\n"),
    "RUN of ; ": _in_one_run("echo p{i}", joint="; \\\n"),
    "RUN of || ": _in_one_run("pip install p{i}", joint=" || \\\n"),
    "RUN of | ": _in_one_run("cat{i}", joint=" | \\\n"),
    "RUN of & ": _in_one_run("sleep {i}", joint=" & \\\n"),
    "RUN of words": _in_one_run("p{i}", before="apt-get install -y "),
    "RUN of pip words": _in_one_run("p{i}==1.{i}", before="pip install "),
    "RUN of conda words": _in_one_run("p{i}=1.{i}", before="conda install -y "),
    "RUN of one word": lambda size: dockerfile(f"RUN echo {_split('a' * size)}\n"),
    "RUN of one quoted word": lambda size: dockerfile(f"RUN echo '{_split('a b ' * size)}'\n"),
    "RUN of escaped line ends": lambda size: dockerfile(
        "RUN printf '" + f"line{chr(92)}n{chr(92)}\n" * size + "' > /r\n"
    ),
    "RUN of one quoted expansion": lambda size: dockerfile(f'RUN echo "{_split("$A b " * size)}"\n'),
    "RUN of one line": lambda size: dockerfile(f"RUN {'echo a; ' * size}echo b\n"),
    "RUN of unclosed quotes": lambda size: dockerfile("RUN " + "echo 'a; " * size + "\n"),
    "RUN of syntax errors": _in_one_run("fi; done; ) }", joint=" \\\n"),
    "RUN of (": lambda size: dockerfile(f"RUN {_split('( ' * size)}\n"),
    "RUN of {": lambda size: dockerfile(f"RUN {_split('{ ' * size)}\n"),
    "RUN of <": lambda size: dockerfile(f"RUN {_split('a < b ' * size)}\n"),
    "RUN of $": lambda size: dockerfile(f"RUN echo {_split('$' * size)}\n"),
    "RUN of backslashes": lambda size: dockerfile(f"RUN echo {_split(chr(92) * 2 * size)}x\n"),
    "RUN of redirections": _in_one_run("echo a{i} > /f{i}", joint=" && \\\n"),
    "RUN of appends": _in_one_run("echo a{i} >> /f", joint=" && \\\n", after=" && pip install -r /f"),
    "RUN of cd": _in_one_run("cd a{i}", joint=" && \\\n"),
    "RUN of assignments": _in_one_run("A{i}=${A{p}}y", joint="; \\\n"),
    "RUN of exports": _in_one_run("export A{i}=$A{p}", joint=" && \\\n", after=" && pip install a"),
    "RUN of one variable used": _in_one_run("$X", before="X='apt-get install -y '; ", joint=" && \\\n"),
    "RUN of if": _in_one_run("if [ $A{i} = b ]; then apt-get install -y p{i}; fi", joint="; \\\n"),
    "RUN of case": _in_one_run("p{i}) apt-get install -y p{i} ;;", before="case $A in ", after=" esac"),
    "RUN of for": _in_one_run("p{i}", before="for x in ", after="; do apt-get install -y $x; done"),
    "RUN of for, twice": _in_one_run("for x in a b c; do pip install $x; done", joint="; \\\n"),
    "RUN of functions": _in_one_run("f{i}() { pip install p{i}; }; f{i}", joint="; \\\n"),
    "RUN of functions, called later": _in_one_run(
        "f{i}() { f{p}; }", joint="; \\\n", before="f0() { true; }; ", after="; f1"
    ),
    "RUN of subshells": _in_one_run("(cd a{i} && pip install p{i})", joint=" && \\\n"),
    "RUN of substitutions": _in_one_run("pip install $(cat a{i})", joint=" && \\\n"),
    "RUN of eval": _in_one_run("eval 'pip install p{i}'", joint=" && \\\n"),
    "RUN of sh -c": _in_one_run("sh -c 'pip install p{i}'", joint=" && \\\n"),
    "RUN of exits": _in_one_run("[ -f /a{i} ] || exit 1", joint="; \\\n"),
    "RUN of set -e": _in_one_run("set -e; set +e; a{i}", joint="; \\\n"),
    "RUN of trap": _in_one_run("trap 'rm -f /a{i}' EXIT", joint="; \\\n"),
    "RUN of braces": _in_one_run("p{a,b}{i}", before="apt-get install -y "),
    "RUN with flags": lambda size: dockerfile(
        "RUN " + " \\\n".join(f"--mount=type=cache,target=/c{i}" for i in range(size)) + " true\n"
    ),
    "RUN with 100,000 blank continuations": lambda size: dockerfile(
        "RUN apt-get install -y \\\n" + "\\\n" * size + "git\n"
    ),
    "RUN with comments between": lambda size: dockerfile(
        "RUN apt-get install -y \\\n" + "# note\n\n  a \\\n" * size + "git\n"
    ),
    "RUN in JSON": lambda size: dockerfile("RUN [" + ", \\\n".join(f'"a{i}"' for i in range(size)) + "]\n"),
    # --- nested
    "nested $(": _nested("$(echo ", "a", ")"),
    "nested `": lambda size: dockerfile("RUN echo " + "`echo " * size + "a" + "`" * size + "\n"),
    'nested "$(': _nested('"$(echo ', "a", ')"'),
    "nested ( ": _nested("( ", "true", " )", before="RUN "),
    "nested { ": _nested("{ ", "true; ", " };", before="RUN "),
    "nested if": _nested(_IF, "apt-get install -y git", "; fi", before="RUN "),
    "nested else": lambda size: dockerfile(f"RUN {(_IF + 'a; else ') * size} b {'; fi' * size}\n"),
    "nested elif": lambda size: dockerfile(f"RUN {_IF} a; {'elif [ -f /b ]; then c; ' * size} fi\n"),
    "nested for": _nested(_FOR, "apt-get install -y git", "; done", before="RUN "),
    "nested while": _nested("while true; do ", "apt-get install -y git", "; done", before="RUN "),
    "nested case": _nested("case $A in a) ", "apt-get install -y git", " ;; esac", before="RUN "),
    "nested functions": _nested("f() { ", "apt-get install -y git", "; }; f", before="RUN "),
    "functions that double": lambda size: dockerfile(
        "RUN f0() { pip install a; }; "
        + "".join(f"f{i}() {{ f{i - 1}; f{i - 1}; }}; " for i in range(1, size))
        + f"f{size - 1}\n"
    ),
    "variables that double": _in_one_run("A=$A$A", before="A='pip install a; '; ", joint="; \\\n", after="; eval $A"),
    "eval of itself": _in_one_run('A="eval \\"$A\\""', before="A=true; ", joint="; \\\n", after="; eval $A"),
    "nested eval": _nested("eval ", "apt-get install -y git", "", before="RUN "),
    "nested sh -c": lambda size: dockerfile("RUN " + "sh -c " * size + "apt-get\n"),
    "nested sudo": _nested("sudo ", "apt-get install -y git", "", before="RUN "),
    "nested env": _nested("env A=b ", "apt-get install -y git", "", before="RUN "),
    "nested ! ": _nested("! ", "apt-get install -y git", "", before="RUN "),
    "nested ${A:-": _nested("${A:-", "x", "}", before="ARG B="),
    "nested ${A:- unclosed": _nested("${A:-", "x", "", before="ARG B="),
    "nested ${A:- in RUN": _nested("${A:-", "x", "}"),
    "nested ${A/": _nested("${A/", "x", "}", before="ARG B="),
    "nested $((": _nested("$(( 1 + ", "1", " ))"),
    "nested [": lambda size: dockerfile(f"CMD {'[' * size}{']' * size}\n"),
    "nested [[ ( ": lambda size: dockerfile(f"RUN [[ {'( ' * size}a {') ' * size}]]\n"),
    "nested ONBUILD": lambda size: dockerfile("ONBUILD " * size + "RUN a\n"),
    "nested braces": _nested("{a,", "b", "}"),
    "unclosed braces": _nested("{a,", "b", ""),
    # --- patterns and braces
    "a range of braces": lambda size: dockerfile(f"RUN apt-get install -y p{{1..{size}}}\n"),
    "braces that multiply": lambda size: dockerfile(f'SHELL ["bash", "-c"]\nRUN apt-get install -y {"{a,b}" * size}\n'),
    "alternatives in braces": lambda size: dockerfile(
        'SHELL ["bash", "-c"]\nRUN apt-get install -y {' + ",".join(f"p{i}" for i in range(size)) + "}\n"
    ),
    "stars": lambda size: dockerfile(f"RUN rm -rf /{'*a' * size}b\nRUN [ a = {'*a' * size} ] && b\n"),
    "stars of COPY": lambda size: dockerfile(f"COPY {'*a' * size} /x/\n", **{"a" * 200: ""}),
    "stars of case": lambda size: dockerfile(f"RUN case {'a' * size} in {'*a' * size}b) pip install a;; esac\n"),
    "stars of a pattern": lambda size: dockerfile(f"ARG A={'a' * size}\nARG B=${{A##{'*a' * (size // 2)}b}}\n"),
    "replaced everywhere": lambda size: dockerfile(f"ARG A={'ab' * size}\nARG B=${{A//a/xyz}}\n"),
    # --- heredocs
    "heredoc of commands": lambda size: dockerfile(
        "RUN <<EOF\n" + "".join(f"pip install p{i}\n" for i in range(size)) + "EOF\n"
    ),
    "heredoc of text": lambda size: dockerfile("COPY <<EOF /f\n" + "a line of text\n" * size + "EOF\n"),
    "heredoc of Python": lambda size: dockerfile("RUN python3 <<EOF\n" + "print(1)\n" * size + "EOF\n"),
    "heredoc of requirements": lambda size: dockerfile(
        "COPY <<EOF /r.txt\n" + "".join(f"p{i}==1.{i}\n" for i in range(size)) + "EOF\nRUN pip install -r /r.txt\n"
    ),
    "heredocs": _repeated("COPY <<EOF /f{i}\na\nEOF\n"),
    "heredocs of one RUN": lambda size: dockerfile(
        "RUN " + " ".join(f"<<E{i}" for i in range(size)) + " cat\n" + "".join(f"a\nE{i}\n" for i in range(size))
    ),
    "heredocs that are not closed": lambda size: dockerfile("RUN <<A\n" + "RUN <<B\n" * size),
    "heredocs in a shell heredoc": lambda size: dockerfile("RUN <<EOF\n" + "cat > /f <<E\nx\nE\n" * size + "EOF\n"),
    "heredoc with tabs": lambda size: dockerfile("RUN <<-EOF\n" + "\tpip install a\n" * size + "\tEOF\n"),
    "many <<": lambda size: dockerfile(f"RUN echo {_split('<<< ' * size)}\n"),
    # --- stages
    "stages that nothing needs": _stages("RUN pip install p{i}\n"),
    "stages on top of each other": lambda size: {
        "Dockerfile": "FROM ubuntu:20.04 AS s0\n"
        + "".join(f"FROM s{i - 1} AS s{i}\nRUN pip install p{i}\n" for i in range(1, size))
    },
    "stages with ENV on top of each other": lambda size: {
        "Dockerfile": "FROM ubuntu:20.04 AS s0\n"
        + "".join(f"FROM s{i - 1} AS s{i}\nENV A{i}=b\n" for i in range(1, size))
    },
    "stages that copy from the last": _stages("RUN pip install p{i}\nCOPY --from=s{p} / /\n"),
    "stages that copy from the first": _stages("COPY --from=s0 /a{i} /a{i}\n"),
    "stages all copied from": lambda size: {
        "Dockerfile": "".join(f"FROM ubuntu:20.04 AS s{i}\nRUN pip install p{i}\n" for i in range(size // 2))
        + FROM
        + "".join(f"COPY --from=s{i} / /\n" for i in range(size // 2))
    },
    "stages with mounts": _stages("RUN --mount=from=s{p},target=/x cp -r /x/a /a\n"),
    "stages of one name": lambda size: {
        "Dockerfile": "".join("FROM ubuntu:20.04 AS s\nCOPY --from=s / /\n" for _ in range(size))
    },
    "children of many ENV": _children_of_much("ENV A{i}=b\n"),
    "children of many packages": _children_of_much("RUN pip install p{i}\n"),
    "children of many ONBUILD": _children_of_much("ONBUILD RUN pip install p{i}\n"),
    "children of many files": _children_of_much("COPY a{i} /a{i}\n"),
    "children of many written files": _children_of_much("RUN echo a > /f{i}\n"),
    # --- other files
    "requirements": _requirements("p{i}==1.{i}\n"),
    "requirements with hashes": _requirements("p{i}==1.{i} \\\n    --hash=sha256:0\n"),
    "requirements with markers": _requirements("p{i}==1.{i} ; python_version < '3.{i}' and sys_platform == 'linux'\n"),
    "requirements with many clauses": lambda size: dockerfile(
        "COPY requirements.txt /r.txt\nRUN pip install -r /r.txt\n",
        **{"requirements.txt": "a" + ",".join(f"!=1.{i}" for i in range(size)) + "\n"},
    ),
    "requirements with nested markers": lambda size: dockerfile(
        "COPY requirements.txt /r.txt\nRUN pip install -r /r.txt\n",
        **{"requirements.txt": "a; " + "(" * size + "python_version<'3'" + ")" * size + "\n"},
    ),
    "requirements with a long version": lambda size: dockerfile(f"RUN pip install a=={'1' * size} b=={'1.' * size}1\n"),
    "requirements of one line": _requirements("p{i} "),
    "requirements continued": _requirements(" \\\n", before="a=="),
    "requirements that include in a row": _included_in_a_row,
    "requirements that include twice": _included_twice,
    "requirements that include themselves": _requirements("-r requirements.txt\n"),
    ".dockerignore": _ignored,
    ".dockerignore of stars": _ignored_by_stars,
    "conda file in an image": _conda_in_image,
    "script in the context": lambda size: dockerfile(
        "COPY i.sh /i.sh\nRUN bash /i.sh\n", **{"i.sh": "".join(f"pip install p{i}\n" for i in range(size))}
    ),
    "script that runs itself": lambda size: dockerfile(
        "COPY i.sh /i.sh\nRUN bash /i.sh\n", **{"i.sh": "bash /i.sh\n" * size}
    ),
    "scripts that double": lambda size: dockerfile(
        "COPY . /\nRUN bash /i0.sh\n", **{f"i{i}.sh": f"bash /i{i + 1}.sh\nbash /i{i + 1}.sh\n" for i in range(size)}
    ),
    "scripts in a row": lambda size: dockerfile(
        "COPY . /\nRUN bash /i0.sh\n", **{f"i{i}.sh": f"bash /i{i + 1}.sh\n" for i in range(size)}
    ),
    # --- environments
    "conda file": _conda("  - p{i}=1.{i}\n"),
    "conda file with pip": _conda("    - p{i}==1.{i}\n", before="name: a\ndependencies:\n  - pip:\n"),
    "conda file of anchors": _conda(
        "a{i}: &a{i} [*a{p}, *a{p}, *a{p}]\n", before="a0: &a0 [x]\n", after="dependencies: *a1\n"
    ),
    "conda file of doubled anchors": _conda(
        "a{i}: &a{i} {x: *a{p}, y: *a{p}}\n", before="a0: &a0 {x: y}\n", after="dependencies: [python=3.8]\n"
    ),
    "conda file of merges": _conda(
        "a{i}: &a{i}\n  <<: *a{p}\n  k{i}: v\n", before="a0: &a0 {x: y}\n", after="dependencies: []\n"
    ),
    "conda file of one alias": lambda size: {
        "environment.yml": "x: &x [" + "a, " * size + "]\ndependencies:\n" + "  - *x\n" * size
    },
    "conda file nested in flow": lambda size: {"environment.yml": "dependencies: " + "[" * size + "]" * size + "\n"},
    "conda file nested in maps": lambda size: {"environment.yml": "dependencies: " + "{a: " * size + "}" * size + "\n"},
    "conda file nested in blocks": lambda size: {
        "environment.yml": "".join(" " * i + "a:\n" for i in range(min(size, 3000))) + "dependencies: []\n"
    },
    "conda file nested in dashes": lambda size: {"environment.yml": "dependencies:\n  " + "- " * size + "a\n"},
    "conda file of one scalar": lambda size: {
        "environment.yml": "dependencies:\n  - python=3.8\nx: >\n" + "  word word\n" * size
    },
    "conda file of a quoted scalar": lambda size: {"environment.yml": 'dependencies: ["' + "a b " * size + '"]\n'},
    "conda file of documents": lambda size: {"environment.yml": "dependencies: [a]\n" + "---\na: b\n" * size},
    "conda file of keys": _conda("k{i}: v\n", after="dependencies: [a]\n", before=""),
    "conda file of the same key": _conda("dependencies: [a]\n", before=""),
    "inference config": _inference_config,
    "JSON nested in arrays": lambda size: _azureml_environment(
        '{"name": "a", "docker": ' + "[" * size + "]" * size + "}"
    ),
    "JSON nested in objects": lambda size: _azureml_environment('{"name": ' + '{"a":' * size + "1" + "}" * size + "}"),
    "JSON of keys": lambda size: _azureml_environment(
        json.dumps({"name": "a", "docker": {}, **{f"k{i}": i for i in range(size)}})
    ),
    "JSON of one string": lambda size: _azureml_environment(json.dumps({"name": "a" * size, "docker": {}})),
    "JSON of escapes": lambda size: _azureml_environment('{"name": "' + "\\u0041" * size + '", "docker": {}}'),
    "JSON of one number": lambda size: _azureml_environment('{"docker": {}, "name": ' + "1" * size + "}"),
    "JSON that is not closed": lambda size: _azureml_environment('{"name": "a", "docker": ' + '{"a": [' * size),
    "SDK code": _sdk("env.python.conda_dependencies.add_pip_package('p{i}')\n"),
    "SDK environments": _sdk("e{i} = Environment('n{i}')\ne{i}.docker.base_image = 'a'\n"),
    "SDK variables in a row": _sdk(
        "v{i} = v0 + 'a'\n", before="from azureml.core import Environment\nv0 = 'a'\ne = Environment(v0)\n"
    ),
    "SDK one sum": lambda size: {
        "deploy.py": "from azureml.core import Environment\ne = Environment(" + "'a' + " * size + "'b')\n"
    },
    "SDK nested calls": lambda size: {
        "deploy.py": "from azureml.core import Environment\ne = " + "f(" * size + ")" * size + "\n"
    },
    "SDK attributes": lambda size: {
        "deploy.py": "from azureml.core import Environment\ne = Environment('a')\ne" + ".a" * size + " = 1\n"
    },
    "SDK one list": lambda size: {
        "deploy.py": "from azureml.core import Environment\ne = Environment('a')\nx = [" + "1, " * size + "]\n"
    },
    "SDK doubled variables": lambda size: {
        "deploy.py": "from azureml.core import Environment\nv0 = 'a'\n"
        + "".join(f"v{i} = v{i - 1} + v{i - 1}\n" for i in range(1, size))
        + f"e = Environment(v{size - 1})\n"
    },
}
"""By a name for people."""
