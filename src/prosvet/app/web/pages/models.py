"""The models: their cards, whether the weights are the ones described, and pictures of what was measured."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from prosvet.app.http.deps import ContextDep
from prosvet.app.web.charts import interval_line, reliability_chart, roc_chart
from prosvet.app.web.render import page
from prosvet.app.web.words import filters
from prosvet.core.context import Context
from prosvet.core.errors import ModelError, NotFound
from prosvet.core.i18n import Lang, catalogue, text
from prosvet.evaluation.proportions import wilson
from prosvet.language.vocabulary import vocabulary
from prosvet.models.api import ModelsRequest, ModelsResult, run
from prosvet.models.card import Card, Figure, OperatingPoint, cards
from prosvet.models.curves import Curves, FindingCurves, SourceCurves, load_curves
from prosvet.models.deployed import deployed
from prosvet.models.encoder_card import EncoderCard
from prosvet.models.vlm.card import VlmCard

__all__ = ["phrase", "router"]

router = APIRouter()

_TASKS = ("read", "vlm", "encode")
_PART = re.compile(r"(, |; )")
Say = Callable[..., str]


@dataclass(frozen=True)
class Drawn:
    """A finding of one source, ready for the page; shares are texts with their intervals."""

    concept: str
    positives: int
    n: int
    auroc: str
    interval: str
    strip: Markup
    roc: Markup
    reliability: Markup
    points: dict[str, tuple[str, str]]


@router.get("/models")
def models_page(request: Request, context: ContextDep) -> HTMLResponse:
    """Every card, shipped or of this archive; one that cannot be read says so and hides no other."""
    rows, broken = [], []
    names = {name for task in _TASKS for name in cards(context.settings.home, task)}
    for name in sorted(names):
        try:
            rows.append(run(ModelsRequest(action="list", name=name), context).models[0])
        except ModelError as error:
            broken.append((name, error.message(context.lang)))
    used = deployed(context.settings).model
    groups = {task: [row for row in rows if row.task == task] for task in _TASKS}
    values = {"groups": groups, "broken": broken, "phrase": _phrases(context.lang), "used": used}
    return page(request, context, "models.html", **values)


@router.get("/models/{name}")
def model_page(name: str, request: Request, context: ContextDep, source: str = "") -> HTMLResponse:
    """One card; `source` chooses whose films the pictures are of."""
    result = run(ModelsRequest(action="show", name=name), context)
    card = result.card
    if card is None:
        return _other_page(result, request, context)
    curves = load_curves(card)
    chosen = _source(curves, source)
    values = {
        "model": result.models[0], "card": card, "phrase": _phrases(context.lang), "tests": _by_data(card),
        "points": _points(card), "curves": curves, "chosen": chosen, "used": deployed(context.settings).model == name,
        "drawn": _drawn(chosen, context.lang) if chosen is not None else (),
        "limits": card.limits.get(context.lang, ()),
    }  # fmt: skip
    return page(request, context, "model.html", **values)


def _other_page(result: ModelsResult, request: Request, context: Context) -> HTMLResponse:
    """A vision-language model or an encoder: whose it is, what is known of it, and how it is taken in."""
    card = result.other
    if card is None:
        raise NotFound(kind="model", name=result.models[0].name if result.models else "")
    values = {
        "model": result.models[0], "card": card, "phrase": _phrases(context.lang), "limits": card.limits[context.lang],
        "tests": _by_data(card), "shipped": card.name in cards(None, card.task),
        "prompt": card.prompt if isinstance(card, VlmCard) else None,
        "server": card.server if isinstance(card, VlmCard) else None,
    }  # fmt: skip
    return page(request, context, "model_other.html", **values)


@router.post("/models/{name}/verify")
def verify_part(name: str, request: Request, context: ContextDep) -> HTMLResponse:
    """Compare the weights with the hashes of the card, and say it in words."""
    row = run(ModelsRequest(action="verify", name=name), context).models[0]
    return page(request, context, "_model_verified.html", model=row)


def _source(curves: Curves | None, wanted: str) -> SourceCurves | None:
    if curves is None or not curves.sources:
        return None
    if not wanted:
        return curves.sources[0]
    found = next((one for one in curves.sources if one.source == wanted), None)
    if found is None:
        raise NotFound(kind="source", name=wanted)
    return found


def _points(card: Card) -> list[tuple[str, dict[str, OperatingPoint]]]:
    """By label, its operating points, the balanced one first."""
    names = sorted(card.operating_points)
    return [(c, {n: card.operating_points[n][c] for n in names if c in card.operating_points[n]}) for c in card.labels]


def _by_data(card: Card | VlmCard | EncoderCard) -> dict[str, list[Figure]]:
    """The figures under the test set that they were measured on, in the order of the card."""
    sets: dict[str, list[Figure]] = {}
    for figure in card.figures:
        sets.setdefault(figure.data, []).append(figure)
    return sets


def _phrases(lang: Lang) -> Callable[[str], str]:
    return lambda words: phrase(words, lang)


def phrase(words: str, lang: Lang) -> str:
    """A card's own English words in `lang`: whole where they are known, else part by part; unknown ones stay.

    Examples
    --------
    >>> phrase("atelectasis, AUROC", "ru")
    'ателектаз, AUROC'
    """
    known = catalogue(lang)
    if f"models_page.phrases.{words}" in known:
        return known[f"models_page.phrases.{words}"]
    parts = _PART.split(words)
    names = vocabulary().concepts
    return "".join(names[p].names[lang] if p in names else known.get(f"models_page.phrases.{p}", p) for p in parts)


# -- pictures --------------------------------------------------------------------------------------------------------


def _drawn(source: SourceCurves, lang: Lang) -> tuple[Drawn, ...]:
    return tuple(_draw(concept, one, lang) for concept, one in source.findings.items())


def _draw(concept: str, one: FindingCurves, lang: Lang) -> Drawn:
    decimal, name = filters(lang)["decimal"], filters(lang)["concept"](concept)
    n = one.positives + one.negatives
    span = f"{decimal(one.low, 2)}–{decimal(one.high, 2)}"
    told = text("models_page.told.auroc", lang, name=name, value=decimal(one.auroc, 2), span=span, n=n,
                positives=one.positives)  # fmt: skip
    marks = [
        (kind, (1 - at.true_negative / one.negatives, at.true_positive / one.positives))
        for kind, at in one.points.items()
    ]
    words = {"decimal": decimal}
    roc = roc_chart(
        one.roc, marks, name=f"roc-{concept}", title=text("models_page.roc_of", lang, name=name), told=told,
        axes=(text("models_page.axes.fpr", lang), text("models_page.axes.sensitivity", lang)), **words,
    )  # fmt: skip
    reliability = reliability_chart(
        [(b.mean, b.share, b.low, b.high) for b in one.bins], name=f"cal-{concept}",
        title=text("models_page.reliability_of", lang, name=name),
        told="; ".join(_bin_told(b.mean, b.share, b.n, lang) for b in one.bins),
        axes=(text("models_page.axes.predicted", lang), text("models_page.axes.observed", lang)), **words,
    )  # fmt: skip
    points = {
        kind: (_share(at.true_positive, one.positives, lang), _share(at.true_negative, one.negatives, lang))
        for kind, at in one.points.items()
    }
    strip = interval_line(one.auroc, one.low, one.high, told=told)
    return Drawn(concept, one.positives, n, decimal(one.auroc, 2), span, strip, roc, reliability, points)


def _bin_told(mean: float, share: float, n: int, lang: Lang) -> str:
    decimal = filters(lang)["decimal"]
    return text("models_page.told.bin", lang, mean=decimal(mean, 2), share=decimal(share, 2), n=n)


def _share(hits: int, n: int, lang: Lang) -> str:
    """A share with Wilson's interval: ``0,82 (0,65–0,92)``."""
    decimal, found = filters(lang)["decimal"], wilson(hits, n)
    return f"{decimal(found.value, 2)} ({decimal(found.low, 2)}–{decimal(found.high, 2)})"
