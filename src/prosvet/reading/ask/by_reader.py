"""An answer of a vision-language model, cross-checked by the compact findings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from prosvet.core.context import Context
from prosvet.core.i18n import Lang, text
from prosvet.imaging.film import Film
from prosvet.models.vlm import Answer, Question, Turn
from prosvet.reading.ask.shapes import AskRequest, Told
from prosvet.reading.several import Looked
from prosvet.reading.vlm.crosscheck import Flag, cross_check
from prosvet.reading.vlm.forms import SAID, Said, said_of
from prosvet.reading.vlm.prompts import ask_prompt
from prosvet.reading.vlm.readers import Readers, picture_of

__all__ = ["answer_by_reader", "lowered"]

_AGAINST = frozenset({"invented", "denied", "misplaced", "number", "overstated"})


def answer_by_reader(
    request: AskRequest, film: Film, looked: Looked, lang: Lang, context: Context
) -> tuple[Said, Told, float | None]:  # fmt: skip
    """What the reader of `request` says, word for word, and how far it is to be believed.

    Raises
    ------
    VlmError
    """
    readers, name = context.get(Readers), request.reader or ""
    reader = readers.get(name)
    free = "schema" not in reader.forms  # such a model knows bare questions, not what is said around them
    answer = reader.generate(
        Question(
            prompt=request.question if free else ask_prompt(request.question, lang),
            pictures=(picture_of(film),),
            history=tuple(Turn(one.question, one.answer) for one in request.history if one.answer),
            schema=None if free else SAID,
            max_tokens=256,
            timeout=request.timeout,
            logprobs=readers.tells_probabilities(name),
            lang=lang,
        )
    )
    said = said_of(answer, free=free)
    flags = cross_check(said.answer, lang, looked.findings, looked.measurements, whole=False)
    told = Told(
        name=reader.name, revision=reader.revision, prompt=answer.prompt, text=answer.text,
        flags=tuple(text(f"vlm_read.flags.{one.kind}", lang, said=one.said) for one in flags),
    )  # fmt: skip
    return said, told, None if said.abstained else lowered(_fluency(answer), flags)


def _fluency(answer: Answer) -> float | None:
    """The geometric mean of the tokens' probabilities: how sure the model was of its words, not of the film."""
    if not answer.logprobs:
        return None
    return math.exp(sum(answer.logprobs) / len(answer.logprobs))


def lowered(confidence: float | None, flags: Sequence[Flag]) -> float | None:
    """`confidence`, halved for each contradiction by the compact findings.

    Examples
    --------
    >>> lowered(0.8, [Flag(kind="invented", concept="mass", text="mass", said="")])
    0.4
    """
    against = sum(one.kind in _AGAINST for one in flags)
    return None if confidence is None else round(min(1.0, confidence) * 0.5**against, 4)
