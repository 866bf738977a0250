"""What happens between two tokens: a stop that was asked for, the time, probabilities, the pieces of a stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Queue
from typing import Any

from prosvet.core.optional import require

__all__ = ["Pieces", "Recorder", "Stopper", "pieces_of"]


class Stopper:
    """Stops generation when the caller says so or the time is up; it remembers which it was."""

    def __init__(self, seconds: float, cancelled: Callable[[], bool] | None) -> None:
        self._deadline, self._cancelled_now = time.monotonic() + seconds, cancelled
        self.late = self.cancelled = False

    def __call__(self, ids: Any, scores: Any, **_: Any) -> Any:
        torch = require("torch", "vlm")
        if self._cancelled_now is not None and self._cancelled_now():
            self.cancelled = True
        elif time.monotonic() > self._deadline:
            self.late = True
        stop = self.cancelled or self.late
        return torch.full((ids.shape[0],), stop, dtype=torch.bool, device=ids.device)


class Recorder:
    """Log-probabilities of chosen tokens, before any form is held, keeping one step of scores at a time."""

    def __init__(self) -> None:
        self._last: Any = None
        self._rows: list[Any] = []

    def __call__(self, ids: Any, scores: Any) -> Any:
        self._settle(ids[:, -1])
        self._last = scores.float().log_softmax(dim=-1)
        return scores

    def finish(self, ids: Any) -> list[list[float]]:
        """All of them, a list an answer, once the last token of `ids` (N, T) is known."""
        self._settle(ids[:, -1])
        self._last = None
        columns = [row.tolist() for row in self._rows]
        return [[column[n] for column in columns] for n in range(ids.shape[0])]

    def _settle(self, chosen: Any) -> None:
        if self._last is not None:
            self._rows.append(self._last.gather(1, chosen.to(self._last.device)[:, None])[:, 0])


def pieces_of(tokenizer: Any, ids: list[int]) -> list[str]:
    """The text that each token adds; joined they are the whole. A letter in halves comes with its second half."""
    pieces, held = [], []
    for token in ids:
        held.append(token)
        piece = tokenizer.decode(held, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        whole = not piece.endswith("\ufffd")
        pieces.append(piece if whole else "")
        held = [] if whole else held
    if held:
        pieces[-1] = tokenizer.decode(held, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return pieces


class Pieces:
    """What generation puts its tokens into, and a reader takes pieces of text out of, on another thread."""

    def __init__(self, tokenizer: Any) -> None:
        self.queue: Queue[str | None] = Queue()
        self._tokenizer, self._held, self._begun = tokenizer, list[int](), False

    def put(self, value: Any) -> None:
        """Called by generation: the prompt first, then a token at a time."""
        if not self._begun:
            self._begun = True
            return
        self._held += value.reshape(-1).tolist()
        text = self._tokenizer.decode(self._held, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        if not text.endswith("\ufffd"):
            self._held = []
            if text:
                self.queue.put(text)

    def end(self) -> None:
        """Called by generation, or by whoever ran it, when there will be no more."""
        self.queue.put(None)
