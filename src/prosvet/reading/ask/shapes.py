"""What is asked about a film, and what is answered: the shapes of the capability `ask`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Frozen, Measurement, ModelRef, Probability, View
from prosvet.reading.ask.understand import Kind

__all__ = ["AskRequest", "AskResult", "Because", "Exchange", "OfOneFilm", "ReaderName", "Told"]


class Exchange(Frozen):
    """A question that was asked before, and its answer (which may be left out)."""

    question: str = Field(min_length=1, max_length=500)
    answer: str = Field(default="", max_length=4000)


def _exchange(given: Any) -> Any:
    """A form and a command line have words alone: a bare question, or an exchange as JSON."""
    if not isinstance(given, str):
        return given
    return Exchange.model_validate_json(given) if given.startswith("{") else Exchange(question=given)


ReaderName = Annotated[str | None, BeforeValidator(lambda given: given or None)]
"""A card's name; a form's empty choice is none."""


class OfOneFilm(Frozen):
    """The film that something is asked of: one of the archive, or a file.

    Attributes
    ----------
    study, image
        A study of the archive; its first frontal film when `image` is None.
    film : Path or None
        A file that is not in the archive; nothing of it is kept.
    lang : {"ru", "en"} or None
        Of the answer; the context's when None.
    """

    study: str | None = Field(default=None, max_length=200)
    image: int | None = Field(default=None, ge=1)
    film: Path | None = None
    lang: Lang | None = None

    @model_validator(mode="after")
    def _one_film(self) -> Self:
        if (self.study is None) == (self.film is None):
            raise ValueError("study or film: one of the two")
        return self


class AskRequest(OfOneFilm):
    """A question, and the film it is about.

    Attributes
    ----------
    question : str
        In Russian or English, up to 500 characters.
    history : tuple of Exchange
        What was asked of the same film before, the first question first: "and on the left?" is asked of its finding.
    reader : str or None
        Card of a vision-language model that answers instead of the compact pack, which then cross-checks it.
    timeout : float
        Seconds that the reader may take.
    """

    question: str = Field(min_length=1, max_length=500)
    history: tuple[Annotated[Exchange, BeforeValidator(_exchange)], ...] = Field(default=(), max_length=20)
    reader: ReaderName = Field(default=None, max_length=64)
    timeout: float = Field(default=120.0, gt=0.0, le=3600.0)


class Because(Frozen):
    """A finding that an answer stands on.

    Attributes
    ----------
    name, place : str
        In words.
    box : (left, top, right, bottom) or None
        Where its map is above half its peak, on the original film.
    reasons : tuple of str
        Probability against threshold, map, measurement: in words.
    shown : bool
        It has a heat map.
    """

    finding: Finding
    name: str
    place: str
    box: tuple[float, float, float, float] | None = None
    reasons: tuple[str, ...]
    shown: bool


class Told(Frozen):
    """What a vision-language model was asked and said, word for word.

    Attributes
    ----------
    prompt : str
        Exactly as it was sent.
    text : str
    flags : tuple of str
        Where the compact findings do not bear it out, in words.
    """

    name: str
    revision: str
    prompt: str
    text: str
    flags: tuple[str, ...] = ()


class AskResult(Frozen):
    """An answer, or an abstention.

    Attributes
    ----------
    understood_as : str or None
        The question that was answered, where what was said before completed it.
    kind : str or None
        How the question was understood; None when it was not.
    answer : str
        In words. Of an abstention: why there is none.
    abstained : bool
        The model does not answer; `reason` is the code of why.
    verdict : {"yes", "no"} or None
        Of questions that have one.
    confidence : float or None
        How likely the answer is right, 0..1; None where nothing measured speaks of it. See docs/guide/ask.md.
    evidence : tuple of Because
        What the answer stands on.
    can : tuple of str
        After an abstention: questions that can be answered.
    prior : str or None
        The earlier study that was compared with.
    reader : Told or None
        Of a vision-language model.
    """

    question: str
    understood_as: str | None = None
    kind: Kind | None
    answer: str
    abstained: bool
    verdict: Literal["yes", "no"] | None = None
    confidence: Probability | None = None
    reason: str | None = None
    evidence: tuple[Because, ...] = ()
    measurement: Measurement | None = None
    view: View
    can: tuple[str, ...] = ()
    file: str
    study: str | None = None
    image: int | None = None
    prior: str | None = None
    model: ModelRef
    reader: Told | None = None
