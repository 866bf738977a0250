"""The capability `encode`: vectors of the archive's films by the encoder of the settings, beside those it has."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, select

from prosvet.archive.describe import half
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, ImageVector
from prosvet.archive.store import Store
from prosvet.archive.writer import insert_many
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings
from prosvet.core.types import Frozen, Gates, View
from prosvet.imaging.load import load_bytes
from prosvet.models.encode import Encoder

__all__ = ["EncodeRequest", "EncodeResult", "run"]

_PART = 16  # films of a transaction: a kill loses no more


class EncodeRequest(BaseModel):
    """Nothing to choose: the encoder is that of the setting `encoder`."""

    model_config = ConfigDict(extra="forbid")


class EncodeResult(Frozen):
    """How many films were encoded now, and how many have a vector of this encoder in all."""

    encoder: str
    revision: str
    encoded: int
    total: int


def run(request: EncodeRequest, context: Context) -> EncodeResult:
    """Encode the frontal chest films that have no vector of the encoder; it goes on where it was stopped.

    Raises
    ------
    InvalidSettings
        When the settings name no encoder.
    VlmError, ModelNotFound
    """
    if not context.settings.encoder:
        raise InvalidSettings(name="encoder", reason="empty")
    encoder, store = context.get(Encoder), context.get(Store)
    ids, card = _waiting(store, encoder), encoder.card
    for start in context.progress.track(range(0, len(ids), _PART), "encode"):
        _part(ids[start : start + _PART], encoder, store, context)
    if ids:
        AuditLog.from_context(context).write("films_encoded", model=card.name, revision=card.revision, films=len(ids))
    return EncodeResult(encoder=card.name, revision=card.revision, encoded=len(ids), total=_total(store, encoder))


def _waiting(store: Store, encoder: Encoder) -> list[int]:
    known = select(ImageVector.image_id).where(*_of(encoder))
    query = select(Image.id).where(
        Image.is_chest_xray.is_(True), Image.view != View.LATERAL.value, Image.id.not_in(known)
    )
    with store.read() as db:
        return list(db.execute(query.order_by(Image.id)).scalars())


def _total(store: Store, encoder: Encoder) -> int:
    with store.read() as db:
        return len(db.execute(select(ImageVector.image_id).where(*_of(encoder))).all())


def _of(encoder: Encoder) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    card = encoder.card
    return ImageVector.model == card.name, ImageVector.revision == card.revision


def _part(ids: list[int], encoder: Encoder, store: Store, context: Context) -> None:
    files = context.get(FileStore)
    with store.read() as db:
        rows = db.execute(select(Image.id, Image.sha256, Image.file, Image.gates).where(Image.id.in_(ids))).all()
    films = []
    for row in rows:
        gates = Gates.model_validate(row.gates)
        film = load_bytes(files.read(row.sha256), row.file, context.settings)
        films.append(film.upright(inverted=gates.inverted, rotated=gates.rotated))
    vectors, _ = encoder.films(films)
    made = [
        {"image_id": row.id, "model": encoder.card.name, "revision": encoder.card.revision, "vector": half(vector)}
        for row, vector in zip(rows, vectors, strict=True)
    ]
    with store.write() as db:
        insert_many(db, ImageVector, made)
