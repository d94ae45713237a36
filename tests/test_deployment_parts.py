"""Expectations, requests, routes, logs, secrets and files: the parts of a deployment that need no container."""

from __future__ import annotations

import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from amlcheck.deployment.assembling import APP_ROOT, Assembly, archive, assemble
from amlcheck.deployment.container import parse_listening
from amlcheck.deployment.endpoint_file import read_routes
from amlcheck.deployment.expectation import parse_expectation
from amlcheck.deployment.failures import Observation, classify, known_failures, observe, read_failures
from amlcheck.deployment.jsonpath import parse_path
from amlcheck.deployment.log import chains, lines_of, shown_lines, shown_traceback
from amlcheck.deployment.model import Answer, Ending, Exchange, Outcome, Request, Stage
from amlcheck.deployment.options import DeployOptions, Route, Routes, parse_route
from amlcheck.deployment.payload import SAMPLE, bad_requests, from_swagger, parse_header, parse_request
from amlcheck.deployment.redaction import Redaction
from amlcheck.errors import AmlcheckError, ConfigError
from amlcheck.image.config import ImageConfig


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode(), 0.0)


class TestExpectations:
    @pytest.mark.parametrize(
        ("expected", "found"),
        [
            ("[55, 55]", [55, 55]),
            ("[0.3]", [0.1 + 0.2]),
            ("[1.0]", [1]),
            ('{"a": {"b": [1, null, true]}}', {"a": {"b": [1, None, True]}}),
            ("$[1]=55", [0, 55]),
            ("$.result[-1].score == 0.5", {"result": [{"score": 0.5000000001}]}),
            ("$['a b'][*]=[1,2]", {"a b": [1, 2]}),
            ("$.result", {"result": None}),
            ('{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "minItems": 2}', [1, 2]),
            ("200", b"anything"),
            ("NaN", float("nan")),
        ],
    )
    def test_met(self, expected: str, found: Any) -> None:
        assert parse_expectation(expected).differences(answer(found)) == ()

    @pytest.mark.parametrize(
        ("expected", "found", "says"),
        [
            ("[55, 55]", [55, 54], "$[1]: 55 expected, 54 found"),
            ("[55, 55]", [55], "$: 2 items expected, 1 found"),
            ("[0.3]", [0.30001], "$[0]: 0.3 expected, 0.30001 found"),
            ("[1]", [True], "$[0]: 1 expected, true found"),
            ("[1]", ["1"], '$[0]: 1 expected, "1" found'),
            ('{"a": 1}', {"b": 1}, "$.a: 1 expected, and it is missing"),
            ('{"a": 1}', {"a": 1, "b c": 2}, '$["b c"]: not expected: 2'),
            ("[55, 55]", "[55, 55]", "not json.dumps(value)"),
            ("[55, 55]", b"<html>", "JSON expected, and the answer is none"),
            ("$.result[3]=1", {"result": [1]}, "$.result[3]: nothing is there"),
            ("$.result=1", {"result": 2}, "$.result: 1 expected, 2 found"),
            (
                '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array"}',
                {},
                "is not of type 'array'",
            ),
            ("[12345678901234567890]", [12345678901234567891], "12345678901234567890 expected"),
            ("[1]", b"[" * 100_000, "nested too deeply"),
            ("[" * 300 + "]" * 300, json.loads("[" * 300 + "1" + "]" * 300), "nested too deeply"),
        ],
    )
    def test_not_met(self, expected: str, found: Any, says: str) -> None:
        assert says in "\n".join(parse_expectation(expected).differences(answer(found)))

    def test_a_status(self) -> None:
        assert parse_expectation("400").differences(answer(b"", 400)) == ()
        assert parse_expectation("400").differences(answer(b"")) == ("status 400 expected, 200 found",)

    def test_the_tolerance(self) -> None:
        assert parse_expectation("[100.0]", 0.01).differences(answer([100.9])) == ()
        assert parse_expectation("[100.0]", 0.001).differences(answer([100.9]))

    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "expected.json"
        path.write_text("[55, 55]")
        assert parse_expectation(str(path)).differences(answer([55, 55])) == ()

    def test_many_differences_are_cut(self) -> None:
        found = parse_expectation(json.dumps(list(range(100)))).differences(answer([-1] * 100))
        assert len(found) == 13
        assert found[-1] == "… and more"

    @pytest.mark.parametrize(
        "text", ["{", "no-such-file.json", "$.a[", "$..a=1", "$.a=", '{"$schema": 1}', "\0", "x" * 5000]
    )
    def test_refused(self, text: str) -> None:
        with pytest.raises(AmlcheckError):
            parse_expectation(text)

    def test_paths(self) -> None:
        path, rest = parse_path('$.a[\'b c\']["d\\"e"][0][-1].*[*] = 5')
        assert path.steps[:5] == ("a", "b c", 'd"e', 0, -1)
        assert rest == "= 5"
        assert not path.one


