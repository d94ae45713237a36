"""A server that does what the variable SERVER says; it needs nothing but Python."""

import http.server
import json
import os
import signal
import socket
import sys
import threading
import time

KIND = os.environ["SERVER"]
PORT = int(os.environ.get("PORT", "5001"))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answers = {"/": 200, "/health": 200, "/ready": 200}
        status = {"unhealthy": 503, "no-liveness-route": 404}.get(KIND, answers.get(self.path, 404))
        if KIND == "not-ready" and self.path == "/ready":
            status = 404
        self.answer(status, b"Healthy")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path not in ("/score", "/v1/predict"):
            self.answer(404, b"no such route")
        elif KIND == "refuses":
            self.answer(422, b'{"detail": "field required: inputs"}')
        elif KIND == "fails":
            self.answer(500, b"model exploded")
        elif KIND == "model":
            self.answer(200, json.dumps(os.listdir(os.environ["AZUREML_MODEL_DIR"])).encode())
        elif KIND == "slow":
            time.sleep(2)
            self.answer(200, b"[55, 55]")
        elif KIND == "redirects":
            self.send_response(307)
            self.send_header("Location", "http://192.0.2.1/score")
            self.end_headers()
        else:
            self.answer(200, b"[55, 55]")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def flood():
    while True:
        sys.stdout.write("x" * 65536)


def listen():
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("0.0.0.0", PORT))
    listening.listen(100)
    return listening


def main():
    if KIND == "ends":
        time.sleep(0.5)
        print("cannot open the licence file", file=sys.stderr)
        sys.exit(4)
    if KIND == "done":
        print("trained the model")
    elif KIND == "crashes":
        os.abort()
    elif KIND == "sleeps":
        time.sleep(1000)
    elif KIND == "silent":
        listening = listen()
        kept = []
        while True:
            kept.append(listening.accept())
    elif KIND == "garbled":
        listening = listen()
        while True:
            connection, _ = listening.accept()
            connection.recv(100)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n")
            connection.close()
    elif KIND == "eats-memory":
        eaten = []
        while True:
            eaten.append(bytearray(b"x" * (8 << 20)))
    elif KIND == "raises":
        import a_module_that_is_not_there  # noqa: F401
    else:
        if KIND == "floods":
            threading.Thread(target=flood, daemon=True).start()
        if KIND == "ignores-sigterm":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        host = "127.0.0.1" if KIND == "loopback" else "0.0.0.0"
        http.server.ThreadingHTTPServer((host, PORT), Handler).serve_forever()


main()
