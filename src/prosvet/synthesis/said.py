"""What a generator understood of a prompt and what it should warn of, in the user's language."""

from __future__ import annotations

from prosvet.core.i18n import Lang, text
from prosvet.core.types import Frozen, Side, Status, Zone
from prosvet.language.vocabulary import vocabulary
from prosvet.synthesis.door import AnyCard
from prosvet.synthesis.wanted import Wanted

__all__ = ["Understood", "understood", "warnings"]

_FEW = 100  # training films: what has fewer is made badly


class Understood(Frozen):
    """A finding that the prompt names, its name in the user's language, and where."""

    concept: str
    name: str
    status: Status
    side: Side | None = None
    zone: Zone | None = None
    severity: str | None = None


def understood(wanted: Wanted, lang: Lang) -> tuple[Understood, ...]:
    """What the words themselves name; what follows from it is left out."""
    return tuple(
        Understood(
            concept=one.concept, name=vocabulary()[one.concept].names[lang], status=one.status, side=one.side,
            zone=one.zone, severity=one.severity,
        )
        for one in wanted.understood
        if not one.why.implied_by
    )  # fmt: skip


def warnings(wanted: Wanted, card: AnyCard, lang: Lang) -> tuple[str, ...]:
    """Reasons to look twice at what was made."""
    words = vocabulary()
    said = [one for one in wanted.understood if one.status is Status.PRESENT and not one.why.implied_by]
    found = []
    if not wanted.understood:
        found.append(text("synthesis.warnings.nothing_understood", lang))
    if wanted.said:
        found.append(text("synthesis.warnings.translated", lang, words=wanted.said))
    if wanted.lost:
        found.append(text("synthesis.warnings.lost", lang, words="; ".join(wanted.lost)))
    if wanted.unknown:
        names = ", ".join(words[one].names[lang] for one in wanted.unknown)
        found.append(text("synthesis.warnings.unknown", lang, names=names))
    for one in said:
        films = card.films_of.get(one.concept)
        if films is not None and films < _FEW:
            name = words[one.concept].names[lang]
            found.append(text("synthesis.warnings.few_films", lang, name=name, films=films))
    return tuple(found)