class TestRequests:
    def test_json(self) -> None:
        request = parse_request('{"data": [1]}', "", [("X-A", "b")])
        assert (request.body, request.content_type, request.headers) == (
            b'{"data": [1]}',
            "application/json",
            (("X-A", "b"),),
        )

    def test_a_file_with_its_type(self, tmp_path: Path) -> None:
        path = tmp_path / "digit.png"
        path.write_bytes(b"\x89PNG")
        assert parse_request(str(path)).content_type == "image/png"
        assert parse_request(str(path), "application/x-digit").content_type == "application/x-digit"

    def test_text_of_another_type(self) -> None:
        assert parse_request("1,2,3", "text/csv").body == b"1,2,3"

    @pytest.mark.parametrize("text", ["{", "missing.json"])
    def test_refused(self, text: str) -> None:
        with pytest.raises(AmlcheckError, match="neither a file nor JSON"):
            parse_request(text)

    @pytest.mark.parametrize("text", ["X-A", "X A: b", "X-A: b\r\nEvil: c", ": b", "X-A: \x00"])
    def test_headers_refused(self, text: str) -> None:
        with pytest.raises(AmlcheckError):
            parse_header(text)

    def test_the_sample(self) -> None:
        assert json.loads(SAMPLE.body) == {"data": [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]]}

    def test_bad_ones(self) -> None:
        bad = bad_requests(SAMPLE)
        assert [request.name for request in bad] == [
            "malformed JSON",
            "an empty body",
            "a wrong content type",
            "a wrong method",
            "a wrong path",
            "a body of 10 MB",
        ]
        assert len(bad[-1].body) == 10_000_000
        json.loads(bad[-1].body)

    @pytest.mark.parametrize(
        "document",
        [
            {
                "paths": {"/score": {"post": {"parameters": [{"in": "body", "schema": {"$ref": "#/definitions/In"}}]}}},
                "definitions": {"In": {"example": {"data": [[1]]}}},
            },
            {
                "paths": {
                    "/api/score": {
                        "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/c/In"}}}}}
                    }
                },
                "c": {"In": {"example": {"data": [[1]]}}},
            },
        ],
    )
    def test_swagger(self, document: Any) -> None:
        for sent in (document, json.dumps(document)):
            request = from_swagger(answer(sent))
            assert request is not None
            assert json.loads(request.body) == {"data": [[1]]}

    @pytest.mark.parametrize(
        "document",
        [
            b"",
            b"[" * 100_000,
            [],
            {"paths": []},
            {
                "paths": {"/score": {"post": {"parameters": [{"in": "body", "schema": {"$ref": "#/a"}}]}}},
                "a": {"$ref": "#/a"},
            },
            {"paths": {"/score": {"post": {"parameters": [{"in": "body", "schema": {"example": {}}}]}}}},
            {"paths": {"/score": {"post": {"parameters": [{"in": "body", "schema": {"$ref": "http://x/#/a"}}]}}}},
            {"paths": {"/other": {"post": {"parameters": [{"in": "body", "schema": {"example": {"a": 1}}}]}}}},
        ],
    )
    def test_swagger_without_an_example(self, document: Any) -> None:
        assert from_swagger(answer(document)) is None


