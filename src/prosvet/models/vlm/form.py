"""The form of an answer: what is said of it in the prompt, and the check that it was kept.

A schema is JSON Schema in the part that servers and grammars hold alike (what pydantic writes): types, properties,
arrays, enumerations, bounds, lengths, ``anyOf`` and ``$ref``. A word of another part is an error, never passed over.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from prosvet.core.errors import VlmAnswerInvalid, VlmError
from prosvet.core.i18n import text
from prosvet.models.vlm.types import Answer, Question, Turn

__all__ = ["check_form", "form_words", "formed", "four_field_line", "wrong"]

log = logging.getLogger(__name__)

_KNOWN = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "minimum", "maximum",
    "minLength", "maxLength", "minItems", "maxItems", "pattern", "anyOf", "$ref", "$defs", "title", "description",
    "default", "exclusiveMinimum", "exclusiveMaximum", "$schema",
}  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip


def four_field_line(labels: str = r"[^|\n]{1,200}", caption: int = 600) -> str:
    """Pattern of ``Image Labels | Gender | Age | Image Caption`` on one line.

    Examples
    --------
    >>> import re
    >>> bool(re.fullmatch(four_field_line(), "effusion | Female | 54 | PA view shows an effusion."))
    True
    """
    return rf"{labels} \| [A-Za-zА-Яа-яЁё]{{1,12}} \| [0-9]{{1,3}} \| [^|\n]{{1,{caption}}}"


def form_words(question: Question) -> str:
    """What is added to the prompt so that the model knows the form; empty where none is asked for."""
    if question.schema is not None:
        return "\n\n" + text("vlm.json", question.lang, schema=json.dumps(question.schema, ensure_ascii=False))
    if question.pattern is not None:
        return "\n\n" + text("vlm.pattern", question.lang, pattern=question.pattern)
    return ""


def formed(
    question: Question, ask: Callable[[Question], Answer], name: str, *, tries: int = 3, turns: bool = True
) -> Answer:
    """An answer in the form asked for; a wrong one is asked for again, with what was wrong, `tries` times in all.

    Where a model takes no earlier `turns`, what was wrong is said after the question.

    Raises
    ------
    VlmAnswerInvalid
        When the last answer is not in the form either, or was cut before it was whole.
    """
    asked, problem = question, ""
    for attempt in range(1, tries + 1):
        answer = ask(asked)
        if answer.finish == "cancelled":
            return answer
        try:
            check_form(question, answer.text, name)
            return answer
        except VlmAnswerInvalid as error:
            problem = str(error.details["reason"])
        if answer.finish == "length":
            problem = text("vlm_reasons.unfinished", "en", limit=question.max_tokens)
        log.info("answer %d of %s is not in the form asked for", attempt, name)
        again = text("vlm.again", question.lang, problem=problem)
        if turns:
            asked = replace(asked, history=(*asked.history, Turn(asked.prompt, answer.text)), prompt=again)
        else:
            asked = replace(question, prompt=f"{question.prompt}\n\n{again}")
    raise VlmAnswerInvalid(name=name, reason=problem)


def check_form(question: Question, answer: str, name: str) -> None:
    """Hold an answer against what was asked for.

    Raises
    ------
    VlmAnswerInvalid
        With the first place that differs.
    VlmError
        When the schema or the pattern itself cannot be used.
    """
    if question.pattern is not None and re.fullmatch(_compiled(question.pattern, name), answer) is None:
        raise VlmAnswerInvalid(name=name, reason="the pattern is not met")
    if question.schema is None:
        return
    try:
        value = json.loads(answer)
    except ValueError as error:
        raise VlmAnswerInvalid(name=name, reason=f"not JSON: {error}") from None
    try:
        found = wrong(value, question.schema, question.schema)
    except ValueError as error:
        raise VlmError(name=name, reason="bad_schema", problem=str(error)) from None
    if found:
        raise VlmAnswerInvalid(name=name, reason=found)


def _compiled(pattern: str, name: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise VlmError(name=name, reason="bad_schema", problem=str(error)) from None


def wrong(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str = "answer") -> str:
    """What is wrong with a value by a schema, the first thing; empty when it is met.

    Raises
    ------
    ValueError
        For a schema with a word that is not held here.

    Examples
    --------
    >>> wrong({"side": "up"}, {"type": "object", "properties": {"side": {"enum": ["left", "right"]}}}, {})
    'answer.side: not one of ["left", "right"]'
    """
    unknown = sorted(set(schema) - _KNOWN)
    if unknown:
        raise ValueError(f"{place}: {unknown[0]} is not held here")
    if "$ref" in schema:
        return wrong(value, _target(str(schema["$ref"]), root), root, place)
    if "anyOf" in schema:
        tried = [wrong(value, one, root, place) for one in schema["anyOf"]]
        return "" if "" in tried else tried[0]
    if "const" in schema and value != schema["const"]:
        return f"{place}: not {json.dumps(schema['const'], ensure_ascii=False)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{place}: not one of {json.dumps(schema['enum'], ensure_ascii=False)}"
    return _of_type(value, schema, place) or _inside(value, schema, root, place)


def _target(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    node: Any = root
    if not reference.startswith("#/"):
        raise ValueError(f"{reference} is not held here")
    for part in reference[2:].split("/"):
        if not isinstance(node, Mapping) or part not in node:
            raise ValueError(f"{reference} leads nowhere")
        node = node[part]
    if not isinstance(node, Mapping):
        raise ValueError(f"{reference} leads nowhere")
    return node


def _of_type(value: Any, schema: Mapping[str, Any], place: str) -> str:
    names = schema.get("type")
    if names is None:
        return ""
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in _TYPES:
            raise ValueError(f"{place}: type {name}")
        if isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)):
            return ""
    return f"{place}: not {' or '.join(names)}"


def _inside(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
    if isinstance(value, dict):
        return _object(value, schema, root, place)
    if isinstance(value, list):
        bounds = _bounds(len(value), schema, ("minItems", "maxItems"), place)
        parts = (wrong(one, schema.get("items", {}), root, f"{place}[{n}]") for n, one in enumerate(value))
        return bounds or next((found for found in parts if found), "")
    if isinstance(value, str):
        if "pattern" in schema and re.search(schema["pattern"], value) is None:
            return f"{place}: the pattern {schema['pattern']} is not met"
        return _bounds(len(value), schema, ("minLength", "maxLength"), place)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value <= schema.get("exclusiveMinimum", float("-inf")) or value >= schema.get(
            "exclusiveMaximum", float("inf")
        ):
            return f"{place}: {value} is out of range"
        return _bounds(value, schema, ("minimum", "maximum"), place)
    return ""


def _object(value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
    properties = schema.get("properties", {})
    missing = [key for key in schema.get("required", ()) if key not in value]
    if missing:
        return f"{place}: {missing[0]} is missing"
    more = schema.get("additionalProperties", True)
    for key, one in value.items():
        if key in properties:
            found = wrong(one, properties[key], root, f"{place}.{key}")
        elif more is False:
            found = f"{place}: {key} was not asked for"
        else:
            found = wrong(one, more, root, f"{place}.{key}") if isinstance(more, Mapping) else ""
        if found:
            return found
    return ""


def _bounds(size: float, schema: Mapping[str, Any], names: tuple[str, str], place: str) -> str:
    low, high = schema.get(names[0], float("-inf")), schema.get(names[1], float("inf"))
    return "" if low <= size <= high else f"{place}: {size} is not in {low}..{high}"
