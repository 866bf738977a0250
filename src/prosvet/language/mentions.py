"""Mentions of concepts in a report or a query: which, affirmed or denied, on which side, where, how large.

Deterministic, by phrases and their neighbourhood; the rules stand in :mod:`prosvet.language.scope` (denial and
doubt), :mod:`prosvet.language.parts` ("the heart is not enlarged") and :mod:`prosvet.language.places` (side, zone,
severity). A sentence is understood on its own and remembered, since reports repeat themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from prosvet.core.i18n import Lang
from prosvet.core.types import Side, Status, Zone
from prosvet.language.clause import read_clause
from prosvet.language.parts import part_statements
from prosvet.language.places import attach
from prosvet.language.scope import statuses
from prosvet.language.stem import sentence_spans

__all__ = ["Mention", "find_mentions"]


# "Без патологических изменений" says that the film is normal
_OTHER_WAY_ROUND = {
    ("abnormal", Status.ABSENT): ("normal", Status.PRESENT),
    ("normal", Status.ABSENT): ("abnormal", Status.PRESENT),
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept in a text.

    Attributes
    ----------
    concept : str
        Id in the vocabulary.
    status : Status
        ``present``, ``absent``, ``uncertain``, or ``not_assessed`` where the text says so.
    side, zone, severity
        As far as the text says; severity is ``small``, ``moderate`` or ``large``.
    start, end : int
        Place in the text, characters.
    text : str
        The words themselves.
    """

    concept: str
    status: Status
    side: Side | None
    zone: Zone | None
    severity: str | None
    start: int
    end: int
    text: str


def find_mentions(text: str, lang: Lang | None = None) -> list[Mention]:
    """All mentions in `text`, in order of their place; Russian, English or both.

    Parameters
    ----------
    text : str
        A query, a sentence or a whole report.
    lang : {"ru", "en"}, optional
        Only mentions in this language's words.

    Examples
    --------
    >>> [(m.concept, m.status.value, m.side) for m in find_mentions("Правосторонний выпот без пневмоторакса")]
    [('pleural_effusion', 'present', <Side.RIGHT: 'right'>), ('pneumothorax', 'absent', None)]
    """
    found = []
    for start, end in sentence_spans(text):
        for mention in _in_sentence(text[start:end]):
            if lang is None or _language(mention.text) == lang:
                found.append(replace(mention, start=mention.start + start, end=mention.end + start))
    return found


def _language(words: str) -> Lang:
    return "ru" if any("а" <= letter <= "я" or letter == "ё" for letter in words.lower()) else "en"


@lru_cache(maxsize=50_000)
def _in_sentence(sentence: str) -> tuple[Mention, ...]:
    clause = read_clause(sentence)
    if not clause.segment:
        return ()
    hits = statuses(clause) + part_statements(clause)
    seen: set[tuple[str, Status, int]] = set()
    found = []
    for hit, place in attach(clause, hits):
        concept, status = _OTHER_WAY_ROUND.get((hit.concept, hit.status), (hit.concept, hit.status))
        key = (concept, status, hit.last)
        if key in seen:
            continue
        seen.add(key)
        start, end = clause.tokens[hit.first].start, clause.tokens[hit.last].end
        found.append(Mention(concept, status, place.side, place.zone, place.severity, start, end,
                             sentence[start:end]))  # fmt: skip
    return tuple(sorted(found, key=lambda mention: (mention.start, mention.end, mention.concept)))
