"""A planner: sees the task and what was done, and says what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from prosvet.agent.case import Case, Known
from prosvet.agent.tools.tool import Tool
from prosvet.agent.trace import Conclusion, Limits, Step, Want

__all__ = ["Call", "Finish", "Lost", "Move", "Planner", "Seen"]


@dataclass(frozen=True)
class Call:
    """Use a tool; `arguments` are not yet validated, and `name` need not exist."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    id: str = ""


@dataclass(frozen=True)
class Finish:
    """Answer."""

    conclusion: Conclusion


@dataclass(frozen=True)
class Lost:
    """The planner has nothing usable to say: why, as a code and in words. It may be asked again."""

    code: str
    message: str
    fatal: bool = False


Decision = Call | Want | Finish | Lost


@dataclass(frozen=True)
class Move:
    """One decision, and the tokens that it took."""

    decision: Decision
    tokens: int = 0


@dataclass(frozen=True)
class Seen:
    """All that a planner knows."""

    task: str
    case: Case
    tools: Mapping[str, Tool]
    steps: Sequence[Step]
    known: Known
    limits: Limits


class Planner(Protocol):
    """Decides; see :mod:`prosvet.agent.fixed` and :mod:`prosvet.agent.model`."""

    @property
    def name(self) -> str:
        """``fixed``, or the card's."""
        ...

    @property
    def prompt(self) -> str:
        """What a language model was told at first; empty for others."""
        ...

    def next(self, seen: Seen) -> Move:
        """What to do now. The last of ``seen.steps`` is what came of the last move."""
        ...