class TestRoutes:
    def test_written(self) -> None:
        assert parse_route("8080/v1/health", "--liveness") == Route(8080, "/v1/health")
        assert parse_route("8080", "--liveness") == Route(8080, "/")
        assert parse_route("/health", "--liveness") == Route(5001, "/health")

    @pytest.mark.parametrize("text", ["", "0/x", "70000/x", "eighty/x", "80/a b", "80/a\r\nb"])
    def test_refused(self, text: str) -> None:
        with pytest.raises(AmlcheckError):
            parse_route(text, "--liveness")

    ROUTES = (
        "inference_config:\n  liveness_route: {port: 8080, path: /live}\n  readiness_route: {port: 8080, path: /ready}\n"
        "  scoring_route:\n    port: 8081\n    path: v1/predict\n"
    )

    @pytest.mark.parametrize("nested", [False, True])
    def test_in_a_file(self, tmp_path: Path, nested: bool) -> None:
        path = tmp_path / "deployment.yml"
        text = "environment:\n" + "".join(f"  {line}\n" for line in self.ROUTES.splitlines()) if nested else self.ROUTES
        path.write_text(text)
        assert read_routes(path) == Routes(Route(8080, "/live"), Route(8080, "/ready"), Route(8081, "/v1/predict"))

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("name: x\n", "has no inference_config"),
            ("inference_config:\n  liveness_route: {port: 1, path: /}\n", "readiness_route is missing"),
            (ROUTES.replace("8081", "many"), "'many' is no port"),
            (ROUTES.replace("path: v1/predict", "route: x"), "scoring_route: write it with port"),
            ("a: [", "not valid YAML"),
            ("", "has no inference_config"),
        ],
    )
    def test_files_refused(self, tmp_path: Path, text: str, says: str) -> None:
        path = tmp_path / "deployment.yml"
        path.write_text(text)
        with pytest.raises(ConfigError, match=says):
            read_routes(path)


