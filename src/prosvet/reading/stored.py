"""A film of the archive as it is shown: found by its number, for those who may see it, and upright."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, Study
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import View
from prosvet.imaging.film import Film
from prosvet.imaging.load import load_bytes

__all__ = ["StoredImage", "film_of", "images_of", "prior_of", "stored_image"]

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class StoredImage:
    """A row of the archive; sizes and spacing are those of the upright film.

    Attributes
    ----------
    inverted : bool
        The file holds a negative.
    rotated : int
        Degrees counter-clockwise by which the file's picture stands turned.
    """

    id: int
    study: str
    file: str
    sha256: str
    format: str
    view: View
    rows: int
    cols: int
    spacing: tuple[float, float] | None
    inverted: bool
    rotated: int

    @property
    def version(self) -> str:
        """Changes when the picture does: the file's hash, and how it is turned."""
        return f"{self.sha256[:32]}-{int(self.inverted)}{self.rotated}"


def stored_image(image: int, context: Context) -> StoredImage:
    """One image.

    Raises
    ------
    NotFound
        When there is none of that number, or it belongs to somebody else.
    """
    found = _rows(context, Image.id == image) if 0 < image <= _LARGEST_ID else []
    if not found:
        raise NotFound(kind="image", name=str(image))
    return found[0]


def images_of(study: str, context: Context) -> list[StoredImage]:
    """The images of a study that the context's actor may see, in the order they came."""
    return _rows(context, Image.study_id == study)


def prior_of(study: str, context: Context) -> str | None:
    """The same patient's last study before this one that has a film and may be seen; None without dates to tell by."""
    this = select(Study.patient_id, Study.date).where(Study.id == study, visible(context.actor))
    with context.get(Store).read() as db:
        row = db.execute(this).first()
        if row is None or row.date is None:
            return None
        films = select(Image.id).where(Image.study_id == Study.id).exists()
        query = (
            select(Study.id)
            .where(Study.patient_id == row.patient_id, Study.date < row.date, films, visible(context.actor))
            .order_by(Study.date.desc(), Study.id)
            .limit(1)
        )
        return db.execute(query).scalar_one_or_none()


def _rows(context: Context, condition: object) -> list[StoredImage]:
    query = (
        select(Image.id, Image.study_id, Image.file, Image.sha256, Image.format, Image.view, Image.rows, Image.cols,
               Image.row_spacing, Image.col_spacing, Image.gates)
        .join(Study, Study.id == Image.study_id)
        .where(condition, visible(context.actor))  # type: ignore[arg-type]
        .order_by(Image.id)
    )  # fmt: skip
    with context.get(Store).read() as db:
        return [_image(*row) for row in db.execute(query)]


def _image(
    number: int, study: str, file: str, sha256: str, kind: str, view: str, rows: int, cols: int, row: float | None,
    col: float | None, gates: dict[str, object],
) -> StoredImage:  # fmt: skip
    spacing = (row, col) if row is not None and col is not None else None
    rotated = gates.get("rotated", 0)
    turned = rotated if isinstance(rotated, int) else 0
    if turned in (90, 270):
        rows, cols, spacing = cols, rows, spacing and (spacing[1], spacing[0])
    return StoredImage(
        number, study, file, sha256, kind, View(view), rows, cols, spacing, gates.get("inverted") is True, turned
    )


def film_of(image: StoredImage, context: Context, *, windowed: bool) -> Film:
    """The film, upright; see :func:`prosvet.imaging.load.load_bytes` for `windowed`.

    Raises
    ------
    NotFound, ArchiveError
        When the stored file is gone or damaged.
    ImageError
        When it can no longer be read.
    """
    data = context.get(FileStore).read(image.sha256)
    film = load_bytes(data, image.file, context.settings, windowed=windowed)
    return film.upright(inverted=image.inverted, rotated=image.rotated)
