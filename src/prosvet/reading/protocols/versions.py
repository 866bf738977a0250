"""Versions of a protocol in the database: numbered, the signed ones closed and chained by their hashes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from prosvet.archive.schema_work import Protocol
from prosvet.core.clock import now
from prosvet.core.errors import ProtocolConflict
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen
from prosvet.reading.protocols.content import Content, assemble

__all__ = ["PROGRAM", "Version", "add", "chained", "closed", "digest", "latest", "replace", "versions"]

PROGRAM = "program"
"""The author of a draft that nobody has touched yet."""


class Version(Frozen):
    """One version, or an addendum.

    Attributes
    ----------
    base : str
        What a change must name to be made on this very state: ``NUMBER.REVISION``.
    model : str or None
        ``NAME@REVISION/OPERATING_POINT``.
    sha256, previous : str or None
        Of a signed version: its hash, and that of the signed version before it.
    """

    number: int
    kind: Literal["report", "addendum"]
    state: Literal["draft", "signed"]
    author: str
    language: Lang
    text: str
    content: Content
    model: str | None
    created: datetime
    signed: datetime | None
    sha256: str | None
    previous: str | None

    @property
    def base(self) -> str:
        """The state's own name."""
        return f"{self.number}.{self.content.revision}"


def versions(db: Connection, study: str) -> tuple[Version, ...]:
    """All versions of a study's protocol, the first one first."""
    rows = db.execute(select(Protocol.__table__).where(Protocol.study_id == study).order_by(Protocol.number))
    return tuple(_version(dict(row)) for row in rows.mappings())


def latest(found: tuple[Version, ...]) -> Version | None:
    """The report as it stands: the last version that is no addendum."""
    return next((version for version in reversed(found) if version.kind == "report"), None)


def add(
    db: Connection, study: str, content: Content, *, author: str, lang: Lang, kind: str = "report"
) -> int:  # fmt: skip
    """A new draft version after the last; returns its number."""
    found = versions(db, study)
    number = 1 + max((version.number for version in found), default=0)
    values = {"study_id": study, "number": number, "kind": kind, "state": "draft", "author": author,
              "created": now("second")}  # fmt: skip
    db.execute(insert(Protocol).values(**values, **_columns(content, lang)))
    return number


def replace(db: Connection, study: str, version: Version, content: Content) -> None:
    """Put `content` in place of what the draft `version` holds.

    Raises
    ------
    ProtocolConflict
        When the draft was changed or signed meanwhile.
    """
    grown = content.model_copy(update={"revision": version.content.revision + 1, "saved": now("second")})
    found = next(one for one in versions(db, study) if one.number == version.number)
    if found.base != version.base or found.state == "signed":
        raise ProtocolConflict(name=found.author)
    where = Protocol.study_id == study, Protocol.number == version.number
    db.execute(update(Protocol).where(*where).values(**_columns(grown, version.language)))


def closed(db: Connection, study: str, number: int) -> Version:
    """Sign the draft `number`: from here on the database refuses to change it."""
    found = versions(db, study)
    previous = next((one.sha256 for one in reversed(found) if one.state == "signed"), None)
    draft = next(one for one in found if one.number == number)
    made = draft.model_copy(update={"state": "signed", "signed": now("second"), "previous": previous})
    made = made.model_copy(update={"sha256": digest(study, made)})
    where = Protocol.study_id == study, Protocol.number == number
    values = {"state": "signed", "signed": made.signed, "previous": previous, "sha256": made.sha256}
    db.execute(update(Protocol).where(*where).values(**values))
    return made


def digest(study: str, version: Version) -> str:
    """The hash of a signed version: its content, author and time, and the hash before it."""
    body = version.model_dump(mode="json", exclude={"sha256"}) | {"study": study}
    return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def chained(study: str, found: tuple[Version, ...]) -> bool:
    """Whether every signed version is what was signed, in its place."""
    signed = [version for version in found if version.state == "signed"]
    before = [None, *(version.sha256 for version in signed)]
    return all(
        version.sha256 == digest(study, version) and version.previous == previous
        for version, previous in zip(signed, before, strict=False)
    )


def _columns(content: Content, lang: Lang) -> dict[str, Any]:
    model = content.basis.model
    return {
        "language": lang, "text": assemble(content.parts)[0], "content": content.model_dump(mode="json"),
        "model": f"{model.name}@{model.revision}/{model.operating_point}" if model else None,
    }  # fmt: skip


def _version(row: dict[str, Any]) -> Version:
    return Version.model_validate({key: value for key, value in row.items() if key not in ("id", "study_id")})
