"""Models that live in an environment of their own, behind a small HTTP contract (docs/guide/vlm.md, deploy/runner)."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Event
from typing import Any, Literal
from urllib.parse import urlsplit

from prosvet.core.errors import VlmError, VlmTimeout, VlmUnreachable
from prosvet.models.backends.served import Outgoing, ServerReader, Watched, wait
from prosvet.models.vlm.card import Server, VlmCard
from prosvet.models.vlm.form import form_words, formed
from prosvet.models.vlm.pictures import png_bytes, prepared
from prosvet.models.vlm.prompt import plain, role_name, takes_turns
from prosvet.models.vlm.types import Answer, Cancelled, Question

__all__ = ["CONTRACT", "HttpReader"]

CONTRACT = 1
"""Version of the contract; a runner of another one is refused."""
_LARGEST = 8_000_000  # bytes of an answer


class HttpReader(ServerReader):
    """A client of one runner. The contract has no stream: the answer comes in one piece."""

    def __init__(self, card: VlmCard, server: Server, key: str | None, outgoing: Outgoing) -> None:
        super().__init__(card, server, key, outgoing)
        self._known = False

    def generate(self, question: Question, cancelled: Cancelled | None = None) -> Answer:
        """Answer one question; a form is asked for in words and checked."""
        if question.schema is None and question.pattern is None:
            return self._answer(question, cancelled)
        turns = takes_turns(self._card.prompt)
        return formed(question, lambda asked: self._answer(asked, cancelled), self.name, turns=turns)

    def generate_many(self, questions: Sequence[Question], cancelled: Cancelled | None = None) -> list[Answer]:
        """Answer several, one after another: a runner holds one model."""
        return [self.generate(question, cancelled) for question in questions]

    def stream(self, question: Question, cancelled: Cancelled | None = None) -> Iterator[str]:
        """The whole answer, as one piece."""
        answer = self._answer(question, cancelled)
        if answer.text:
            yield answer.text

    def _answer(self, question: Question, cancelled: Cancelled | None) -> Answer:
        deadline = time.monotonic() + question.timeout
        if not self._known:
            self._introduced(self._called("GET", "/v1/model", None, question.timeout, deadline, cancelled))
            self._known = True
        prompt = plain(question, self._card.prompt, form_words(question), loose=True)
        images = prepared(question.pictures, self._card.images, self.name)
        self._outgoing.sends(len(images))
        body = {
            "contract": CONTRACT, "prompt": prompt, "max_tokens": question.max_tokens,
            "temperature": question.temperature, "seed": question.seed, "logprobs": question.logprobs,
            "pictures": [
                {"role": picture.role, "name": role_name(picture.role, question.lang),
                 "png": base64.b64encode(png_bytes(image)).decode()}
                for picture, image in zip(question.pictures, images, strict=True)
            ],
        }  # fmt: skip
        told = self._called("POST", "/v1/generate", body, question.timeout, deadline, cancelled)
        if told is None:
            return Answer("", (), None, "cancelled", prompt, self.name, self.revision)
        return self._understood(question, told, prompt)

    def _introduced(self, told: dict[str, Any] | None) -> None:
        """The runner must hold the model and the revision of the card, under this contract."""
        if told is None:
            return
        if told.get("contract") != CONTRACT:
            problem = f"contract {told.get('contract')}, {CONTRACT} is needed"
            raise VlmError(name=self.name, reason="not_the_protocol", problem=problem)
        asked = f"{self._server.model or self.name}@{self.revision}"
        answered = f"{told.get('model')}@{told.get('revision')}"
        if asked != answered:
            raise VlmError(name=self.name, reason="other_model", model=asked, answered=answered[:80])

    def _understood(self, question: Question, told: dict[str, Any], prompt: str) -> Answer:
        words, finish, tokens, logprobs = (told.get(key) for key in ("text", "finish", "tokens", "logprobs"))
        if not isinstance(words, str) or finish not in ("stop", "length"):
            raise VlmError(name=self.name, reason="not_the_protocol", problem="text or finish")
        if not words.strip():
            raise VlmError(name=self.name, reason="empty")
        if question.logprobs and (not logprobs or not tokens or len(logprobs) != len(tokens)):
            raise VlmError(name=self.name, reason="no_logprobs")
        ended: Literal["stop", "length"] = "length" if finish == "length" else "stop"
        held: Literal["no", "retry"] = "no" if question.schema is None and question.pattern is None else "retry"
        kept = tuple(float(one) for one in logprobs or ()) if question.logprobs else None
        return Answer(words.strip(), tuple(map(str, tokens or ())), kept, ended, prompt, self.name, self.revision, held)

    # -- the wire -----------------------------------------------------------------------------------------------------

    def _called(
        self, method: str, path: str, body: dict[str, Any] | None, timeout: float, deadline: float,
        cancelled: Cancelled | None,
    ) -> dict[str, Any] | None:  # fmt: skip
        """What the runner says, or None when it was cancelled; tried again while it is busy."""
        for attempt in range(self._server.retries + 1):
            call = _Call(self._server.url, self._key, method, path, body, deadline)
            watched = Watched(call.run, call.hang_up)
            try:
                answers = list(watched.parts(self.name, timeout, deadline, cancelled))
            except TimeoutError:
                raise VlmTimeout(name=self.name, seconds=timeout) from None
            except (OSError, http.client.HTTPException) as error:
                if attempt == self._server.retries:
                    broke = isinstance(error, http.client.IncompleteRead)
                    raise self._lost(truncated=broke) from None
                answers = [(503, b"")]
            if watched.cancelled:
                return None
            status, content = answers[0]
            if status == 200:
                return self._parsed(content)
            if status not in (429, 500, 502, 503, 504) or attempt == self._server.retries:
                raise self._status(status, content)
            wait(0.2 * 2**attempt, deadline, cancelled)
        return None

    def _lost(self, *, truncated: bool) -> VlmError:
        if truncated:
            return VlmError(name=self.name, reason="truncated")
        return VlmUnreachable(name=self.name, address=self._server.url, reason="connection")

    def _status(self, status: int, content: bytes) -> VlmError:
        if status in (401, 403):
            return VlmError(name=self.name, reason="key_refused")
        if status == 429:
            return VlmError(name=self.name, reason="busy", tries=self._server.retries + 1)
        try:
            said = str(json.loads(content)["error"]["message"])[:200]
        except (ValueError, KeyError, TypeError):
            return VlmError(name=self.name, reason="server_status", status=status)
        return VlmError(name=self.name, reason="server_refused", problem=said)

    def _parsed(self, content: bytes) -> dict[str, Any]:
        try:
            told = json.loads(content)
        except ValueError as error:
            raise VlmError(name=self.name, reason="not_the_protocol", problem=str(error)) from None
        if not isinstance(told, dict):
            raise VlmError(name=self.name, reason="not_the_protocol", problem="no object")
        return told


class _Call:
    """One request on a connection of its own, which can be hung up from another thread."""

    def __init__(
        self, url: str, key: str | None, method: str, path: str, body: dict[str, Any] | None, deadline: float
    ) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._line = kind(parts.hostname or "", parts.port, timeout=max(0.01, deadline - time.monotonic()))
        self._method, self._path = method, parts.path.rstrip("/") + path
        self._body = None if body is None else json.dumps(body).encode()
        self._headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}

    def run(self, gone: Event) -> Iterator[tuple[int, bytes]]:
        """Status and content of the answer."""
        try:
            self._line.request(self._method, self._path, self._body, self._headers)
            answer = self._line.getresponse()
            content = answer.read(_LARGEST + 1)
            if len(content) > _LARGEST:
                raise http.client.HTTPException("too large")
            length = answer.getheader("Content-Length")
            if length is not None and len(content) < int(length):
                raise http.client.IncompleteRead(content)
            yield answer.status, content
        finally:
            self._line.close()

    def hang_up(self) -> None:
        """Wake a read that waits for the runner."""
        line = self._line.sock
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
