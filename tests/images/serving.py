"""Images that serve by themselves, or fail to: what `amlcheck score` runs in its modes other than the entry script's."""

from __future__ import annotations

from pathlib import Path

from images.definition import Definition, Generated

_DEPLOYMENTS = Path(__file__).resolve().parent.parent / "deployments"
_SUMS_ROWS = Generated("score.py", (_DEPLOYMENTS / "sums-rows" / "score.py").read_bytes)
_ANY_SERVER = Generated("any_server.py", (_DEPLOYMENTS / "any_server.py").read_bytes)
_PACKAGED = "ENV AML_APP_ROOT=/var/azureml-app AZUREML_MODEL_DIR=/var/azureml-app/azureml-models/sums/1"
_ENTRY = "azureml_inference_server_http.server.entry:app"


def _on_compliant(name: str, *instructions: str, generated: tuple[Generated, ...] = ()) -> Definition:
    return Definition(name, "\n".join(["FROM amlcheck-test/compliant", *instructions]) + "\n", generated=generated)


SERVING = [
    # As Model.package makes it: the server finds the script by the variables.
    _on_compliant(
        "packaged",
        "COPY score.py /var/azureml-app/score.py",
        "RUN mkdir -p /var/azureml-app/azureml-models/sums/1",
        _PACKAGED,
        "ENV AZUREML_ENTRY_SCRIPT=score.py",
        f'CMD ["gunicorn", "-b", "0.0.0.0:5001", "{_ENTRY}"]',
        generated=(_SUMS_ROWS,),
    ),
    _on_compliant(
        "packaged-without-script",
        "RUN mkdir -p /var/azureml-app",
        _PACKAGED,
        "ENV AZUREML_ENTRY_SCRIPT=src/score.py",
        f'CMD ["gunicorn", "-b", "0.0.0.0:5001", "{_ENTRY}"]',
    ),
    _on_compliant(
        "packaged-without-name",
        "RUN mkdir -p /var/azureml-app",
        _PACKAGED,
        f'CMD ["gunicorn", "-b", "0.0.0.0:5001", "{_ENTRY}"]',
    ),
    _on_compliant(
        "misconfigured",
        "COPY score.py /var/azureml-app/score.py",
        _PACKAGED,
        "ENV AZUREML_ENTRY_SCRIPT=score.py SCORING_TIMEOUT_MS=soon",
        f'CMD ["gunicorn", "-b", "0.0.0.0:5001", "{_ENTRY}"]',
        generated=(_SUMS_ROWS,),
    ),
    # Does what SERVER says: see tests/deployments/any_server.py.
    _on_compliant(
        "any-server",
        "COPY any_server.py /any_server.py",
        'CMD ["python", "-u", "/any_server.py"]',
        generated=(_ANY_SERVER,),
    ),
    _on_compliant("no-such-program", 'CMD ["/usr/local/bin/serve", "--port", "5001"]'),
    _on_compliant("not-executable", 'CMD ["/etc/hostname"]'),
    _on_compliant("no-service", "RUN rm -rf /var/runit && mkdir /var/runit"),
    # The Flask generation: azureml-defaults 1.13.0 pins these, and today's Jinja2 and MarkupSafe come with them.
    Definition(
        "flask-generation",
        'FROM amlcheck-test/no-server\nRUN python -c "import flask, gunicorn"\n',
    ),
    Definition(
        "old-flask-generation",
        "FROM amlcheck-test/old-flask\nRUN pip uninstall --yes --root-user-action ignore azureml-inference-server-http\n",
    ),
]
