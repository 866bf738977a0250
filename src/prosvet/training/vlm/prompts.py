"""What a model is asked about a case, and what it should answer."""

from __future__ import annotations

import re
from typing import Any, Literal

from PIL import Image
from pydantic import ValidationError

from prosvet.core.errors import InvalidCaptionLine, TuningError
from prosvet.language.caption import CaptionLine, Gender, parse_caption_line, write_caption_line
from prosvet.training.vlm.case import Case, one_line
from prosvet.training.vlm.recipe import Prompt

__all__ = ["Context", "answer_of", "asked", "caption_in", "messages", "row_of"]

Context = Literal["image", "image_case"]
"""``image``: the instruction and the film. ``image_case``: the clinical case too, which often names sex and age."""

_SEXES: dict[str | None, Gender] = {"F": "female", "M": "male", "O": "other", None: "unknown"}
_BAR = re.compile(r"(?<!\\) \| ")
_NO_LABELS = "unlabelled"


def asked(case: Case, prompt: Prompt, context: Context = "image_case") -> str:
    """The words of the prompt: the instruction, then the clinical case cut to the recipe's length.

    Examples
    --------
    >>> case = Case("1", "s", "p", (), "Clear.", context="A man of 40 with cough.")
    >>> asked(case, Prompt(instruction="Describe.", context=8))
    'Describe.\\nClinical case: A man of'
    """
    known = case.context[: prompt.context].rstrip() if context == "image_case" else ""
    return f"{prompt.instruction}\n{prompt.context_title} {known}" if known else prompt.instruction


def answer_of(case: Case, prompt: Prompt) -> str:
    """What the model should say.

    Raises
    ------
    TuningError
        When a case cannot be written as one line of four fields.
    """
    if prompt.answer == "text":
        return case.text
    try:
        line = CaptionLine(
            labels=case.labels or (_NO_LABELS,), gender=_SEXES[case.sex], age=case.age, caption=one_line(case.text)
        )
    except (ValidationError, KeyError):
        raise TuningError(reason="no_caption_line", name=case.key) from None
    return write_caption_line(line)


def caption_in(answer: str, prompt: Prompt) -> tuple[str, bool]:
    """The caption alone of an answer, and whether the answer was written as it should be.

    An answer that is no line of four fields is not thrown away: what follows its third bar, or all of it, is the
    caption, and the share of such answers is told beside the scores.

    Examples
    --------
    >>> caption_in("mass | male | 61 | A mass.", Prompt(instruction="x"))
    ('A mass.', True)
    >>> caption_in("A mass.", Prompt(instruction="x"))
    ('A mass.', False)
    """
    if prompt.answer == "text":
        return one_line(answer), bool(answer.strip())
    try:
        return parse_caption_line(answer.strip()).caption, True
    except InvalidCaptionLine:
        return one_line(_BAR.split(answer, maxsplit=3)[-1]), False


def messages(words: str, pictures: int) -> list[dict[str, Any]]:
    """One user's turn in the shape of a chat template: the words, then a place for each picture."""
    content: list[dict[str, Any]] = [{"type": "text", "text": words}]
    return [{"role": "user", "content": content + [{"type": "image"}] * pictures}]


def row_of(case: Case, pictures: list[Image.Image], prompt: Prompt) -> dict[str, Any]:
    """A row for the trainer: ``images``, ``prompt``, ``completion``."""
    answer = [{"role": "assistant", "content": [{"type": "text", "text": answer_of(case, prompt)}]}]
    return {"images": pictures, "prompt": messages(asked(case, prompt), len(pictures)), "completion": answer}
