"""Films and reports that were brought to the search page: what they ask, for as long as the page is looked at.

Kept in memory, never on disk, for the one who brought them and as long as the process lives: of a film its findings,
its vector and a small picture, of a report what it affirms and denies and its words. An address with the token can
then be gone back to and filtered.
"""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Self

from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.search.ask import Question

__all__ = ["Kept", "KeptQuestions"]

_MOST = 200


@dataclass(frozen=True)
class Kept:
    """One question; `picture` is a small WebP of the film, empty for a report."""

    owner: str
    name: str
    question: Question
    picture: bytes = b""

    @property
    def picture_url(self) -> str:
        """The picture as a ``data:`` address."""
        return f"data:image/webp;base64,{base64.b64encode(self.picture).decode()}" if self.picture else ""


class KeptQuestions:
    """The last two hundred; the oldest goes first."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """One for the process."""
        return cls()

    def put(self, kept: Kept) -> str:
        """Keep a question; its token, which nobody can guess."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._held[token] = kept
            while len(self._held) > _MOST:
                self._held.popitem(last=False)
        return token

    def get(self, token: str, actor: Actor) -> Kept:
        """What was kept under `token` by `actor`.

        Raises
        ------
        NotFound
            When it was another's, or has been let go (a restart, or two hundred newer ones).
        """
        with self._lock:
            kept = self._held.get(token)
            if kept is None or kept.owner != actor.name:
                raise NotFound(kind="kept_question", name=token[:8])
            self._held.move_to_end(token)
        return kept
