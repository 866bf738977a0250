"""A reason in words, as the list and the command line tell it."""

from __future__ import annotations

from prosvet.core.i18n import Lang, catalogue, numeral, text
from prosvet.language.vocabulary import vocabulary
from prosvet.training.queue.reasons import Kind, Why

__all__ = ["detail_words", "kind_words"]

_DETAILS: dict[Kind, str] = {
    "disagreement": "retro.kinds", "abstention": "screening.reasons", "odd": "monitoring_page.causes",
    "miss": "screening.verdicts",
}  # fmt: skip


def kind_words(kind: str, lang: Lang) -> str:
    """The name of a kind of reason, or of ``blind``."""
    return text(f"marks.kinds.{kind}", lang)


def detail_words(why: Why, lang: Lang) -> str:
    """What else is known of it: the finding, the score beside its threshold, the reason of the abstention."""

    def number(value: float) -> str:
        return numeral(f"{value:.2f}", lang)

    parts = []
    if why.concept is not None:
        known = vocabulary().concepts
        named = known[why.concept].names[lang] if why.concept in known else why.concept
        parts.append(catalogue(lang).get(f"web.concepts.{why.concept}", named))
    if why.detail is not None:
        key = f"{_DETAILS.get(why.kind, '')}.{why.detail}"
        parts.append(catalogue(lang).get(key, why.detail))
    if why.value is not None and why.limit is not None:
        parts.append(text("marks.near", lang, value=number(why.value), limit=number(why.limit)))
    elif why.value is not None:
        parts.append(number(why.value))
    return ", ".join(parts)
