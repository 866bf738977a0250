"""What goes through the door to a vision-language model, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import Lang

__all__ = ["FORMS", "Answer", "Cancelled", "Finish", "Form", "Picture", "Question", "Reader", "Turn"]

Finish = Literal["stop", "length", "cancelled"]
Form = Literal["schema", "pattern", "free"]
"""How an answer is held to a form: by a JSON schema, by a regular expression, or not at all."""
FORMS: frozenset[Form] = frozenset(("schema", "pattern", "free"))
Cancelled = Callable[[], bool]
"""Asked between tokens; true stops the answer there."""

_LONGEST_ROLE = 80
_LONGEST_PROMPT = 200_000


@dataclass(frozen=True)
class Picture:
    """One picture of a question and what it is there for.

    Attributes
    ----------
    pixels : ndarray, shape (H, W), or PIL image
        uint8 is taken as it is; any other kind is a grey film, bone bright, stretched between its percentiles 0.5 and
        99.5 (the values of a film have units of their own).
    role : str
        A key under ``vlm.roles`` in the locales (``frontal``, ``lateral``, ``prior``, ``r_cc``, ``l_mlo``, ``slice``,
        …), or a few plain words; it is named in the prompt beside the picture.

    Raises
    ------
    InvalidRequest
        For pixels that are no picture, or a role that is empty or longer than a line.
    """

    pixels: NDArray[Any] | Image.Image
    role: str = "film"

    def __post_init__(self) -> None:
        if not self.role.strip() or len(self.role) > _LONGEST_ROLE or "\n" in self.role:
            raise InvalidRequest(name="role", reason=f"1–{_LONGEST_ROLE} characters on one line")
        if isinstance(self.pixels, Image.Image):
            return
        if self.pixels.ndim != 2 or 0 in self.pixels.shape:
            raise InvalidRequest(name="pixels", reason=f"a grey picture (H, W) is needed, not {self.pixels.shape}")
        if not np.isfinite(self.pixels).all():
            raise InvalidRequest(name="pixels", reason="not every value is a number")


@dataclass(frozen=True)
class Turn:
    """An earlier question and its answer, in words; pictures are those of the question that is asked now."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class Question:
    """What is asked of a model.

    Attributes
    ----------
    prompt : str
        The words; how the model wants them wrapped stands in its card.
    pictures : tuple of Picture
        In the order in which they are put before the model.
    schema : mapping or None
        JSON schema that the answer must meet; the text is then a JSON document.
    pattern : str or None
        Regular expression that the whole answer must match, for example the four-field line. Not with `schema`.
    max_tokens : int
        1..8192.
    temperature : float
        0 takes the likeliest token each time.
    seed : int or None
        Of the draw at a temperature above 0.
    timeout : float
        Seconds for the whole answer.
    logprobs : bool
        Whether the log-probability of each chosen token is wanted.
    lang : str
        Language in which the roles of the pictures are named.
    """

    prompt: str
    pictures: tuple[Picture, ...] = ()
    history: tuple[Turn, ...] = ()
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None
    timeout: float = 120.0
    pattern: str | None = None
    logprobs: bool = False
    lang: Lang = "en"

    def __post_init__(self) -> None:
        if not self.prompt.strip() or len(self.prompt) > _LONGEST_PROMPT:
            raise InvalidRequest(name="prompt", reason=f"1–{_LONGEST_PROMPT} characters")
        if not 1 <= self.max_tokens <= 8192:
            raise InvalidRequest(name="max_tokens", reason="1–8192")
        if not 0.0 <= self.temperature <= 2.0:
            raise InvalidRequest(name="temperature", reason="0–2")
        if not 0.0 < self.timeout <= 3600.0:
            raise InvalidRequest(name="timeout", reason="0–3600 s")
        if self.schema is not None and self.pattern is not None:
            raise InvalidRequest(name="pattern", reason="a schema or a pattern, not both")


@dataclass(frozen=True)
class Answer:
    """What a model said.

    Attributes
    ----------
    text : str
        Never empty, unless the answer was cancelled before its first word.
    tokens : tuple of str
        The pieces in which it came; empty where a server does not tell them.
    logprobs : tuple of float or None
        Natural logarithm of the probability of each of `tokens`; None where they were not asked for or not told.
    finish : str
        ``stop``: the model ended; ``length``: it was cut at ``max_tokens``; ``cancelled``: the caller stopped it.
    prompt : str
        Exactly what was sent, with the places of the pictures: for the record.
    model, revision : str
        Who answered.
    constrained : str
        How the form of the answer was held: ``no`` (none was asked for), ``decoding`` (no other token could be
        chosen), ``server`` (asked of the server, then checked here), ``retry`` (asked for in the prompt, then checked).
    """

    text: str
    tokens: tuple[str, ...] = ()
    logprobs: tuple[float, ...] | None = None
    finish: Finish = "stop"
    prompt: str = ""
    model: str = ""
    revision: str = ""
    constrained: Literal["no", "decoding", "server", "retry"] = "no"


@runtime_checkable
class Reader(Protocol):
    """A vision-language model behind the door; safe to share between threads."""

    @property
    def name(self) -> str:
        """Of its card."""
        ...

    @property
    def revision(self) -> str:
        """As pinned in its card."""
        ...

    @property
    def forms(self) -> frozenset[Form]:
        """Those in which it can be asked to answer."""
        ...

    def generate(self, question: Question, cancelled: Cancelled | None = None) -> Answer:
        """Answer one question.

        Raises
        ------
        VlmError
            When there is no answer: too late, unreachable, refused, empty, or not in the form that was asked for.
        """
        ...

    def generate_many(self, questions: Sequence[Question], cancelled: Cancelled | None = None) -> list[Answer]:
        """Answer several, in their order; together where the model can."""
        ...

    def stream(self, question: Question, cancelled: Cancelled | None = None) -> Iterator[str]:
        """The answer piece by piece; joined they are its text. No schema or pattern is held on the way."""
        ...

    def close(self) -> None:
        """Let memory and connections go."""
        ...
