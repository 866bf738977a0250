"""The challenger's card in words: rows of its table, its verdict, what speaks against it; for page and shell."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.app.web.words import filters
from prosvet.core.i18n import Lang, text
from prosvet.training.pipeline.card_step import Challenger
from prosvet.training.pipeline.judge import Judged

__all__ = ["against_words", "rows_of", "verdict_words"]

_NOTHING = "—"


def rows_of(comparisons: Sequence[Judged], lang: Lang, *, told: bool = True) -> list[dict[str, str]]:
    """A row for each comparison; without `told` those that are the same in both models are left out."""
    words = filters(lang)
    decimal = words["decimal"]
    made = []
    for one in comparisons:
        if one.state == "same" and not told:
            continue
        tested = one.difference is not None and one.low is not None and one.high is not None
        made.append({
            "concept": one.concept, "finding": words["concept"](one.concept), "set": _set(one.set, lang),
            "metric": text(f"retraining.metrics.{one.metric}", lang), "n": f"{one.positives} / {one.negatives}",
            "current": decimal(one.current, 3) if one.current is not None else _NOTHING,
            "challenger": decimal(one.challenger, 3) if one.challenger is not None else _NOTHING,
            "difference": _interval(one, lang) if tested else _NOTHING,
            "p": _small(one.p_holm, lang) if one.p_holm is not None else _NOTHING,
            "verdict": text(f"retraining.verdicts.{one.verdict}", lang), "kind": one.verdict,
        })  # fmt: skip
    return made


def verdict_words(card: Challenger, lang: Lang) -> str:
    """The verdict in a sentence; that nothing became better is said too."""
    gained = any(one.verdict == "better" for one in card.comparisons)
    key = "may_pass_gain" if card.verdict == "may_pass" and gained else card.verdict
    return text(f"retraining.card_verdicts.{key}", lang)


def against_words(card: Challenger, lang: Lang) -> list[str]:
    """A line for each thing that speaks against the challenger."""
    words = filters(lang)
    return [
        text(
            f"retraining.against.{one.reason}", lang, finding=words["concept"](one.concept), set=_set(one.set, lang),
            metric=text(f"retraining.metrics.{one.metric}", lang) if one.metric else "",
            low=words["decimal"](one.low, 3) if one.low is not None else _NOTHING,
            margin=words["decimal"](one.margin, 2) if one.margin is not None else _NOTHING,
        )
        for one in card.against
    ]  # fmt: skip


def _set(name: str, lang: Lang) -> str:
    return text("retraining.site_set", lang) if name == "site" else name


def _interval(one: Judged, lang: Lang) -> str:
    decimal = filters(lang)["decimal"]
    value, low, high = (_signed(decimal(v, 3), v) for v in (one.difference, one.low, one.high) if v is not None)
    return f"{value} [{low}; {high}]"


def _signed(said: str, value: float) -> str:
    return f"+{said}" if round(value, 3) > 0 else said.replace("-", "−")


def _small(p: float, lang: Lang) -> str:
    decimal: str = filters(lang)["decimal"](p, 3)
    return decimal if p >= 0.001 else f"< {filters(lang)['decimal'](0.001, 3)}"
