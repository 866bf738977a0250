"""What is on record of a study: its signed protocol, else its reports, and the labels that its source gave it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, select

from prosvet.archive.schema import Finding, Report
from prosvet.archive.schema_work import Protocol
from prosvet.core.types import Status
from prosvet.language.labels import report_labels

__all__ = ["Claim", "Record", "Source", "records_of"]

Source = Literal["protocol", "report", "manifest"]
_ORDER = (Status.PRESENT, Status.UNCERTAIN, Status.ABSENT)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a source says of a concept; ``number`` is the protocol's or the report's."""

    status: Status
    source: Source
    number: int | None


@dataclass
class Record:
    """Everything on record of one study.

    Attributes
    ----------
    claims : dict
        By concept. A text's word goes before a label; of several, the one that claims most.
    text : (Source, int) or None
        The first text that was looked through: only a text can leave something unmentioned.
    """

    claims: dict[str, Claim] = field(default_factory=dict)
    text: tuple[Source, int] | None = None

    def add(self, concept: str, claim: Claim) -> None:
        """Put `claim` beside what is there."""
        known = self.claims.get(concept)
        if known is None or _before(claim, known):
            self.claims[concept] = claim


def _before(new: Claim, old: Claim) -> bool:
    if (new.source == "manifest") != (old.source == "manifest"):
        return old.source == "manifest"
    return _ORDER.index(new.status) < _ORDER.index(old.status)


def records_of(db: Connection, studies: Sequence[str]) -> dict[str, Record]:
    """The record of each study.

    A signed protocol, with its addenda, stands for the reports that came with the study.
    """
    records: dict[str, Record] = defaultdict(Record)
    signed = _protocols(db, studies, records)
    for study, number in db.execute(
        select(Report.study_id, Report.id).where(Report.study_id.in_(studies)).order_by(Report.id)
    ):
        if study not in signed and records[study].text is None:
            records[study].text = ("report", number)
    query = select(Finding.study_id, Finding.report_id, Finding.concept, Finding.status, Finding.origin)
    for study, report, concept, status, origin in db.execute(
        query.where(Finding.study_id.in_(studies), Finding.origin.in_(("report", "manifest")))
    ):
        if origin == "manifest":
            records[study].add(concept, Claim(Status(status), "manifest", None))
        elif study not in signed:
            records[study].add(concept, Claim(Status(status), "report", report))
    return dict(records)


def _protocols(db: Connection, studies: Sequence[str], records: dict[str, Record]) -> set[str]:
    """Label the signed protocols; the studies that have one."""
    query = select(Protocol.study_id, Protocol.id, Protocol.kind, Protocol.text)
    query = query.where(Protocol.study_id.in_(studies), Protocol.state == "signed").order_by(Protocol.number)
    valid: dict[str, list[tuple[int, str]]] = {}
    for study, number, kind, text in db.execute(query):
        # A later report takes the place of an earlier one; an addendum adds to it.
        valid[study] = [*valid.get(study, []), (number, text)] if kind == "addendum" else [(number, text)]
    for study, texts in valid.items():
        records[study].text = ("protocol", texts[0][0])
        for number, text in texts:
            for concept, status in _labels(text):
                records[study].add(concept, Claim(status, "protocol", number))
    return set(valid)


def _labels(text: str) -> Iterable[tuple[str, Status]]:
    return ((finding.concept, finding.status) for finding in report_labels(text))
