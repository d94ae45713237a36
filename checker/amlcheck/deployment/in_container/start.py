"""Starts a server where the image has no azmlinfsrv, or says what the image lacks.

Releases of azureml-defaults before 1.36 bring Flask and gunicorn, and Azure ML adds the server's own files when it
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


def main():
    python = "%d.%d.%d" % sys.version_info[:3]
    if _there("azureml_inference_server_http"):
        os.execv(sys.executable, [sys.executable, "-m", "azureml_inference_server_http"] + sys.argv[1:])
    missing = [name for name in ("flask", "gunicorn") if not _there(name)]
    if missing:
        lacks = " and no ".join(["azureml_inference_server_http"] + missing)
        sys.stderr.write("amlcheck: Python " + python + " has no server: no " + lacks + "\n")
        return 127
    sys.stderr.write("amlcheck: Python " + python + " has Flask and gunicorn of an older azureml-defaults\n")
    sys.stderr.flush()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from gunicorn.app.wsgiapp import WSGIApplication

    sys.argv = ["gunicorn", "-b", "0.0.0.0:" + os.environ["AMLCHECK_PORT"], "--timeout", "300", "flask_server:app"]
    WSGIApplication("%(prog)s").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
