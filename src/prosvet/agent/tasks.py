"""A task in Russian or English, taken apart: the calls that each part of it asks for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from prosvet.agent.case import Case
from prosvet.agent.planner import Call
from prosvet.language import find_mentions
from prosvet.reading.ask.follow import in_context
from prosvet.reading.ask.understand import understand

__all__ = ["Part", "PartKind", "missing", "parts_of", "plan"]

PartKind = Literal[
    "question", "describe", "measure", "segment", "prior", "similar", "search", "check", "evaluate", "unknown"
]
_ORDER: tuple[PartKind, ...] = ("similar", "prior", "check", "evaluate", "segment", "measure", "search", "describe")
"""In which the words of a part are tried: what is said more narrowly first."""
_BREAK = re.compile(r"[.;!?\n]+|,(?!\d)|\b(?:и|а\s+также|затем|потом|and|then|also)\b", re.IGNORECASE)
_BARE = 3  # words of a finding that is named without a verb
_WORD = re.compile(r"\w+")
_VERB = re.compile(
    r"^\s*(?:найди|найти|поищи|подбери|find|search(?:\s+for)?|look\s+for)\s+(?:мне\s+|me\s+)?"
    r"(?:(?:исследовани|снимк|протокол|случа)\w*|stud(?:y|ies)|films?|reports?|cases?)?\s*(?:с|со|where|with|of)?\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """One thing that the task asks for, in its own words."""

    kind: PartKind
    text: str


def parts_of(task: str) -> list[Part]:
    """The parts of `task` in their order; what is not understood is a part of its own and is not passed over.

    Examples
    --------
    >>> [part.kind for part in parts_of("Опиши снимок, сравни с предыдущим и найди похожие")]
    ['describe', 'prior', 'similar']
    >>> [part.kind for part in parts_of("Is there an effusion, and where?")]
    ['question']
    """
    whole = task.strip()
    if _question(whole):
        return [Part("question", whole)]
    made: list[Part] = []
    for sentence in _pieces(whole, re.compile(r"(?<=[.;!?\n])")):
        made += [Part("question", sentence)] if _question(sentence) else _in_pieces(sentence, made)
    return _merged(made)


def _in_pieces(sentence: str, before: Iterable[Part]) -> list[Part]:
    asked = [part.text for part in before if part.kind == "question"]
    made: list[Part] = []
    for piece in _pieces(sentence, _BREAK):
        kind = _named(piece)
        full = in_context(piece, asked)
        if kind is None and _question(full):
            made.append(Part("question", full))
            asked.append(full)
        else:
            made.append(Part(kind or "unknown", piece))
    return made


def plan(parts: Iterable[Part], case: Case) -> list[Call]:
    """The calls, each once, the reading first."""
    calls = [Call("read")]
    for part in parts:
        calls += _calls(part, case)
    made: list[Call] = []
    for call in calls:
        if call not in made:
            made.append(call)
    return made


def _calls(part: Part, case: Case) -> list[Call]:
    if part.kind == "question":
        asked = [Call("ask", {"question": part.text})]
        return asked + ([Call("ask_reader", {"question": part.text})] if case.reader is not None else [])
    if part.kind == "unknown":
        return [Call("ask_reader", {"question": part.text})] if case.reader is not None else []
    if part.kind == "search":
        return [Call("search_text", {"text": searched(part.text)})]
    if missing(part, case) is not None:
        return []
    tools = {
        "measure": "measure", "segment": "segment", "prior": "compare_prior", "similar": "search_similar",
        "check": "check_report", "evaluate": "evaluate",
    }  # fmt: skip
    return [Call(tools[part.kind])] if part.kind in tools else []


def missing(part: Part, case: Case) -> Literal["prior", "report", "archive"] | None:
    """What a part needs and the case does not have."""
    if part.kind == "prior" and case.prior is None:
        return "prior"
    if part.kind in ("check", "evaluate") and not case.report.strip():
        return "report"
    return "archive" if part.kind == "segment" and case.image is None else None


def searched(piece: str) -> str:
    """What is looked for, without the words that ask to look.

    Examples
    --------
    >>> searched("найди исследования с пневмотораксом")
    'пневмотораксом'
    """
    return _VERB.sub("", piece).strip() or piece


def _question(text: str) -> bool:
    """Whether it is a question about the film, and not one of the narrower tasks."""
    asked = understand(text)
    return asked is not None and not (asked.kind == "what" or (asked.kind == "change" and not asked.claims))


def _named(piece: str) -> PartKind | None:
    words = [m.group().casefold() for m in _WORD.finditer(piece)]
    for kind in _ORDER:
        if any(_matches(word, pattern) for word in words for pattern in _table()[kind]):
            return kind
    asked = understand(piece)
    return {"what": "describe", "change": "prior"}.get(asked.kind) if asked is not None else None  # type: ignore[return-value]


def _matches(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _pieces(text: str, at: re.Pattern[str]) -> list[str]:
    """The pieces of `text` that say something; a bare finding goes with the search before it."""
    made: list[str] = []
    for piece in (one.strip() for one in at.split(text)):
        words = [m.group().casefold() for m in _WORD.finditer(piece)]
        if all(word in _table()["filler"] for word in words):
            continue
        bare = made and len(words) <= _BARE and _named(piece) is None and find_mentions(piece)
        if bare and _named(made[-1]) == "search":
            made[-1] += f", {piece}"
        else:
            made.append(piece)
    return made


def _merged(parts: list[Part]) -> list[Part]:
    """Without a part that says again what another of its kind does."""
    seen: set[PartKind] = set()
    kept = []
    for part in parts:
        if part.kind in ("question", "search", "unknown") or part.kind not in seen:
            kept.append(part)
        seen.add(part.kind)
    return kept


@cache
def _table() -> dict[str, tuple[str, ...]]:
    raw = tomllib.loads(resources.files("prosvet.agent").joinpath("tasks.toml").read_text(encoding="utf-8"))
    return {kind: tuple(table["words"]) for kind, table in raw.items()}
