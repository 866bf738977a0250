"""Rows by their ids, with the findings that belong to each, in a few queries whatever the number of ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, select

from prosvet.archive.rows import FindingRow, ImageRow, ReportRow, StudyRow
from prosvet.archive.schema import Finding, Image, Patient, Report, Study
from prosvet.core.types import Side, Status, View, Zone

__all__ = ["images", "reports", "studies"]

T = TypeVar("T")
_CHUNK = 5000  # SQLite takes at most 32,766 parameters

_Found = dict[str, list[tuple[int | None, int | None, FindingRow]]]


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _findings(connection: Connection, ids: Sequence[str]) -> _Found:
    """Every finding of these studies with its owner: (image id, report id, row)."""
    query = select(Finding.study_id, Finding.image_id, Finding.report_id, Finding.concept, Finding.status,
                   Finding.origin, Finding.probability, Finding.side, Finding.zone,
                   Finding.severity)  # fmt: skip
    found: _Found = defaultdict(list)
    for chunk in _chunks(dict.fromkeys(ids)):
        for row in connection.execute(query.where(Finding.study_id.in_(chunk)).order_by(Finding.id)):
            found[row.study_id].append((row.image_id, row.report_id, _finding(row)))
    return found


def _finding(row: Row[*tuple[Any, ...]]) -> FindingRow:
    return FindingRow(
        concept=row.concept,
        status=Status(row.status),
        origin=row.origin,
        probability=row.probability,
        side=None if row.side is None else Side(row.side),
        zone=None if row.zone is None else Zone(row.zone),
        severity=row.severity,
    )


def _people(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "patient": row.patient_id, "sex": row.sex, "age": row.age, "date": row.date, "source": row.source,
        "synthetic": row.synthetic,
    }  # fmt: skip


def images(connection: Connection, ids: Iterable[int]) -> dict[int, ImageRow]:
    """Image rows by id; a study's own findings and those of its reports come with each of its images."""
    query = (
        select(Image.id, Image.study_id, Image.file, Image.sha256, Image.view, Image.rows, Image.cols, Image.scores,
               Study.patient_id, Study.age, Study.date, Study.source, Study.synthetic, Patient.sex)
        .join(Study, Study.id == Image.study_id)
        .join(Patient, Patient.id == Study.patient_id)
    )  # fmt: skip
    rows = [
        row for chunk in _chunks(ids) for row in connection.execute(query.where(Image.id.in_([int(i) for i in chunk])))
    ]
    found = _findings(connection, [row.study_id for row in rows])
    return {
        row.id: ImageRow(
            id=row.id, study=row.study_id, file=row.file, sha256=row.sha256, view=View(row.view), rows=row.rows,
            cols=row.cols, scores=dict(row.scores), **_people(row),
            findings=tuple(f for image, _, f in found[row.study_id] if image in (None, row.id)),
        )
        for row in rows
    }  # fmt: skip


def reports(connection: Connection, ids: Iterable[int]) -> dict[int, ReportRow]:
    """Report rows by id, with their own findings and those of the study as a whole."""
    query = (
        select(Report.id, Report.study_id, Report.file, Report.language, Report.indication, Report.findings,
               Report.impression, Report.labels, Study.patient_id, Study.age, Study.date, Study.source,
               Study.synthetic, Patient.sex)
        .join(Study, Study.id == Report.study_id)
        .join(Patient, Patient.id == Study.patient_id)
    )  # fmt: skip
    rows = [
        row for chunk in _chunks(ids) for row in connection.execute(query.where(Report.id.in_([int(i) for i in chunk])))
    ]
    owners = [row.study_id for row in rows]
    found, files = _findings(connection, owners), _image_facts(connection, owners)
    return {
        row.id: ReportRow(
            id=row.id, study=row.study_id, file=next((name for _, name, _ in files[row.study_id]), row.file),
            language=row.language, indication=row.indication, findings_text=row.findings, impression=row.impression,
            labels=tuple(row.labels), **_people(row),
            findings=tuple(f for image, report, f in found[row.study_id] if image is None and report in (None, row.id)),
        )
        for row in rows
    }  # fmt: skip


def _image_facts(connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[int, str, View]]]:
    """(id, file, view) of each study's images, in the order they came."""
    facts: dict[str, list[tuple[int, str, View]]] = defaultdict(list)
    query = select(Image.study_id, Image.id, Image.file, Image.view).order_by(Image.id)
    for chunk in _chunks(dict.fromkeys(ids)):
        for study, number, file, view in connection.execute(query.where(Image.study_id.in_(chunk))):
            facts[study].append((number, file, View(view)))
    return facts


def _report_facts(connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
    facts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    query = select(Report.study_id, Report.id, Report.file).order_by(Report.id)
    for chunk in _chunks(dict.fromkeys(ids)):
        for study, number, file in connection.execute(query.where(Report.study_id.in_(chunk))):
            facts[study].append((number, file))
    return facts


def studies(connection: Connection, ids: Iterable[str]) -> dict[str, StudyRow]:
    """Study rows by id, in the order of the ids asked for."""
    wanted = list(dict.fromkeys(ids))
    query = select(Study.id, Study.patient_id, Study.age, Study.date, Study.source, Study.split, Study.description,
                   Study.synthetic, Patient.sex).join(Patient, Patient.id == Study.patient_id)  # fmt: skip
    rows = {row.id: row for chunk in _chunks(wanted) for row in connection.execute(query.where(Study.id.in_(chunk)))}
    found = _findings(connection, wanted)
    films, texts = _image_facts(connection, wanted), _report_facts(connection, wanted)
    return {key: _study(rows[key], found, films, texts) for key in wanted if key in rows}


def _study(
    row: Row[*tuple[Any, ...]],
    found: _Found,
    films: dict[str, list[tuple[int, str, View]]],
    texts: dict[str, list[tuple[int, str]]],
) -> StudyRow:
    mine, written = films[row.id], texts[row.id]
    return StudyRow(
        id=row.id,
        **_people(row),
        split=row.split,
        description=row.description,
        files=tuple(name for _, name, _ in mine) or tuple(name for _, name in written),
        views=tuple(dict.fromkeys(view for _, _, view in mine)),
        images=tuple(number for number, _, _ in mine),
        reports=tuple(number for number, _ in written),
        findings=tuple(finding for _, _, finding in found[row.id]),
    )
