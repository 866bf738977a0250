"""Any server that speaks the OpenAI protocol behind the door: vLLM, SGLang, llama.cpp, Ollama and others."""

from __future__ import annotations

import importlib
import re
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal

from prosvet.core.errors import VlmError, VlmTimeout, VlmUnreachable
from prosvet.core.optional import require
from prosvet.models.backends.served import Outgoing, ServerReader, Watched, wait
from prosvet.models.vlm.card import Server, VlmCard
from prosvet.models.vlm.form import form_words, formed
from prosvet.models.vlm.pictures import data_url, prepared
from prosvet.models.vlm.prompt import messages, readable
from prosvet.models.vlm.types import Answer, Cancelled, Finish, Question

__all__ = ["OpenAIReader"]

_BUSY = (408, 409, 425, 429, 500, 502, 503, 504)
_FIRST_WAIT = 0.2  # seconds, doubled with each try


@dataclass
class _Heard:
    """What has come of an answer so far."""

    pieces: list[str] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    finish: str = ""
    model: str = ""


class OpenAIReader(ServerReader):
    """A client of one model on one server; nothing of the environment (proxies, keys, addresses) is used."""

    def __init__(self, card: VlmCard, server: Server, key: str | None, outgoing: Outgoing) -> None:
        super().__init__(card, server, key, outgoing)
        self._openai = require("openai", "vlm")

    def generate(self, question: Question, cancelled: Cancelled | None = None) -> Answer:
        """Answer one question; a form is asked of the server, or in words, and always checked here."""
        if question.schema is None and question.pattern is None:
            return self._answer(question, cancelled)
        return formed(question, lambda asked: self._answer(asked, cancelled), self.name)

    def generate_many(self, questions: Sequence[Question], cancelled: Cancelled | None = None) -> list[Answer]:
        """Answer several at once, ``batch`` of the card at a time; the server puts them together."""
        with ThreadPoolExecutor(max_workers=self._card.load.batch) as pool:
            return list(pool.map(lambda question: self.generate(question, cancelled), questions))

    def stream(self, question: Question, cancelled: Cancelled | None = None) -> Iterator[str]:
        """The answer as the server sends it.

        Raises
        ------
        VlmError
            Also after some pieces, when the rest does not come: what was heard is then no answer.
        """
        heard = _Heard()
        stopped = yield from self._heard(question, heard, cancelled)
        self._finish(heard, stopped=stopped)

    # -- one answer ---------------------------------------------------------------------------------------------------

    def _answer(self, question: Question, cancelled: Cancelled | None) -> Answer:
        heard = _Heard()
        words = self._heard(question, heard, cancelled)
        while True:
            try:
                next(words)
            except StopIteration as ended:
                stopped = ended.value
                break
        finish = self._finish(heard, stopped=stopped)
        if question.logprobs and not heard.logprobs and finish != "cancelled":
            raise VlmError(name=self.name, reason="no_logprobs")
        formed_by: Literal["no", "server", "retry"] = "no"
        if question.schema is not None or question.pattern is not None:
            formed_by = "server" if self._by_server(question) else "retry"
        return Answer(
            "".join(heard.pieces).strip(), tuple(heard.tokens or heard.pieces),
            tuple(heard.logprobs) if question.logprobs else None, finish,
            readable(messages(question, self._card.prompt, form_words(question))), self.name, self.revision, formed_by,
        )  # fmt: skip

    def _finish(self, heard: _Heard, *, stopped: bool) -> Finish:
        """How it ended; an answer that broke off, or says nothing, is none."""
        if stopped:
            return "cancelled"
        if heard.finish not in ("stop", "length"):
            problem = heard.finish or "truncated"
            reason = "truncated" if not heard.finish else "server_refused"
            raise VlmError(name=self.name, reason=reason, problem=problem)
        asked = self._server.model
        if self._server.same_name and asked and not re.match(rf"{re.escape(asked)}($|[-:@])", heard.model):
            raise VlmError(name=self.name, reason="other_model", model=asked, answered=heard.model[:80])
        if not "".join(heard.pieces).strip():
            raise VlmError(name=self.name, reason="empty")
        return "length" if heard.finish == "length" else "stop"

    def _heard(self, question: Question, heard: _Heard, cancelled: Cancelled | None) -> Generator[str, None, bool]:
        """Pieces of the answer, gathered in `heard`; returns whether it was cancelled. Tries again while none came."""
        body, deadline = self._body(question), time.monotonic() + question.timeout
        self._outgoing.sends(len(question.pictures))
        for attempt in range(self._server.retries + 1):
            call = _Call(self, body, deadline)
            watched = Watched(call.chunks, call.hang_up)
            try:
                for chunk in watched.parts(self.name, question.timeout, deadline, cancelled):
                    piece = self._taken(chunk, heard)
                    if piece:
                        yield piece
                return watched.cancelled
            except Exception as error:
                failure, pause = self._failure(error, question.timeout, begun=bool(heard.pieces))
                if pause is None or attempt == self._server.retries:
                    raise failure from None
            wait(max(pause, _FIRST_WAIT * 2**attempt), deadline, cancelled)
        return False

    def _taken(self, chunk: Any, heard: _Heard) -> str:
        heard.model = getattr(chunk, "model", "") or heard.model
        choices = getattr(chunk, "choices", None)
        if not choices:  # figures of use come in a chunk without choices
            return ""
        choice = choices[0]
        piece = (choice.delta.content if choice.delta is not None else None) or ""
        if piece:
            heard.pieces.append(piece)
        told = getattr(choice, "logprobs", None)
        for one in (told.content or ()) if told is not None else ():
            heard.tokens.append(one.token)
            heard.logprobs.append(float(one.logprob))
        heard.finish = choice.finish_reason or heard.finish
        return piece

    # -- what is sent -------------------------------------------------------------------------------------------------

    def _by_server(self, question: Question) -> bool:
        return question.schema is not None and self._server.form == "json_schema"

    def _body(self, question: Question) -> dict[str, Any]:
        urls = iter([data_url(image) for image in prepared(question.pictures, self._card.images, self.name)])
        said = messages(question, self._card.prompt, form_words(question))
        body: dict[str, Any] = {
            "model": self._server.model or "default", "messages": [_sent(message, urls) for message in said],
            "max_tokens": question.max_tokens, "temperature": question.temperature, "stream": True,
        }  # fmt: skip
        if question.seed is not None:
            body["seed"] = question.seed
        if question.logprobs:
            if not self._server.logprobs:
                raise VlmError(name=self.name, reason="no_logprobs")
            body["logprobs"] = True
        if self._by_server(question):
            schema = {"name": "answer", "schema": dict(question.schema or {}), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    # -- what went wrong ----------------------------------------------------------------------------------------------

    def _failure(self, error: Exception, timeout: float, *, begun: bool) -> tuple[Exception, float | None]:
        """The error for the caller, and how long to wait before another try; None where one would not help."""
        api, address = self._openai, self._server.url
        if isinstance(error, VlmError):
            return error, None
        if isinstance(error, api.APITimeoutError):
            return VlmTimeout(name=self.name, seconds=timeout), None
        if isinstance(error, api.APIStatusError):
            return self._status(error)
        if isinstance(error, api.APIConnectionError):
            return VlmUnreachable(name=self.name, address=address, reason="connection"), 0.0
        if isinstance(error, api.APIError):
            return VlmError(name=self.name, reason="server_refused", problem=_said(error)), None
        if _of_transport(error):
            if "Timeout" in type(error).__name__:
                return VlmTimeout(name=self.name, seconds=timeout), None
            return VlmError(name=self.name, reason="truncated"), None if begun else 0.0
        if isinstance(error, ValueError | AttributeError | TypeError | KeyError | IndexError):
            return VlmError(name=self.name, reason="not_the_protocol", problem=_said(error)), None
        return error, None

    def _status(self, error: Any) -> tuple[VlmError, float | None]:
        status = int(error.status_code)
        if status in (401, 403):
            return VlmError(name=self.name, reason="key_refused"), None
        if status == 404:
            return VlmError(name=self.name, reason="wrong_model", model=self._server.model), None
        if status == 429:
            after = str(error.response.headers.get("retry-after", "0"))
            pause = float(after) if re.fullmatch(r"\d+(\.\d+)?", after) else 0.0
            return VlmError(name=self.name, reason="busy", tries=self._server.retries + 1), pause
        if status in _BUSY:
            return VlmError(name=self.name, reason="server_status", status=status), 0.0
        if 300 <= status < 400:
            return VlmError(name=self.name, reason="redirected"), None
        return VlmError(name=self.name, reason="server_refused", problem=_said(error)), None


class _Call:
    """One request on a connection of its own, which can be hung up from another thread."""

    def __init__(self, reader: OpenAIReader, body: dict[str, Any], deadline: float) -> None:
        self._reader, self._body, self._deadline = reader, body, deadline
        self._response: Any = None

    def chunks(self, gone: Event) -> Iterator[Any]:
        """What the server sends."""
        api, reader = self._reader._openai, self._reader
        left = max(0.01, self._deadline - time.monotonic())
        # Neither a proxy of the environment nor a redirect may carry pictures elsewhere.
        transport = api.DefaultHttpxClient(trust_env=False, follow_redirects=False)
        with api.OpenAI(base_url=reader._server.url, api_key=reader._key or "none", max_retries=0, timeout=left,
                        organization="", project="", http_client=transport) as client:  # fmt: skip
            stream = client.chat.completions.create(**self._body)
            if not hasattr(stream, "response"):
                raise ValueError("no stream")
            self._response = stream.response
            with stream:
                yield from stream

    def hang_up(self) -> None:
        """Wake a read that waits for the server."""
        response, self._response = self._response, None
        if response is None:
            return
        line = response.extensions.get("network_stream")
        found = line.get_extra_info("socket") if line is not None else None
        if found is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)


def _sent(message: dict[str, Any], urls: Iterator[str]) -> dict[str, Any]:
    """A message as the protocol has it; text alone goes as plain text, which every server takes."""
    parts = message["content"]
    if all(part["type"] == "text" for part in parts):
        return {"role": message["role"], "content": "\n".join(part["text"] for part in parts)}
    content = [
        part if part["type"] == "text" else {"type": "image_url", "image_url": {"url": next(urls)}} for part in parts
    ]
    return {"role": message["role"], "content": content}


def _said(error: Exception) -> str:
    """What a server says, cut before it quotes a picture back."""
    words = str(error).partition("data:")[0].strip() or type(error).__name__
    return words.splitlines()[0][:200]


def _of_transport(error: Exception) -> bool:
    """Whether an error comes from the library under the client: its name changed between versions of the client."""
    client: Callable[..., Any] = require("openai", "vlm").DefaultHttpxClient
    package = next(base.__module__ for base in client.__mro__ if "http" in base.__module__).split(".")[0]  # type: ignore[attr-defined]
    kind: type[Exception] = importlib.import_module(package).TransportError
    return isinstance(error, kind)
