"""A query in Russian or English, understood: concepts, conditions, and the words that remain."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from prosvet.archive.filters import StudyFilter
from prosvet.core.errors import QueryError
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen, Side, Status, Zone
from prosvet.language.detect import detect_language
from prosvet.language.mentions import Mention, find_mentions
from prosvet.language.phrases import lexicon
from prosvet.language.stem import tokenise
from prosvet.language.vocabulary import vocabulary
from prosvet.search.where import combine, parse_where
from prosvet.search.words import filters_in_words

__all__ = ["LONGEST", "ParsedQuery", "QueryConcept", "check_length", "concepts_of", "narrowed", "parse_query"]

LONGEST = 10_000
"""Characters; a longer text is a mistake, not a query."""

_NAMING = ("noun", "part", "pointer")  # cues that name something themselves
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


class QueryConcept(Frozen):
    """A concept that the query asks for (present, uncertain) or excludes (absent)."""

    id: str
    status: Status
    side: Side | None = None
    zone: Zone | None = None


class ParsedQuery(Frozen):
    """What was understood of a query.

    Attributes
    ----------
    language : str
        ``ru`` or ``en``; of a mixed query, that of most of its letters.
    concepts : tuple of QueryConcept
        Each once for each status and place.
    filters : StudyFilter
        Sex, age, date, view, labels, source: from the words and from ``where`` together.
    free_text : str
        What remains to be looked for as words, without what is excluded.
    unknown : tuple of str
        Words that name no concept, place or condition: they are looked for as words only.
    text : str
        The query as given.
    """

    language: Lang
    concepts: tuple[QueryConcept, ...] = ()
    filters: StudyFilter = StudyFilter()
    free_text: str = ""
    unknown: tuple[str, ...] = ()
    text: str = ""

    @property
    def wanted(self) -> tuple[QueryConcept, ...]:
        """Concepts asked for."""
        return tuple(c for c in self.concepts if c.status in (Status.PRESENT, Status.UNCERTAIN))

    @property
    def excluded(self) -> tuple[QueryConcept, ...]:
        """Concepts that a hit must not have."""
        return tuple(c for c in self.concepts if c.status is Status.ABSENT)


def parse_query(text: str, where: str = "", lang: Lang = "ru", *, conditions: bool = True) -> ParsedQuery:
    """Understand a query.

    Parameters
    ----------
    text : str
        Russian or English, 1 to 10,000 characters.
    where : str
        More conditions, see :func:`prosvet.search.where.parse_where`.
    lang : {"ru", "en"}
        Language of the answer when the text has no letters.
    conditions : bool
        Whether words like "women over 60" are conditions; in a report they only describe the patient.

    Raises
    ------
    QueryError
        Reason ``empty``, ``too_long``, or one of the conditions'.
    QueryLanguage
        When the text is in a third language.

    Examples
    --------
    >>> query = parse_query("right pleural effusion without pneumothorax, women over 60")
    >>> [(c.id, c.status.value) for c in query.concepts]
    [('pleural_effusion', 'present'), ('pneumothorax', 'absent')]
    >>> query.filters.sex, query.filters.age_min
    ('F', 60.0)
    """
    check_length(text)
    if not text.strip():
        raise QueryError(reason="empty")
    language = _language(text, lang)
    filters, rest = filters_in_words(text) if conditions else (StudyFilter(), text)
    if where.strip():
        filters = combine(filters, parse_where(where))
    mentions = find_mentions(rest)
    return ParsedQuery(
        language=language,
        concepts=concepts_of(mentions),
        filters=filters,
        free_text=_free_text(rest, mentions),
        unknown=_unknown(rest, mentions),
        text=text,
    )


def narrowed(query: ParsedQuery, where: str) -> ParsedQuery:
    """`query` with the conditions of `where` added.

    Raises
    ------
    QueryError
        When they are malformed, or exclude those that it has.
    """
    if not where.strip():
        return query
    return query.model_copy(update={"filters": combine(query.filters, parse_where(where))})


def check_length(text: str) -> None:
    """Refuse a text longer than :data:`LONGEST`.

    Raises
    ------
    QueryError
        Reason ``too_long``.
    """
    if len(text) > LONGEST:
        raise QueryError(reason="too_long", length=len(text), limit=LONGEST)


def concepts_of(mentions: list[Mention]) -> tuple[QueryConcept, ...]:
    """Mentions as concepts, each once; what is both affirmed and denied counts as affirmed.

    A kind makes its parent needless: "focal opacity, nodule" asks for a nodule.
    """
    found = dict.fromkeys(
        QueryConcept(id=m.concept, status=m.status, side=m.side, zone=m.zone)
        for m in mentions
        if m.status is not Status.NOT_ASSESSED
    )
    affirmed = {c.id for c in found if c.status is not Status.ABSENT}
    implied = {parent for concept in affirmed for parent in vocabulary().ancestors(concept)}
    return tuple(
        c for c in found if (c.status is Status.ABSENT and c.id not in affirmed)
        or (c.status is not Status.ABSENT and c.id not in implied)
    )  # fmt: skip


def _language(text: str, lang: Lang) -> Lang:
    if not _LETTER.search(text):
        return lang
    found = detect_language(text)
    if found != "mixed":
        return found
    cyrillic = sum("а" <= letter <= "я" or letter == "ё" for letter in text.lower())
    return "ru" if 2 * cyrillic >= len(_LETTER.findall(text)) else "en"


def _free_text(rest: str, mentions: list[Mention]) -> str:
    """The words to look for: all but what is denied and what only joins."""
    for mention in mentions:
        if mention.status in (Status.ABSENT, Status.NOT_ASSESSED):
            rest = rest[: mention.start] + " " * (mention.end - mention.start) + rest[mention.end :]
    return " ".join(word for word in _WORD.findall(rest) if word.lower() not in _glue())


def _unknown(rest: str, mentions: list[Mention]) -> tuple[str, ...]:
    """Words that the concepts, their places and their denials leave over, each once."""
    for start, end in [(m.start, m.end) for m in mentions] + [m.cue for m in mentions if m.cue is not None]:
        rest = rest[:start] + " " * (end - start) + rest[end:]
    left = dict.fromkeys(word for word in _WORD.findall(rest) if word.lower() not in _glue())
    return tuple(word for word in left if not _tells_how(word))


def _tells_how(word: str) -> bool:
    """Whether a word says where, how large or how sure: it was understood with its concept."""
    found = lexicon().cue_at([token.stem for token in tokenise(word)], 0, set())
    return found is not None and any(meaning.kind not in _NAMING for meaning in found.meanings)


@cache
def _glue() -> frozenset[str]:
    """Words that only join or ask (``glue.toml``)."""
    table = tomllib.loads(resources.files("prosvet.search").joinpath("glue.toml").read_text(encoding="utf-8"))
    return frozenset(word for words in table.values() for word in words)
