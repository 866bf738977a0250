"""Serve one model of an environment of its own to Prosvet. Standard library only; Python 3.6 or later.

Copy this file beside the model, fill in `load` and `answer`, and start it in the model's own environment:

    python runner.py --model biomedgpt --revision 0a1b2c3 --port 8765

The contract (version 1):

    GET  /v1/model     -> {"contract": 1, "model": NAME, "revision": REVISION}
    POST /v1/generate  <- {"contract": 1, "prompt": TEXT, "max_tokens": N, "temperature": T, "seed": N or null,
                           "logprobs": BOOL, "pictures": [{"role": KEY, "name": WORDS, "png": BASE64}, ...]}
                       -> {"text": TEXT, "finish": "stop" or "length",
                           "tokens": [TEXT, ...] or null, "logprobs": [NUMBER, ...] or null}
    anything that fails -> status 4xx or 5xx and {"error": {"message": TEXT}}; never an empty text.

Nothing is logged of a question. With RUNNER_KEY in the environment the header `Authorization: Bearer KEY` is demanded.
"""

import argparse
import base64
import hmac
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

CONTRACT = 1
LARGEST = 256 * 1024 * 1024


def load():
    """Load the model once; whatever is returned is handed to `answer`."""
    raise NotImplementedError("fill in load()")


def answer(model, prompt, pictures, max_tokens, temperature, seed):
    """Answer one question.

    `pictures` is a list of (role, png_bytes). Return the text, or a dict with `text`, `finish`, `tokens`, `logprobs`.
    """
    raise NotImplementedError("fill in answer()")


class Refused(Exception):
    """A question that cannot be answered; its status and words go to the caller."""

    def __init__(self, status, message):
        Exception.__init__(self, message)
        self.status = status


class Server(ThreadingMixIn, HTTPServer):
    """One model, asked by one caller at a time; the others wait."""

    daemon_threads = True

    def __init__(self, address, name, revision, model, function, key=None):
        HTTPServer.__init__(self, address, Handler)
        self.name, self.revision, self.model, self.function, self.key = name, revision, model, function, key
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """The two addresses of the contract."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.guarded(self.introduce)

    def do_POST(self):
        self.guarded(self.generate)

    def guarded(self, action):
        """Run one request; whatever goes wrong in the model becomes a status and a message."""
        try:
            self.check_key()
            status, body = 200, action()
        except Refused as error:
            status, body = error.status, {"error": {"message": str(error)}}
        except Exception as error:
            status, body = 500, {"error": {"message": f"{type(error).__name__}: {error}"}}
        data = json.dumps(body).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status != 200:  # what was not read must not be taken for the next request
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def check_key(self):
        given = self.headers.get("Authorization") or ""
        if self.server.key and not hmac.compare_digest(given.encode(), ("Bearer " + self.server.key).encode()):
            raise Refused(401, "the key is wrong or missing")

    def introduce(self):
        if self.path != "/v1/model":
            raise Refused(404, "no such address")
        return {"contract": CONTRACT, "model": self.server.name, "revision": self.server.revision}

    def generate(self):
        if self.path != "/v1/generate":
            raise Refused(404, "no such address")
        asked = self.body()
        if asked.get("contract") != CONTRACT:
            raise Refused(400, f"contract {CONTRACT} is needed")
        try:
            pictures = [(one["role"], base64.b64decode(one["png"])) for one in asked["pictures"]]
            prompt, most = str(asked["prompt"]), int(asked["max_tokens"])
            temperature, seed = float(asked["temperature"]), asked["seed"]
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(400, f"bad question: {error}") from None
        with self.server.lock:
            said = self.server.function(self.server.model, prompt, pictures, most, temperature, seed)
        told = {"text": said} if isinstance(said, str) else dict(said)
        if not str(told.get("text") or "").strip():
            raise Refused(500, "the model said nothing")
        return {
            "text": told["text"],
            "finish": told.get("finish") or "stop",
            "tokens": told.get("tokens"),
            "logprobs": told.get("logprobs"),
        }

    def body(self):
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            raise Refused(400, "bad length") from None
        if not 0 < length <= LARGEST:
            raise Refused(413, f"0 to {LARGEST} bytes")
        try:
            asked = json.loads(self.rfile.read(length).decode("utf-8"))
        except ValueError as error:
            raise Refused(400, f"not JSON: {error}") from None
        if not isinstance(asked, dict):
            raise Refused(400, "not an object")
        return asked

    def log_message(self, *_):
        """Questions may name patients: nothing is logged."""


def main():
    parser = argparse.ArgumentParser(description="Serve one model to Prosvet.")
    parser.add_argument("--model", required=True, help="name, as the card's server.model has it")
    parser.add_argument("--revision", required=True, help="of the weights, as the card has it")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    given = parser.parse_args()
    address, key = (given.host, given.port), os.environ.get("RUNNER_KEY")
    Server(address, given.model, given.revision, load(), answer, key).serve_forever()


if __name__ == "__main__":
    main()
