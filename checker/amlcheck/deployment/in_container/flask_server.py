"""A stand-in for the server that Azure ML used to add to images with Flask: GET / and POST /score, as that one had them."""

import importlib.util
import json
import os
import sys
import traceback

from flask import Flask, Response, request

app = Flask(__name__)


def _load():
    root = os.environ["AML_APP_ROOT"]
    sys.path.append(root)
    try:
        spec = importlib.util.spec_from_file_location("entry", os.path.join(root, os.environ["AZUREML_ENTRY_SCRIPT"]))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except BaseException:
        sys.stderr.write("Failed to import user script because it raised an unhandled exception\n")
        traceback.print_exc()
        sys.exit(3)
    try:
        module.init()
    except BaseException:
        sys.stderr.write("User's init function failed\n")
        traceback.print_exc()
        sys.exit(3)
    return module


entry = _load()


@app.route("/")
def healthy():
    return "Healthy"


@app.route("/score", methods=["POST"])
def score():
    try:
        result = entry.run(request.get_data(as_text=True))
    except Exception:
        traceback.print_exc()
        return Response("run() raised", status=500, headers={"x-ms-run-function-failed": "True"})
    return Response(json.dumps(result), mimetype="application/json")
