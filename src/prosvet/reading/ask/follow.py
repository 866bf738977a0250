"""A question that leans on the ones before it ("and on the left?"), put so that it stands by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from prosvet.core.i18n import Lang
from prosvet.language import find_mentions
from prosvet.language.check_api import main_language
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.ask.understand import Asked, Kind, understand

__all__ = ["in_context"]

_LEAD = re.compile(r"^\s*(?:а|и|ну|and|but|what\s+about|how\s+about)\b[\s,]*", re.IGNORECASE)
_IT = re.compile(r"\b(?:it|that|this|он|она|оно|они|это|его|её|ее|их)\b", re.IGNORECASE)
_CARRIED: dict[Kind, dict[Lang, str]] = {
    "presence": {"ru": "Есть ли {name}?", "en": "Is there {name}?"},
    "where": {"ru": "Где {name}?", "en": "Where is {name}?"},
    "likelihood": {"ru": "Какова вероятность: {name}?", "en": "How likely is {name}?"},
}
"""How a finding is asked for anew, by the kind of the question before."""
_EVERY: tuple[Kind, ...] = get_args(Kind)


def in_context(question: str, history: Sequence[str]) -> str:
    """`question` as it would be asked on its own; as it is where it needs nothing, or where nothing before helps.

    Examples
    --------
    >>> in_context("А слева?", ["Есть ли пневмоторакс справа?"])
    'Есть ли пневмоторакс слева?'
    >>> in_context("And where is it?", ["Is there a pleural effusion?"])
    'Where is pleural effusion?'
    >>> in_context("А пневмония?", ["Где выпот?"])
    'Где пневмония?'
    """
    before: list[str] = []
    for one in (*history, question):
        before.append(_completed(one, before))
    return before[-1]


def _completed(question: str, before: Sequence[str]) -> str:
    lead = _LEAD.match(question)
    if lead is None and understand(question) is not None:
        return question
    bare, lang = _LEAD.sub("", question), main_language(question)
    last = next((asked for one in reversed(before) if (asked := understand(one)) is not None and asked.claims), None)
    fitting = (one for one, kinds in _candidates(bare, last, lang) if (u := understand(one)) and u.kind in kinds)
    return next(fitting, question)


def _candidates(bare: str, last: Asked | None, lang: Lang) -> list[tuple[str, tuple[Kind, ...]]]:
    """What may have been meant, the likeliest first, and the kinds of question that it would have to be."""
    own = [one.concept for one in find_mentions(bare)]
    if own:
        kind: Kind = last.kind if last is not None and last.kind in _CARRIED else "presence"
        named = [_CARRIED[kind][lang].format(name=_name(own[0], lang))] if len(set(own)) == 1 and _short(bare) else []
        return [(one, _EVERY) for one in (*named, bare)]
    if last is None:
        return [(bare, _EVERY)]
    name, words = _name(last.claims[0].concept, lang), bare.rstrip(" ?.!")
    placed = _CARRIED["presence"][lang].format(name=f"{name} {words}")
    told = _IT.sub(name, words) if _IT.search(words) else f"{words} {name}"
    return [(placed, ("presence",)), (f"{told[:1].upper()}{told[1:]}?", _EVERY), (bare, _EVERY)]


def _short(question: str) -> bool:
    """A finding by its name, without a question of its own."""
    return len(question.split()) <= 3


def _name(concept: str, lang: Lang) -> str:
    return vocabulary()[concept].names[lang]
