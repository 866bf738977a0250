"""The cases of a recipe: from every source, with their sides and targets, without films that cannot be read."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from prosvet.core.context import Context
from prosvet.core.errors import ImageError, TuningError
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding
from prosvet.language.labels import report_labels
from prosvet.language.protocol import render
from prosvet.training.vlm.case import Case, assign, chosen, one_line, share_of
from prosvet.training.vlm.pictures import picture_of
from prosvet.training.vlm.recipe import Recipe, Source
from prosvet.training.vlm.sources.archived import archived_cases
from prosvet.training.vlm.sources.iu import iu_cases
from prosvet.training.vlm.sources.mimic import mimic_cases
from prosvet.training.vlm.sources.multicare import multicare_cases
from prosvet.training.vlm.sources.padchest import padchest_cases
from prosvet.training.vlm.sources.remarks import OWN_PART, remarks

__all__ = ["gather", "rendered"]

log = logging.getLogger(__name__)

_WORDINGS = 8
"""Ways in which the renderer may word one protocol; which one a case gets depends on its name alone."""


def gather(recipe: Recipe, context: Context) -> tuple[list[Case], dict[str, int]]:
    """All cases with their sides, and how many were left out, by reason.

    Raises
    ------
    TuningError
        When a side is empty, or two cases have one name.
    """
    left_out: Counter[str] = Counter()
    cases: list[Case] = []
    for source in recipe.sources:
        found = chosen(list(_with_targets(source, context, left_out)), source.limit)
        found = [replace(case, images=case.images[: source.images]) for case in found]
        if recipe.check_images:
            found = list(_readable(found, context, left_out))
        cases += assign(found, recipe.shares, own=source.split == "own")
    sides = Counter(case.part for case in cases)
    for side in ("train", "dev", "test"):
        if not sides[side]:
            raise TuningError(reason="empty_side", name=side, n=len(cases))
    twice = [key for key, times in Counter(case.key for case in cases).items() if times > 1]
    if twice:
        raise TuningError(reason="repeated_case", name=twice[0])
    return cases, dict(left_out)


def _with_targets(source: Source, context: Context, left_out: Counter[str]) -> Iterator[Case]:
    for case, findings in _read(source, context):
        if source.target == "text":
            yield case
            continue
        known = findings or labelled(case.text)
        if known:
            yield replace(case, text=rendered(known, source.lang, case.key))
        else:
            left_out["nothing_known"] += 1


def _read(source: Source, context: Context) -> Iterable[tuple[Case, tuple[Finding, ...]]]:
    if source.kind == "archive":
        return ((case, ()) for case in archived_cases(source.lang, context))
    if source.path is None:  # the recipe refuses it; here for the type checker's and a caller's sake
        raise TuningError(reason="no_path", name=source.kind)
    if source.kind == "padchest":
        return padchest_cases(source.path)
    plain = {"multicare": multicare_cases, "iu": iu_cases, "mimic": mimic_cases}[source.kind]
    return ((case, ()) for case in plain(source.path))


def labelled(text: str) -> tuple[Finding, ...]:
    """What a report says, as findings."""
    return tuple(
        Finding(concept=one.concept, status=one.status, side=one.side, zone=one.zone, severity=one.severity)
        for one in report_labels(text)
    )


def rendered(findings: tuple[Finding, ...], lang: Lang, name: str) -> str:
    """A protocol in `lang` that says what `findings` say; `name` chooses among its wordings.

    Examples
    --------
    >>> one = Finding(concept="pneumothorax", status="present", side="left")
    >>> rendered((one,), "ru", "a") == rendered((one,), "ru", "a")
    True
    """
    seed = int(share_of(name, seed=7) * _WORDINGS)
    report = render(findings, [], lang, seed=seed)
    parts = []
    for section in report.sections:
        kept = [sentence.text for sentence in section.sentences if sentence.text not in remarks(lang)]
        if kept and section.name != OWN_PART:
            parts.append(f"{section.title}: {' '.join(kept)}")
    return one_line(" ".join(parts))


def _readable(cases: list[Case], context: Context, left_out: Counter[str]) -> Iterator[Case]:
    for case in context.progress.track(cases, "tune_check", len(cases)):
        try:
            for image in case.images:
                picture_of(image, 32, context.settings)
        except ImageError as error:
            log.warning("%s is left out: %s", case.key, error.code)
            left_out[error.code] += 1
            continue
        yield case
