"""A signed protocol among the reports of the archive: with its claims and its vector, so that search finds it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select

from prosvet.archive.deidentify import Deidentifier
from prosvet.archive.describe import half
from prosvet.archive.files import sha256
from prosvet.archive.records import Record, ReportRecord
from prosvet.archive.schema import Study
from prosvet.archive.texts import REVISION, ReportVectors, report_claims
from prosvet.archive.writer import write_records
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.models.text import SentenceEncoder
from prosvet.reading.protocols.content import Part

__all__ = ["LABEL", "file_report", "report_of"]

LABEL = "signed"
"""The label of the archive's own signed reports, among the codes of other sources."""


def report_of(parts: tuple[Part, ...], lang: Lang, context: Context) -> ReportRecord:
    """The report that a protocol becomes: what it describes, what it concludes, its claims and vector."""
    findings = "\n".join(f"{part.title}: {part.text}" for part in parts if part.name != "impression" and part.text)
    impression = "\n".join(part.text for part in parts if part.name == "impression" and part.text)
    whole = "\n".join(text for text in (findings, impression) if text)
    columns = {
        "sha256": sha256("\0".join(("", findings, impression)).encode()), "file": "", "language": lang,
        "indication": "", "findings": findings, "impression": impression, "labels": [LABEL],
    }  # fmt: skip
    vectors = ReportVectors(context.get(SentenceEncoder))
    vector = vectors.encode([whole])[0]
    report = ReportRecord(columns, report_claims(whole))
    return report if vector is None else replace(report, vector=(vectors.name, REVISION, half(vector)))


def file_report(db: Connection, study: str, number: int, report: ReportRecord, context: Context) -> None:
    """Write `report`, version `number` of the study's protocol, on a connection that holds the write lock."""
    query = select(Study.patient_id, Study.source, Study.date_shifted).where(Study.id == study)
    patient, source, shifted = db.execute(query).one()
    name = Deidentifier.from_context(context).ledger_key(f"protocol:{study}:{number}")
    size = len(report.columns["findings"]) + len(report.columns["impression"])
    record = Record(
        key=name, size=size, mtime_ns=0, sha256=report.columns["sha256"], study=study, patient=patient, source=source,
        date_shifted=shifted, report=report,
    )  # fmt: skip
    write_records(db, [record])
