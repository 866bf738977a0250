"""An answer in words, and the evidence under it: only what the reading says, in the language of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.core.i18n import Lang, numeral, text
from prosvet.core.types import Finding, Status
from prosvet.language import Mention
from prosvet.language.vocabulary import vocabulary
from prosvet.models.card import Card
from prosvet.reading.ask.answer import Reply
from prosvet.reading.ask.change import Since
from prosvet.reading.ask.understand import Asked

__all__ = ["evidence_words", "examples", "name_of", "number", "place_of", "reply_words"]

_FEW = 6
_RATIO_LIMIT = 0.5
_EXAMPLES = ("presence", "side", "what", "where", "ratio", "normal", "compare", "change", "view")


def reply_words(reply: Reply, asked: Asked | None, lang: Lang, since: Since | None = None) -> str:
    """One or two sentences; `since` has the concepts by course where a change was asked for."""
    claims = asked.claims if asked is not None else ()
    named = ", ".join(name_of(one.concept, lang) for one in claims)
    placed = "; ".join(_with_place(one, lang) for one in reply.findings[:_FEW])
    ratio = reply.measurement.value if reply.measurement is not None else None
    words = text(
        f"ask.said.{reply.said}", lang, name=named, capital=named[:1].upper() + named[1:],
        place=_asked_place(claims, lang), found=placed,
        list="; ".join(_with_chance(one, lang) for one in reply.findings[:_FEW]),
        first=_chance_of(reply.findings[:1], lang), second=_chance_of(reply.findings[1:2], lang),
        unknown=", ".join(name_of(one, lang) for one in _unknown(claims, reply.findings)),
        ratio=number(ratio, 2, lang) if ratio is not None else "", since=_since(since or {}, lang),
    )  # fmt: skip
    if reply.said == "ratio" and ratio is not None:
        words += " " + text(f"ask.said.ratio_{'wide' if ratio >= _RATIO_LIMIT else 'narrow'}", lang)
    return words[:1].upper() + words[1:]


def _since(since: Since, lang: Lang) -> str:
    """New: …; gone: …; still there: …"""
    named = {course: ", ".join(name_of(one, lang) for one in concepts) for course, concepts in since.items()}
    return "; ".join(text(f"ask.courses.{course}", lang, list=names) for course, names in named.items())


def evidence_words(finding: Finding, card: Card, point: str, lang: Lang) -> list[str]:
    """Why a finding is claimed: probability against threshold, map, measurement."""
    if finding.status is Status.NOT_ASSESSED:
        return [_why_not(finding, card, lang)]
    said = []
    threshold = card.operating_points[point].get(finding.concept)
    if finding.probability is not None:
        values = {"probability": number(finding.probability, 2, lang)}
        if threshold is not None:
            said.append(text("ask.evidence.score", lang, **values, threshold=number(threshold.threshold, 2, lang)))
        else:
            said.append(text("ask.evidence.score_alone", lang, **values))
    if any(one.kind == "map" for one in finding.evidence):
        said.append(text("ask.evidence.map", lang, place=place_of(finding, lang) or text("ask.evidence.nowhere", lang)))
    if any(one.kind == "measurement" for one in finding.evidence):
        said.append(text("ask.evidence.measurement", lang))
    return said


def _why_not(finding: Finding, card: Card, lang: Lang) -> str:
    points = [p[finding.concept].threshold for p in card.operating_points.values() if finding.concept in p]
    if finding.probability is None:
        return text("ask.evidence.not_scored", lang)
    if not points:
        return text("ask.evidence.no_threshold", lang)
    low, high = number(min(points), 2, lang), number(max(points), 2, lang)
    return text("ask.evidence.between", lang, probability=number(finding.probability, 2, lang), low=low, high=high)


def examples(lang: Lang) -> tuple[str, ...]:
    """Questions that can be answered, one of each kind."""
    return tuple(text(f"ask.examples.{name}", lang) for name in _EXAMPLES)


def name_of(concept: str, lang: Lang) -> str:
    """The concept's name in the vocabulary."""
    return vocabulary()[concept].names[lang]


def place_of(finding: Finding, lang: Lang) -> str:
    """Side and zone in words; empty when neither is known."""
    side = text(f"ask.sides.{finding.side.value}", lang) if finding.side is not None else ""
    zone = text(f"ask.zones.{finding.zone.value}", lang) if finding.zone is not None else ""
    return ", ".join(part for part in (side, zone) if part)


def number(value: float, digits: int, lang: Lang) -> str:
    """A decimal as the language writes it.

    Examples
    --------
    >>> number(0.512, 2, "ru"), number(0.512, 2, "en")
    ('0,51', '0.51')
    """
    return numeral(f"{value:.{digits}f}", lang)


def _with_place(finding: Finding, lang: Lang) -> str:
    place = place_of(finding, lang)
    return f"{name_of(finding.concept, lang)} ({place})" if place else name_of(finding.concept, lang)


def _with_chance(finding: Finding, lang: Lang) -> str:
    status = text(f"ask.statuses.{finding.status.value}", lang)
    return f"{status}: {_with_place(finding, lang)}, {number(finding.probability or 0.0, 2, lang)}"


def _chance_of(findings: Sequence[Finding], lang: Lang) -> str:
    return ", ".join(f"{name_of(one.concept, lang)} ({number(one.probability or 0.0, 2, lang)})" for one in findings)


def _asked_place(claims: Sequence[Mention], lang: Lang) -> str:
    """The place that the question names, as a phrase after a comma; empty when it names none."""
    parts = [text(f"ask.sides.{one.side.value}", lang) for one in claims[:1] if one.side is not None]
    parts += [text(f"ask.zones.{one.zone.value}", lang) for one in claims[:1] if one.zone is not None]
    return ", ".join(parts)


def _unknown(claims: Sequence[Mention], findings: Sequence[Finding]) -> list[str]:
    known = {one.concept for one in findings if one.status is not Status.NOT_ASSESSED}
    return [one.concept for one in claims if not known & {one.concept, *vocabulary().descendants(one.concept)}]
