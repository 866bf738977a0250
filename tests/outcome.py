"""What a command line came to, for tests of the faces."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """Standard output as one line of JSON; anything else there fails."""
        assert self.out.count("\n") == 1, self.out
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def result(self) -> Any:
        assert self.envelope["ok"] is True, self.out
        assert set(self.envelope) == {"ok", "result"}
        return self.envelope["result"]

    @property
    def error(self) -> dict[str, Any]:
        assert self.envelope["ok"] is False, self.out
        assert set(self.envelope) == {"ok", "error"}
        assert set(self.envelope["error"]) == {"code", "message", "hint", "details"}
        error: dict[str, Any] = self.envelope["error"]
        return error


Cli = Callable[..., Outcome]
