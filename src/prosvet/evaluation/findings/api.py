"""The capability `evaluate findings`: scores and labels of films in; figures of every finding out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from prosvet.core.context import Context
from prosvet.core.i18n import Lang, text
from prosvet.evaluation.files import code_version, data_ref
from prosvet.evaluation.findings.calibration import BINS, CLIP
from prosvet.evaluation.findings.controls import controls_of
from prosvet.evaluation.findings.curves import curves_of
from prosvet.evaluation.findings.films import Films, read_films
from prosvet.evaluation.findings.form import syndromes, write_form
from prosvet.evaluation.findings.groups import by_group
from prosvet.evaluation.findings.measure import coverage, figures_of, ready
from prosvet.evaluation.findings.notes import notes_of
from prosvet.evaluation.findings.points import OperatingPoints, chosen, chosen_on, from_card, given
from prosvet.evaluation.result import Cell, DataRef, Evaluation, Figure, Items
from prosvet.evaluation.statistics import figure
from prosvet.models.card import load_card
from prosvet.models.deployed import card_in_force

__all__ = ["FindingsRequest", "run"]

_LEAST = 5  # films of each class for a finding to enter the mean over findings and the controls


class FindingsRequest(BaseModel):
    """Which scores against which labels, and where the thresholds come from.

    Attributes
    ----------
    scores : Path
        CSV as ``prosvet read --csv`` writes it: ``file``, then a column a concept.
    labels : Path
        CSV: ``file``, a column a concept with 1, 0 or empty; where known, ``patient``, ``source``, ``sex``, ``age``.
    model, operating_point : str or None
        The card whose thresholds are used, and which of them; the settings' own when None.
    thresholds : dict of concept to float, or None
        Instead of a card's; ``*`` is for every concept without one of its own.
    validation_scores, validation_labels : Path or None
        Tables of other films, on which `rule` chooses the thresholds instead.
    choose_on_evaluated : bool
        Let `rule` choose them on the evaluated films; the result says that this flatters.
    rule : str
        ``youden``, ``sensitivity:0.95`` or ``specificity:0.9``.
    concepts : tuple of str
        Only these; all that both tables have when empty.
    form : Path or None
        Also write the table of syndromes in Russian here (``.csv``, else Markdown).
    """

    model_config = ConfigDict(extra="forbid")

    scores: Path
    labels: Path
    model: str | None = None
    operating_point: str | None = None
    thresholds: dict[str, float] | None = None
    validation_scores: Path | None = None
    validation_labels: Path | None = None
    choose_on_evaluated: bool = False
    rule: str = "youden"
    concepts: tuple[str, ...] = ()
    form: Path | None = None
    lang: Lang | None = None
    seed: int = Field(default=0, ge=0)
    resamples: int = Field(default=1000, ge=100, le=100_000)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        """Thresholds have one source, so that the result can name it."""
        if (self.validation_scores is None) != (self.validation_labels is None):
            raise ValueError("validation_scores and validation_labels go together")
        card = self.model is not None or self.operating_point is not None
        ways = (card, self.thresholds is not None, self.validation_scores is not None, self.choose_on_evaluated)
        if sum(ways) > 1:
            raise ValueError("thresholds come from a card, as given, from validation or from these films: choose one")
        return self


def run(request: FindingsRequest, context: Context) -> Evaluation:
    """Measure every finding that the scores and the labels share.

    Raises
    ------
    NotFound, MissingColumns, InvalidRecord, InvalidRequest
        When the tables cannot be read or put together; see :func:`prosvet.evaluation.findings.films.read_films`.
    ModelNotFound, ModelError
        When the card of the thresholds is not there or has no such operating point.
    """
    films = read_films(request.scores, request.labels).only(request.concepts)
    points = _points(request, films, context)
    items = _items(films, points)
    probabilities = all(np.nanmin(s, initial=0) >= 0 and np.nanmax(s, initial=1) <= 1 for s in films.scores.values())
    concepts = tuple(films.scores)
    metrics: dict[str, Figure] = {}
    fair = tuple(c for c in concepts if ready(c, items, _LEAST))
    metrics |= _over_all(fair, items, request) | {"films_scored": coverage(items)}
    for concept in context.progress.track(concepts, "evaluate", total=len(concepts)):
        metrics |= figures_of(
            concept, items, probabilities=probabilities, resamples=request.resamples, seed=request.seed
        )
    lang = request.lang or context.lang
    counts = {c: _count(films, c) for c in concepts}
    groups = by_group(concepts, items, films.groups, resamples=request.resamples, seed=request.seed)
    evaluation = Evaluation(
        kind="findings",
        data=_data(request, films),
        settings=_settings(request, points, concepts),
        metrics=metrics,
        controls=controls_of(
            {c: films.scores[c] for c in fair}, films.labels, films.groups.get("source", _nowhere(films)), request.seed
        ),
        tables=(syndromes(metrics, counts, lang), *((groups,) if groups.rows else ())),
        curves=curves_of({c: (films.scores[c], films.labels[c]) for c in concepts}, probabilities=probabilities),
        items=items,
        notes=notes_of(films, points, counts, lang, probabilities=probabilities),
        model=points.model,
        code_version=code_version(),
        at=datetime.now(UTC),
    )
    if request.form is not None:
        write_form(request.form, syndromes(metrics, counts, "ru"), _head(evaluation, points))
    return evaluation


def _points(request: FindingsRequest, films: Films, context: Context) -> OperatingPoints:
    if request.thresholds is not None:
        return given(request.thresholds, tuple(films.scores))
    if request.validation_scores is not None and request.validation_labels is not None:
        return chosen_on(request.rule, request.validation_scores, request.validation_labels)
    if request.choose_on_evaluated:
        return chosen(request.rule, films, request.scores.name, evaluated=True)
    settings = context.settings
    card = load_card(request.model, settings.home) if request.model else card_in_force(settings)
    return from_card(card, request.operating_point or settings.operating_point)


def _items(films: Films, points: OperatingPoints) -> Items:
    columns: dict[str, tuple[float | None, ...]] = {"scored": tuple(films.scored.astype(float).tolist())}
    for concept, score in films.scores.items():
        threshold = points.thresholds.get(concept, np.nan)
        called = np.where(np.isfinite(score) & np.isfinite(threshold), score >= threshold, np.nan)
        for name, column in (("score", score), ("label", films.labels[concept]), ("called", called)):
            columns[f"{name}.{concept}"] = tuple(None if np.isnan(v) else v for v in column.astype(float).tolist())
    return Items(ids=films.files, groups=films.patients, columns=columns)


def _over_all(concepts: tuple[str, ...], items: Items, request: FindingsRequest) -> dict[str, Figure]:
    """Means over the findings that have enough films of both classes."""
    pairs = ",".join(f"score.{c},label.{c}" for c in concepts)
    names = {"auroc_macro": f"macro_auroc:{pairs}", "auprc_macro": f"macro_auprc:{pairs}"} if concepts else {}
    return {name: figure(s, items, resamples=request.resamples, seed=request.seed) for name, s in names.items()}


def _count(films: Films, concept: str) -> tuple[int, int]:
    label = films.labels[concept][np.isfinite(films.scores[concept])]
    return int(np.isfinite(label).sum()), int((label > 0.5).sum())


def _nowhere(films: Films) -> tuple[str, ...]:
    return ("",) * len(films.files)


def _data(request: FindingsRequest, films: Films) -> tuple[DataRef, ...]:
    n = len(films.files)
    refs = [data_ref(request.scores, n, "answers"), data_ref(request.labels, n)]
    if request.validation_scores is not None and request.validation_labels is not None:
        refs += [data_ref(path, 0, "other") for path in (request.validation_scores, request.validation_labels)]
    return tuple(refs)


def _settings(request: FindingsRequest, points: OperatingPoints, concepts: tuple[str, ...]) -> dict[str, Cell]:
    return {
        "operating_point": points.name,
        "operating_point_chosen_on_evaluated": points.evaluated,
        **{
            f"threshold.{concept}": round(value, 6)
            for concept, value in sorted(points.thresholds.items())
            if concept in concepts
        },
        "calibration_bins": BINS,
        "calibration_clip": CLIP,
        "macro_least_films_of_each_class": _LEAST,
        "seed": request.seed,
        "resamples": request.resamples,
    }


def _head(evaluation: Evaluation, points: OperatingPoints) -> dict[str, str]:
    """The lines above the form: what was measured, on what, when."""
    model = f"{points.model.name} {points.model.revision}" if points.model else "—"
    values = {
        "data": ", ".join(f"{ref.name} (n = {ref.n}, sha256 {ref.sha256[:12]})" for ref in evaluation.data),
        "model": model,
        "operating_point": points.name,
        "code": evaluation.code_version,
        "date": evaluation.at.strftime("%d.%m.%Y"),
    }
    return {text(f"evaluation.tables.syndrome.head.{name}", "ru"): value for name, value in values.items()}
