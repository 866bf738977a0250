"""The forms that a model's answer must have, and its text taken out of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from prosvet.core.errors import InvalidCaptionLine, VlmError
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Frozen
from prosvet.language.caption import parse_caption_line
from prosvet.models.vlm import Answer, Form, Reader
from prosvet.reading.vlm.prompts import Shape

__all__ = ["LINE", "REPORT", "SAID", "Said", "report_text", "said_of", "schema_of", "shape_for"]


class _Report(Frozen):
    findings: str = Field(min_length=1, max_length=8000)
    impression: str = Field(min_length=1, max_length=4000)


class Said(Frozen):
    """An answer to a question; `abstained`: the film does not answer it."""

    answer: str = Field(min_length=1, max_length=2000)
    abstained: bool


def schema_of(model: type[Frozen]) -> Mapping[str, Any]:
    """The JSON schema of `model` without titles and defaults, as decoders want it."""
    made = model.model_json_schema()
    fields = {name: {k: v for k, v in part.items() if k != "title"} for name, part in made["properties"].items()}
    return {"type": "object", "properties": fields, "required": made["required"], "additionalProperties": False}


REPORT, SAID = schema_of(_Report), schema_of(Said)
_LETTER, _SIGN = "[A-Za-zА-Яа-яЁё]", "[0-9A-Za-zА-Яа-яЁё ,.;:()%/«»+<>=°№–-]"
_LABEL = rf"{_LETTER}[A-Za-zА-Яа-яЁё -]{{0,60}}{_LETTER}"
_CAPTION = rf"{_LETTER}{_SIGN}{{0,600}}[.A-Za-zА-Яа-яЁё]"
_AGE = "(unknown|[1-9]?[0-9]|1[01][0-9])"
LINE = rf"{_LABEL}(, {_LABEL}){{0,7}} \| (male|female|other|unknown) \| {_AGE} \| {_CAPTION}"
"""The four-field line as a regular expression, short enough for its longest to fit into an answer."""


_FORM_OF: dict[Shape, Form] = {"json": "schema", "line": "pattern", "free": "free"}


def shape_for(reader: Reader, asked: Shape | None) -> Shape:
    """The shape that was asked for; with none asked for, the strictest that `reader` can give."""
    if asked is not None:
        return asked
    return next(shape for shape, form in _FORM_OF.items() if form in reader.forms)


def report_text(answer: Answer, shape: Shape, lang: Lang) -> str:
    """The report in `answer`.

    Raises
    ------
    VlmError
        When it was cut short, or is not in the form that was asked for: half a report is none.
    """
    _whole(answer)
    if shape == "free":
        return answer.text.strip()
    try:
        if shape == "line":
            return parse_caption_line(answer.text.strip()).caption
        made = _Report.model_validate_json(_object(answer.text))
    except (ValidationError, InvalidCaptionLine):
        raise VlmError(name=answer.model, reason="bad_form") from None
    return f"{made.findings.strip()}\n{text('vlm_read.impression', lang)}: {made.impression.strip()}"


def said_of(answer: Answer, *, free: bool = False) -> Said:
    """The answer to a question in `answer`; one in plain sentences (`free`) has no way to abstain.

    Raises
    ------
    VlmError
    """
    _whole(answer)
    try:
        if free:
            return Said(answer=answer.text.strip(), abstained=False)
        return Said.model_validate_json(_object(answer.text))
    except ValidationError:
        raise VlmError(name=answer.model, reason="bad_form") from None


def _whole(answer: Answer) -> None:
    if answer.finish != "stop":
        raise VlmError(name=answer.model, reason="cut_short" if answer.finish == "length" else "cancelled")


def _object(said: str) -> str:
    """The JSON object in what was said: models like to put it into a fence."""
    start, end = said.find("{"), said.rfind("}")
    candidate = said[start : end + 1] if 0 <= start < end else said
    try:
        json.loads(candidate)
    except ValueError:
        return said
    return candidate
