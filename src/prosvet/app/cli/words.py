"""Names of findings and places, as the terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prosvet.app.cli.session import Session
from prosvet.core.i18n import Lang

if TYPE_CHECKING:
    from prosvet.core.types import Side, Zone

__all__ = ["concept_name", "place"]


def concept_name(concept: str, lang: Lang) -> str:
    """The concept's name; a label that the vocabulary does not know stays as the source wrote it."""
    from prosvet.language.vocabulary import vocabulary

    known = vocabulary().concepts.get(concept)
    return known.names[lang] if known is not None else concept


def place(side: Side | None, zone: Zone | None, session: Session) -> str:
    """``справа, нижнее поле``; empty when neither is known."""
    words = [session.say(f"cli.sides.{side.value}")] if side else []
    words += [session.say(f"cli.zones.{zone.value}")] if zone else []
    return ", ".join(words)
