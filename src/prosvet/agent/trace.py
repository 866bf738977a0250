"""The record of a run: every step with its arguments, result and time; what was asked for; how it ended."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from prosvet.core.types import Frozen, Probability

__all__ = [
    "Agreement", "Claim", "Conclusion", "Failed", "Limits", "Reason", "Spent", "Step", "Stopped", "Trace", "Want",
]  # fmt: skip

Stopped = Literal["answered", "failed", "wanted", "steps", "time", "tokens", "stuck", "planner", "cancelled"]
"""Why a run ended: an answer; something that must be done first; a limit; the same call again and again; a planner that
gave no usable answer; whoever asked went away."""


class Limits(Frozen):
    """What a run may spend.

    Attributes
    ----------
    steps : int
        Tool calls and planner failures.
    seconds : float
        By the clock. A tool that is at work is let finish, and the run ends after it.
    tokens : int
        Of the planner's model, in and out together.
    """

    steps: int = Field(default=12, ge=1, le=50)
    seconds: float = Field(default=120.0, gt=0.0, le=3600.0)
    tokens: int = Field(default=50_000, ge=100, le=10_000_000)


class Failed(Frozen):
    """Why a step failed: the error's code and its words."""

    code: str
    message: str


class Want(Frozen):
    """What the agent asks a person for before it can say more."""

    kind: Literal["view", "prior", "test"]
    what: str = Field(min_length=1, max_length=300)


class Step(Frozen):
    """One step, numbered from 1.

    Attributes
    ----------
    kind : {"tool", "want", "planner"}
        A tool's call; something asked of a person; a planner's own failure.
    tool, capability : str or None
        The name that was called (also one that there is not), and the capability behind it.
    arguments : dict
        As the planner gave them.
    why : str
        The planner's reason, where it gave one.
    result : dict or None
        What the tool returned, without pictures; None where it failed.
    said : str
        The result in a sentence.
    failed : Failed or None
    seconds : float
    tokens : int
        That the planner spent on deciding it.
    """

    number: int = Field(ge=1)
    kind: Literal["tool", "want", "planner"]
    tool: str | None = None
    capability: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    why: str = ""
    result: dict[str, Any] | None = None
    said: str = ""
    failed: Failed | None = None
    seconds: float = Field(default=0.0, ge=0.0)
    tokens: int = Field(default=0, ge=0)


class Reason(Frozen):
    """A step of the reasoning, and the numbers of the steps of the trace that bear it out."""

    text: str = Field(min_length=1, max_length=4000)
    steps: tuple[int, ...] = ()


class Conclusion(Frozen):
    """What a planner concludes, before it is checked."""

    text: str = Field(min_length=1, max_length=8000)
    reasons: tuple[Reason, ...] = ()
    abstained: bool = False
    confidence: Probability | None = None


class Claim(Frozen):
    """A finding that the answer speaks of.

    Attributes
    ----------
    concept, status : str
        As the labeller reads the answer.
    text : str
        The words.
    steps : tuple of int
        Steps whose results speak of it.
    agrees : bool or None
        None: no tool assessed it.
    """

    concept: str
    name: str
    status: str
    text: str
    steps: tuple[int, ...]
    agrees: bool | None


class Agreement(Frozen):
    """The answer held against the evidence.

    Attributes
    ----------
    claims : tuple of Claim
    problems : tuple of str
        Disagreements, in words.
    contradictions : int
        How many of them contradict; each halves the confidence.
    """

    claims: tuple[Claim, ...] = ()
    problems: tuple[str, ...] = ()
    contradictions: int = Field(default=0, ge=0)


class Spent(Frozen):
    """What a run used up."""

    steps: int = 0
    seconds: float = 0.0
    tokens: int = 0


class Trace(Frozen):
    """Everything that was done, in order.

    Attributes
    ----------
    planner : str
        ``fixed``, or the card of a language model.
    prompt : str
        What the language model was told at first, word for word; empty for the fixed plan.
    """

    planner: str
    prompt: str = ""
    tools: tuple[str, ...]
    steps: tuple[Step, ...]
    limits: Limits
    spent: Spent
    stopped: Stopped
