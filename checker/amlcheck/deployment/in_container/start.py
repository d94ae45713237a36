"""Starts a server where the image has no azmlinfsrv, or says what the image lacks.

Releases of azureml-defaults before 1.36 bring Flask 1.0.3 and gunicorn, and Azure ML adds the server's own files when it
builds the image. They are not to be had, so a small stand-in (flask_server.py) is served by the image's own Flask and
gunicorn: what breaks is what would break there.
"""

import os
import sys
from importlib.util import find_spec


def _there(name):
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _version(package):
    """The version of an installed package; empty where there is none. Nothing of it is imported."""
    try:
        from importlib.metadata import version
    except ImportError:  # before Python 3.8
        try:
            from pkg_resources import get_distribution
        except ImportError:
            return ""
        version = lambda name: get_distribution(name).version  # noqa: E731
    try:
        return version(package)
    except Exception:
        return ""


def main():
    python = "%d.%d.%d" % sys.version_info[:3]
    if _there("azureml_inference_server_http"):
        os.execv(sys.executable, [sys.executable, "-m", "azureml_inference_server_http"] + sys.argv[1:])
    flask = _version("flask")
    if not flask.startswith(("0.", "1.")) or not _there("gunicorn"):
        sys.stderr.write("amlcheck: Python " + python + " has no server: no azureml_inference_server_http\n")
        return 127
    sys.stderr.write("amlcheck: Python " + python + " has Flask " + flask + " of an older azureml-defaults\n")
    sys.stderr.flush()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from gunicorn.app.wsgiapp import WSGIApplication

    sys.argv = ["gunicorn", "-b", "0.0.0.0:" + os.environ["AMLCHECK_PORT"], "--timeout", "300", "flask_server:app"]
    WSGIApplication("%(prog)s").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
