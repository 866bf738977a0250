"""What a balanced set is made of: every place and severity that the generator can be asked for. Pure."""

from __future__ import annotations

from prosvet.core.errors import SynthesisError
from prosvet.core.i18n import LANGS, Lang, text
from prosvet.core.types import Frozen
from prosvet.language.vocabulary import vocabulary
from prosvet.synthesis.card import GeneratorCard
from prosvet.synthesis.wanted import LUNG_FINDINGS

__all__ = ["LEAST_FILMS", "SEVERITIES", "Cell", "cells_of", "words_of"]

LEAST_FILMS = 30
"""Training films with a finding below which a set of it is refused: it would teach what the generator made up."""

SEVERITIES = ("small", "moderate", "large")
_SIDES, _ZONES = ("right", "left"), ("upper", "middle", "lower")
_BASAL = "pleural_effusion"  # lies at the bottom of an upright chest: its zone is not asked for


class Cell(Frozen):
    """One place and severity; None where the finding has none, or it was not asked for."""

    side: str | None = None
    zone: str | None = None
    severity: str

    @property
    def name(self) -> str:
        """As in tables: ``right lower large``."""
        return " ".join(part for part in (self.side, self.zone, self.severity) if part)


def cells_of(
    finding: str, card: GeneratorCard, zones: tuple[str, ...] = (), severities: tuple[str, ...] = SEVERITIES
) -> tuple[Cell, ...]:
    """The cells of `finding`, of `zones` only (``right_lower``) where some are named.

    Raises
    ------
    SynthesisError
        When the generator does not know the finding, has seen too few films of it, or cannot place it there.
    """
    films = card.films_of.get(finding, 0)
    if finding in ("abnormal", "normal") or films < LEAST_FILMS:
        raise SynthesisError(reason="too_few_films", finding=finding, films=films, least=LEAST_FILMS)
    places = _places(finding, card)
    if zones:
        places = tuple(place for place in places if "_".join(part for part in place if part) in zones)
        if not places:
            raise SynthesisError(reason="no_such_place", finding=finding, zones=", ".join(zones))
    return tuple(Cell(side=side, zone=zone, severity=much) for side, zone in places for much in severities)


def _places(finding: str, card: GeneratorCard) -> tuple[tuple[str | None, str | None], ...]:
    if finding not in LUNG_FINDINGS:
        return ((None, None),)
    known = {(pattern.side, pattern.zone) for pattern in card.patterns}
    if finding == _BASAL:
        return tuple((side, None) for side in _SIDES if (side, "lower") in known)
    return tuple((side, zone) for side in _SIDES for zone in _ZONES if (side, zone) in known)


def words_of(finding: str, cell: Cell, number: int) -> str:
    """The prompt, in either language by turns."""
    lang: Lang = LANGS[number % len(LANGS)]
    name = vocabulary()[finding].names[lang]
    of_lungs = finding in LUNG_FINDINGS
    kind = "lung" if of_lungs else "other"
    much = text(f"synthesis.collection.{kind}.{cell.severity}", lang, name=name)
    if cell.side is None:
        return much + "."
    place = f"{cell.side}_{cell.zone}" if cell.zone else cell.side
    return f"{much} {text(f'synthesis.collection.places.{place}', lang)}."
