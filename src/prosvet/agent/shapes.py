"""What the agent is asked, and what it answers: the shapes of the capability `agent`."""

from __future__ import annotations

from pydantic import Field

from prosvet.agent.trace import Agreement, Limits, Reason, Trace, Want
from prosvet.core.types import Frozen, ModelRef, Probability
from prosvet.reading.ask.shapes import OfOneFilm, ReaderName

__all__ = ["AgentRequest", "AgentResult"]


class AgentRequest(OfOneFilm):
    """A task, and the film it is about.

    Attributes
    ----------
    task : str
        In Russian or English, up to 2000 characters; it may have several parts.
    planner : str
        ``fixed``, or the card of a language model on an OpenAI-compatible server.
    reader : str or None
        Card of a vision-language model that may be asked of the film.
    report : str
        A report to check, or to measure the draft against.
    steps, seconds, tokens
        The limits; see :class:`prosvet.agent.trace.Limits`.
    """

    task: str = Field(min_length=1, max_length=2000)
    planner: str = Field(default="fixed", pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    reader: ReaderName = Field(default=None, max_length=64)
    report: str = Field(default="", max_length=20_000)
    steps: int = Field(default=12, ge=1, le=50)
    seconds: float = Field(default=120.0, gt=0.0, le=3600.0)
    tokens: int = Field(default=50_000, ge=100, le=10_000_000)

    @property
    def limits(self) -> Limits:
        """What the run may spend."""
        return Limits(steps=self.steps, seconds=self.seconds, tokens=self.tokens)


class AgentResult(Frozen):
    """A reasoned answer with everything it stands on.

    Attributes
    ----------
    answer : str
    abstained : bool
        There is no answer; `answer` says why.
    confidence : float or None
        How likely the answer is right, lowered for each disagreement; None where nothing measured speaks of it.
    reasons : tuple of Reason
        Step by step, each with the numbers of the trace's steps that bear it out.
    wants : tuple of Want
        What the agent asks for before it can say more.
    agreement : Agreement
        The answer held against the evidence.
    trace : Trace
    """

    task: str
    answer: str
    abstained: bool
    confidence: Probability | None
    reasons: tuple[Reason, ...]
    wants: tuple[Want, ...]
    agreement: Agreement
    trace: Trace
    file: str
    study: str | None = None
    image: int | None = None
    model: ModelRef