class TestSecrets:
    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            ("AccountName=a;AccountKey=c2VjcmV0c2VjcmV0;EndpointSuffix=b", "c2VjcmV0"),
            ("https://user:hunter2@host/path", "hunter2"),
            ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "abcdefgh"),
            ("'authorization': 'Basic dXNlcjpwYXNz'", "dXNlcjpw"),
            ("https://x.blob/c?sv=2020-01-01&sig=abc%2Bdef%3D", "abc%2Bdef"),
            ("password='hunter2'", "hunter2"),
            ('{"client_secret": "hunter22"}', "hunter22"),
            ("API_KEY=sk-1234567890", "sk-1234567890"),
            ("token: eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK", "SflKxwRJSMeK"),
            ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----", "MIIEabc"),
            ("the value is opensesame!", "opensesame!"),
        ],
    )
    def test_hidden(self, text: str, secret: str) -> None:
        found = Redaction({"STORE_PASSWORD": "opensesame!", "WORKER_COUNT": "1"})(text)
        assert secret not in found
        assert "***" in found

    @pytest.mark.parametrize(
        "text",
        ["KeyError: 'threshold'", 'File "/var/azureml-app/score.py", line 3, in run', "http://127.0.0.1:5001/score"],
    )
    def test_all_else_stays(self, text: str) -> None:
        assert Redaction()(text) == text

    @pytest.mark.parametrize(
        "unit", ["a.", "pass-", "key=", "x:", "=", "-----BEGIN PRIVATE KEY-----", "https://a:", "Bearer "]
    )
    def test_time_is_linear(self, unit: str) -> None:
        text = unit * (300_000 // len(unit))
        begun = time.process_time()
        Redaction({"A_TOKEN": "abcd"})(text)
        assert time.process_time() - begun < 3


LOG = """\
2026-11-21 09:40:40,369 E [8645] azmlinfsrv - User's init function failed
2026-11-21 09:40:40,369 E [8645] azmlinfsrv - Encountered Exception Traceback (most recent call last):
  File "/opt/x/azureml_inference_server_http/server/user_script.py", line 119, in invoke_init
    self._user_init()
  File "/var/azureml-app/score.py", line 3, in init
    raise ValueError("first line\\nsecond line")
ValueError: first line
second line

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/x/azureml_inference_server_http/server/aml_blueprint.py", line 109, in setup
    self.user_script.invoke_init()
azureml_inference_server_http.server.user_script.UserScriptException: Caught an unhandled exception from the user script

2026-11-21 09:40:40,370 I [8645] gunicorn.error - Worker exiting (pid: 8645)
"""


class TestLogs:
    def test_the_exception_of_the_user(self) -> None:
        (chain,) = chains(lines_of(LOG))
        assert chain.wrapper == "UserScriptException"
        (raised,) = chain.of_user
        assert (raised.kind, raised.message) == ("ValueError", "first line\nsecond line")
        shown = "\n".join(shown_traceback(chain))
        assert "user_script.py" not in shown
        assert 'score.py", line 3' in shown
        assert shown.endswith("ValueError: first line\nsecond line")

    def test_a_log_that_stops_in_a_traceback(self) -> None:
        for cut in range(len(LOG)):
            assert len(chains(lines_of(LOG[:cut]))) <= 1

    def test_hostile_lines(self) -> None:
        """Neither their length nor their number makes reading slow."""
        text = "Traceback (most recent call last):\n" * 20_000 + '  File "' + "x" * 100_000 + "\n" * 50_000
        begun = time.process_time()
        lines = lines_of(text)
        chains(lines)
        shown_lines(lines)
        assert time.process_time() - begun < 3
        assert max(map(len, lines)) <= 400

    def test_a_long_traceback_is_cut_in_the_middle(self) -> None:
        frames = "".join(
            f'  File "/var/azureml-app/score.py", line {number}, in run\n    run()\n' for number in range(500)
        )
        (chain,) = chains(lines_of(f"Traceback (most recent call last):\n{frames}RecursionError: too deep\n"))
        shown = shown_traceback(chain)
        assert len(shown) <= 25
        assert shown[-1] == "RecursionError: too deep"


class TestFailures:
    def test_what_is_left_has_a_name_too(self) -> None:
        failure = classify(Observation(Stage.SURVIVED, "packaged", ending=Ending(9)))
        assert (failure.kind, failure.stage) == ("died-of-bad-request", Stage.SURVIVED)
        assert classify(Observation(Stage.STOPPED, "packaged")).kind == "unknown"

    def test_the_server_for_each_python(self) -> None:
        known = known_failures()
        assert [known.server_for(python) for python in ("3.11.2", "3.8.10", "3.6.9", "3.5.2", "")] == [
            "==1.5.1",
            "==0.8.4.2",
            "==0.4.14",
            "",
            "",
        ]

    @pytest.mark.parametrize(
        ("log", "says"),
        [
            ("sh: 1: exec: gunicorn: not found\n", "gunicorn: not found"),
            ("A required package azureml-inference-server-http is missing. Please resolve", "is missing"),
            ("/usr/bin/python: No module named azureml_inference_server_http\n", "azureml_inference_server_http"),
        ],
    )
    def test_what_people_report_of_a_missing_server(self, log: str, says: str) -> None:
        """Words of the field that no test image says."""
        failure = classify(Observation(Stage.LIVE, "packaged", ending=Ending(127), log=log))
        assert failure.kind == "server-missing"
        assert says in failure.cause

    @pytest.mark.parametrize(
        ("line", "kind"),
        [
            (
                "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory",
                "shared-library-missing",
            ),
            ("ValueError: unsupported pickle protocol: 5", "model-of-another-python"),
            ("AttributeError: Can't get attribute 'Model' on <module '__main__' from 'x'>", "model-needs-script"),
            (
                "ImportError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by x)",
                "glibc-too-old",
            ),
            ("ValueError: numpy.dtype size changed, may indicate binary incompatibility", "binary-incompatible"),
        ],
    )
    def test_what_people_report_of_models(self, line: str, kind: str) -> None:
        log = LOG.replace("ValueError: first line\nsecond line", line)
        observation = Observation(Stage.LIVE, "entry-script", ending=Ending(3), log=log)
        assert {found.name for found, _ in known_failures().fitting(observe(observation))} == {kind}
        failure = classify(observation)
        assert "?" not in failure.cause + failure.remedy
        if kind == "shared-library-missing":
            assert failure.remedy == "install it with apt-get: libgomp1"

    def test_words_of_a_server_are_no_templates(self) -> None:
        exchange = Exchange(
            Request(path="/score"), Outcome.ANSWERED, answer({"detail": "{remedy} {port}"}, 422), differences=("x",)
        )
        failure = classify(Observation(Stage.SCORED, "own-container", last=exchange))
        assert "{remedy} {port}" in failure.cause

    @pytest.mark.parametrize(
        "text",
        [
            '[[failure]]\nkind = "a"\ncause = "b"\n',
            '[[failure]]\nkind = "a"\ncause = "b"\nremedy = "c"\nwhen = { mood = "x" }\n',
            '[[failure]]\nkind = "a"\ncause = "b"\nremedy = "c"\nextra = 1\n',
        ],
    )
    def test_mistakes_of_the_data_are_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "failures.toml"
        path.write_text(text)
        with pytest.raises(ConfigError):
            read_failures(path)


class TestAssembling:
    def names(self, assembly: Assembly) -> dict[str, tarfile.TarInfo]:
        with tarfile.open(fileobj=io.BytesIO(archive(assembly))) as tar:
            return {entry.name: entry for entry in tar}

    def test_nothing_given(self) -> None:
        assembly = assemble(ImageConfig(), DeployOptions())
        assert (assembly.mode, assembly.built_in) == ("entry-script", True)
        assert assembly.entrypoint[:3] == ("azmlinfsrv", "--entry_script", f"{APP_ROOT}/score.py")
        assert assembly.environment["AZUREML_MODEL_DIR"] == f"{APP_ROOT}/azureml-models/model/1"
        names = self.names(assembly)
        assert "var/azureml-app/score.py" in names
        assert names["var/azureml-app/azureml-models/model/1"].isdir()

    def test_a_folder(self, tmp_path: Path) -> None:
        """Without what nobody deploys, and without what its links lead to outside."""
        source = tmp_path / "source"
        (source / "sub").mkdir(parents=True)
        (source / ".git").mkdir()
        for name in ("score.py", "sub/helper.py", ".git/config", "run.sh", "old.pyc"):
            (source / name).write_text("x")
        (source / "run.sh").chmod(0o755)
        (tmp_path / "secret").write_text("x")
        (source / "link").symlink_to(tmp_path / "secret")
        (source / "inner").symlink_to(source / "run.sh")
        (source / "dangling").symlink_to("nowhere")
        options = DeployOptions(source=source, script=source / "score.py")
        options.check()
        names = self.names(assemble(ImageConfig(), options))
        below = {name.removeprefix("var/azureml-app/") for name in names if name.startswith("var/azureml-app/")}
        files = {name for name in below if not names[f"var/azureml-app/{name}"].isdir()}
        assert files == {"score.py", "sub/helper.py", "run.sh", "inner"}
        assert names["var/azureml-app/run.sh"].mode == 0o755
        assert names["var/azureml-app/score.py"].mode == 0o644
        assert {entry.uid for entry in names.values()} == {0}

    @pytest.mark.parametrize(
        ("config", "options", "mode"),
        [
            (ImageConfig(env={"AZUREML_ENTRY_SCRIPT": "score.py"}), DeployOptions(), "packaged"),
            (ImageConfig(env={"AML_APP_ROOT": "/var/azureml-app"}), DeployOptions(), "packaged"),
            (ImageConfig(cmd=("runsvdir", "/var/runit")), DeployOptions(), "entry-script"),
            (ImageConfig(), DeployOptions(routes=Routes()), "own-container"),
            (ImageConfig(env={"AZUREML_ENTRY_SCRIPT": "x"}), DeployOptions(script=Path(__file__)), "entry-script"),
            (ImageConfig(), DeployOptions(mode="v2-local"), "v2-local"),
        ],
    )
    def test_the_mode(self, config: ImageConfig, options: DeployOptions, mode: str) -> None:
        assembly = assemble(config, options)
        assert assembly.mode == mode
        assert assembly.why

    @pytest.mark.parametrize(
        "options",
        [
            DeployOptions(mode="other"),
            DeployOptions(script=Path("nowhere.py")),
            DeployOptions(source=Path("nowhere")),
            DeployOptions(model=Path("nowhere")),
            DeployOptions(mode="packaged", script=Path(__file__)),
            DeployOptions(mode="packaged", routes=Routes()),
            DeployOptions(source=Path(__file__).parent / "cases", script=Path(__file__)),
            DeployOptions(timeout=0),
            DeployOptions(timeout=float("nan")),
            DeployOptions(expectations=(parse_expectation("1"), parse_expectation("2"))),
        ],
    )
    def test_what_does_not_go_together(self, options: DeployOptions) -> None:
        with pytest.raises(AmlcheckError):
            options.check()


def test_listening_sockets() -> None:
    text = (
        "  sl  local_address rem_address   st\n"
        "   0: 00000000:1389 00000000:0000 0A 00000000:00000000\n"
        "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n"
        "   2: 0B00007F:A0B1 00000000:0000 0A 00000000:00000000\n"
        "   3: 0100007F:0016 0100007F:9999 01 00000000:00000000\n"
        "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0\n"
        "   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 0\n"
        "   2: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A 0\n"
        "   x: garbage:zz 0 0A\n"
    )
    assert parse_listening(text) == {
        ("0.0.0.0", 5001),
        ("127.0.0.1", 8080),
        ("::", 80),
        ("::1", 81),
        ("127.0.0.1", 82),
    }
