"""The site's own films with labels: marked ones, and those whose protocol was signed. A mark wins over a protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import String, cast, select

from prosvet.archive.schema import Finding, Image, Report, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import Status, View
from prosvet.reading.protocols.filing import LABEL as SIGNED
from prosvet.training.data import FINDINGS
from prosvet.training.queue.marks import marked

__all__ = ["Labelled", "labels_from", "site_films"]

_VALUES = {Status.PRESENT: 1, Status.ABSENT: 0}
_NO_DISEASE = ("normal", "abnormal", "support_devices")
_MANY = 500


@dataclass
class Labelled:
    """One film of the archive and what is known of it.

    ``chosen`` films were marked because the model in force was odd or wrong on them: they teach, and judge nobody.
    """

    image: int
    study: str
    patient: str
    film: str
    source: str
    origin: str
    chosen: bool = False
    labels: dict[str, int] = field(default_factory=dict)


def labels_from(claims: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Labels of the findings that a model has, from (concept, status); uncertain ones stay unknown.

    A normal film has none of the findings; a film with any finding is abnormal, whether or not the model knows it.

    Examples
    --------
    >>> labels_from([("hernia", "present"), ("mass", "uncertain")])
    {'hernia': 1, 'abnormal': 1}
    """
    said = [(concept, Status(status)) for concept, status in claims]
    if ("normal", Status.PRESENT) in said and not any(
        status is Status.PRESENT and concept not in _NO_DISEASE for concept, status in said
    ):
        return dict.fromkeys(FINDINGS, 0)
    labels = {c: _VALUES[s] for c, s in said if c in FINDINGS and s in _VALUES}
    if any(s is Status.PRESENT and c not in _NO_DISEASE for c, s in said):
        labels["abnormal"] = 1
    return labels


def site_films(context: Context, left_out: Counter[str]) -> list[Labelled]:
    """Frontal films of the archive with labels, in the order of their numbers; what was left out is counted by reason.

    Every reader's study is among them: retraining is a senior's, who sees them all.
    """
    claims = _signed(context)
    origins = dict.fromkeys(claims, "protocol")
    chosen = {}
    for image, said, by_model in _marked(context):
        claims[image], origins[image], chosen[image] = said, "mark", by_model
    found = []
    for one in _films(context, sorted(claims)):
        if one is None:
            left_out["not_frontal"] += 1
            continue
        one.labels, one.origin = labels_from(claims[one.image]), origins[one.image]
        one.chosen = chosen.get(one.image, False)
        if one.labels:
            found.append(one)
        else:
            left_out["nothing_known"] += 1
    left_out["gone"] += len(claims) - len(found) - left_out["not_frontal"] - left_out["nothing_known"]
    return found


def _marked(context: Context) -> Iterator[tuple[int, list[tuple[str, str]], bool]]:
    """Image, claims, and whether the film was chosen by the model's answer; where readers differ, nothing is known."""
    said: dict[int, dict[str, set[str]]] = {}
    drawn: dict[int, bool] = {}
    for one in marked(context):
        drawn[one.image] = drawn.get(one.image, False) or one.random
        for concept, status in one.findings.items():
            said.setdefault(one.image, {}).setdefault(concept, set()).add(status)
    for image, found in said.items():
        claims = [(c, next(iter(s)) if len(s) == 1 else Status.UNCERTAIN.value) for c, s in found.items()]
        yield image, claims, not drawn[image]


def _signed(context: Context) -> dict[int, list[tuple[str, str]]]:
    """Image to the claims of its study's last signed report that speaks of each concept."""
    query = (
        select(Image.id, Finding.concept, Finding.status)
        .join(Finding, Finding.study_id == Image.study_id)
        .join(Report, Report.id == Finding.report_id)
        .where(cast(Report.labels, String).contains(f'"{SIGNED}"'))
        .order_by(Report.id)
    )
    said: dict[int, dict[str, str]] = {}
    with context.get(Store).read() as db:
        for image, concept, status in db.execute(query):
            said.setdefault(image, {})[concept] = status
    return {image: list(found.items()) for image, found in said.items()}


def _films(context: Context, images: list[int]) -> Iterator[Labelled | None]:
    """The films of these numbers; None for one that is not a frontal chest X-ray."""
    columns = (Image.id, Image.study_id, Study.patient_id, Image.sha256, Image.source_sha256, Image.view,
               Image.is_chest_xray)  # fmt: skip
    for start in range(0, len(images), _MANY):
        query = (
            select(*columns).join(Study, Study.id == Image.study_id)
            .where(Image.id.in_(images[start : start + _MANY]), Image.synthetic.is_(None)).order_by(Image.id)
        )  # fmt: skip
        with context.get(Store).read() as db:
            rows = db.execute(query).all()
        for image, study, patient, film, source, view, chest in rows:
            frontal = chest is not False and view != View.LATERAL.value
            yield Labelled(image, study, patient, film, source, "") if frontal else None
