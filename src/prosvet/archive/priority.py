"""Which studies cannot wait: a literal table of findings in the order of their urgency, and what it makes of claims.

The program's own reading, a report and a source's labels count alike: to look once too often costs a minute, to leave
a pneumothorax waiting costs more. What is only suspected counts one level less than what is stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, select, update

from prosvet.archive.schema import Finding
from prosvet.archive.schema_work import WorkItem
from prosvet.core.types import Status

__all__ = ["URGENCY", "Urgency", "Worst", "set_priorities", "worst"]


@dataclass(frozen=True, slots=True)
class Urgency:
    """How soon a finding must be seen: 3 at once, 2 within the hour, 1 before the routine."""

    level: int
    why: str


URGENCY: dict[str, Urgency] = {
    # at once: it can kill within the hour, and the treatment is at hand
    "tension_pneumothorax": Urgency(3, "kills within minutes; decompression is immediate"),
    "pneumothorax": Urgency(3, "may grow under tension, the more so on a ventilator"),
    "hydropneumothorax": Urgency(3, "a pneumothorax with fluid: the same danger, and drainage"),
    "haemothorax": Urgency(3, "bleeding that goes on"),
    "pneumoperitoneum": Urgency(3, "a perforated organ until shown otherwise: surgery"),
    "pneumomediastinum": Urgency(3, "may be a torn oesophagus or airway"),
    "aortic_aneurysm": Urgency(3, "may be about to rupture"),
    "pulmonary_embolism": Urgency(3, "may recur and kill; anticoagulation is at hand"),
    # within the hour: it threatens life, or changes the treatment today
    "mediastinal_shift": Urgency(2, "tension, collapse or a large effusion behind it"),
    "widened_mediastinum": Urgency(2, "the aorta after an injury or with chest pain"),
    "pericardial_effusion": Urgency(2, "may be a tamponade; the film alone cannot tell"),
    "edema": Urgency(2, "heart failure that is treated now"),
    "pulmonary_infarct": Urgency(2, "an embolism behind it"),
    "empyema": Urgency(2, "drainage and antibiotics today"),
    "lung_abscess": Urgency(2, "sepsis may follow"),
    "miliary_tuberculosis": Urgency(2, "deadly untreated, and infectious"),
    "subcutaneous_emphysema": Urgency(2, "an air leak behind it, often a pneumothorax that is not seen"),
    # before the routine: it needs treatment or further work, or others must be protected
    "cavity": Urgency(1, "tuberculosis or an abscess; isolation"),
    "tuberculosis": Urgency(1, "others must be protected"),
    "dissemination": Urgency(1, "tuberculosis, metastases or severe infection"),
    "consolidation": Urgency(1, "pneumonia that is treated today"),
    "pneumonia": Urgency(1, "treated today"),
    "covid19_pneumonia": Urgency(1, "treated today; others must be protected"),
    "pleural_effusion": Urgency(1, "may need a tap"),
    "atelectasis": Urgency(1, "a plug or a tumour in the bronchus"),
    "fracture": Urgency(1, "pain, and what the rib may have hurt"),
    "mass": Urgency(1, "cancer until shown otherwise: the work-up begins"),
    "focal_opacity": Urgency(1, "infection or a tumour"),
}
"""Concept to its urgency; the earlier of two of one level is named as the reason."""

_PLACE = {concept: place for place, concept in enumerate(URGENCY)}
_COUNTED = (Status.PRESENT.value, Status.UNCERTAIN.value)


@dataclass(frozen=True, slots=True)
class Worst:
    """A study's priority, 0 (routine) to 3 (at once), and the concept behind it."""

    priority: int = 0
    reason: str | None = None


def worst(claims: Iterable[tuple[str, str]]) -> Worst:
    """The priority that (concept, status) claims make: the highest level; then what is stated, then the table's order.

    Examples
    --------
    >>> worst([("consolidation", "present"), ("pneumothorax", "uncertain"), ("edema", "present")])
    Worst(priority=2, reason='edema')
    """
    best = min((_rank(concept, status) for concept, status in claims if concept in URGENCY), default=None)
    if best is None or best[0] == 0:
        return Worst()
    return Worst(-best[0], best[3])


def _rank(concept: str, status: str) -> tuple[int, bool, int, str]:
    """Smaller is more urgent."""
    stated = status == Status.PRESENT.value
    suspected = status == Status.UNCERTAIN.value
    level = URGENCY[concept].level if stated else URGENCY[concept].level - 1 if suspected else 0
    return -level, not stated, _PLACE[concept], concept


def set_priorities(db: Connection, studies: Sequence[str]) -> None:
    """Set priority and reason of the listed `studies` (at most a thousand) from all that is claimed of them."""
    # As reading says of it: over the model's threshold but less likely than not is suspected, not stated.
    status = case((Finding.probability < 0.5, Status.UNCERTAIN.value), else_=Finding.status)
    query = select(Finding.study_id, Finding.concept, status).where(
        Finding.study_id.in_(studies), Finding.concept.in_(list(URGENCY)), Finding.status.in_(_COUNTED)
    )
    claims: dict[str, list[tuple[str, str]]] = {study: [] for study in studies}
    for study, concept, status in db.execute(query):
        claims[study].append((concept, status))
    found = {study: worst(said) for study, said in claims.items()}
    made = [{"of": study, "priority": one.priority, "reason": one.reason} for study, one in found.items()]
    if made:
        db.execute(update(WorkItem).where(WorkItem.study_id == bindparam("of")), made)
