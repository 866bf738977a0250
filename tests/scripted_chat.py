"""A server that speaks the OpenAI chat protocol and says what a script tells it: good, wrong, slow, broken."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from served import answering

__all__ = ["Chat", "call", "raw", "said", "scripted_chat", "slow", "status", "write_card"]

Reply = Mapping[str, Any]


def said(words: str, finish: str = "stop", tokens: int = 20) -> Reply:
    """Plain words."""
    return {"content": words, "finish": finish, "tokens": tokens}


def call(
    name: str, arguments: Mapping[str, Any] | str, *more: tuple[str, Mapping[str, Any]], tokens: int = 20
) -> Reply:
    """Calls of tools; a string of arguments is sent as it is."""
    calls = [(name, arguments), *more]
    told = [
        {"id": f"c{n}", "type": "function", "function": {
            "name": tool, "arguments": given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)}}
        for n, (tool, given) in enumerate(calls)
    ]  # fmt: skip
    return {"content": None, "calls": told, "finish": "tool_calls", "tokens": tokens}


def status(code: int) -> Reply:
    """An error of HTTP."""
    return {"status": code}


def raw(body: str) -> Reply:
    """Anything at all."""
    return {"raw": body}


def slow(seconds: float, reply: Reply) -> Reply:
    """`reply`, late."""
    return {**reply, "wait": seconds}


class Chat:
    """What was asked, and the server's address."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.replies, self.asked = list(replies), []  # type: ignore[var-annotated]
        self.url = ""

    def next(self, body: dict[str, Any]) -> Reply:
        """The reply to `body`; the last one again and again."""
        self.asked.append(body)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def scripted_chat(*replies: Reply) -> Iterator[Chat]:
    """A server on this machine for as long as the block lasts."""
    chat = Chat(replies)
    handler = type("Handler", (_Handler,), {"chat": chat})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    chat.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    with answering(server):
        yield chat


class _Handler(BaseHTTPRequestHandler):
    chat: Chat

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.chat.next(body)
        time.sleep(reply.get("wait", 0.0))
        try:
            self._answer(reply, stream=bool(body.get("stream")))
        except OSError:  # whoever asked has gone
            self.close_connection = True

    def _answer(self, reply: Reply, *, stream: bool) -> None:
        if "status" in reply:
            self._send(reply["status"], json.dumps({"error": {"message": "scripted"}}), "application/json")
        elif "raw" in reply:
            self._send(200, reply["raw"], "application/json")
        elif stream:
            self._send(200, _chunks(reply), "text/event-stream")
        else:
            self._send(200, json.dumps(_whole(reply)), "application/json")

    def _send(self, code: int, body: str, kind: str) -> None:
        data = body.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def _whole(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply["content"]}
    if "calls" in reply:
        message["tool_calls"] = reply["calls"]
    tokens = reply["tokens"]
    return {
        "id": "1", "object": "chat.completion", "created": 1, "model": "tiny",
        "choices": [{"index": 0, "message": message, "finish_reason": reply["finish"]}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": tokens, "total_tokens": 2 * tokens},
    }  # fmt: skip


def _chunks(reply: Reply) -> str:
    told = {"content": [{"token": reply["content"], "logprob": -0.105, "bytes": None, "top_logprobs": []}]}
    choice = {"index": 0, "delta": {"content": reply["content"]}, "finish_reason": reply["finish"], "logprobs": told}
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"


def write_card(home: Path, url: str, name: str = "scripted", more: str = "") -> str:
    """A card of the server in the archive's own folder of models; returns its name."""
    folder = home / "models"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(
        f'name = "{name}"\ntitle = {{ ru = "проба", en = "trial" }}\ntask = "vlm"\nbackend = "openai"\n'
        'revision = "r1"\nlicence = "none"\nlimits = { ru = [], en = [] }\n'
        f'[server]\nurl = "{url}"\nmodel = "tiny"\nretries = 0\n{more}\n',
        encoding="utf-8",
    )
    return name
