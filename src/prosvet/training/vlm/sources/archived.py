"""This archive's own signed protocols with the films that they speak of."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from prosvet.archive.files import FileStore
from prosvet.archive.readers.item import FileBytes
from prosvet.archive.schema import Image, Patient, Report, Study
from prosvet.archive.schema_work import Protocol
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.types import View
from prosvet.reading.protocols.content import Content
from prosvet.training.vlm.case import Case, one_line
from prosvet.training.vlm.sources.remarks import OWN_PART, remarks

__all__ = ["archived_cases", "signed_words"]


def archived_cases(lang: Lang, context: Context) -> Iterator[Case]:
    """A case a study whose report is signed in `lang`: the last signed version, its frontal films.

    Every reader's study is among them: tuning is done at the machine by whoever may read its files. Each access is in
    the audit log. The indication that came with the study is the context; names never are: the archive has none.
    """
    store, files = context.get(Store), context.get(FileStore)
    told = (
        select(Protocol.study_id, Protocol.content, Study.patient_id, Study.age, Patient.sex)
        .join(Study, Study.id == Protocol.study_id)
        .join(Patient, Patient.id == Study.patient_id)
        .where(Protocol.state == "signed", Protocol.kind == "report", Protocol.language == lang)
        .order_by(Protocol.study_id, Protocol.number)
    )
    with store.read() as db:
        last = {row.study_id: row for row in db.execute(told)}
    audit = AuditLog.from_context(context)
    for study, row in last.items():
        films = select(Image.sha256, Image.file, Image.view, Image.is_chest_xray).where(Image.study_id == study)
        asked = select(Report.indication).where(Report.study_id == study, Report.indication != "")
        with store.read() as db:
            images = tuple(
                FileBytes.of(files.path(image.sha256))
                for image in db.execute(films.order_by(Image.id))
                if image.view != View.LATERAL.value and image.is_chest_xray is not False
            )
            indication = db.execute(asked.order_by(Report.id).limit(1)).scalar()
        text = signed_words(Content.model_validate(row.content), lang)
        if images and text:
            audit.write("tune_read", study=study)
            yield Case(
                id=study,
                source="archive",
                patient=row.patient_id,
                images=images,
                text=text,
                context=one_line(indication or ""),
                sex=row.sex,
                age=int(row.age) if row.age is not None else None,
            )


def signed_words(content: Content, lang: Lang) -> str:
    """The sentences that stand, under their headings, without what the program's draft said of itself."""
    parts = []
    for part in content.parts:
        kept = [line.text for line in part.lines if line.kept and line.text and line.text not in remarks(lang)]
        if kept and part.name != OWN_PART:
            parts.append(f"{part.title}: {' '.join(kept)}")
    return one_line(" ".join(parts))
