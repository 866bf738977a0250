"""From an item to what the networks need: bytes, hash, film. Runs in the threads that read ahead."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import or_, select

from prosvet.archive.files import sha256
from prosvet.archive.readers.item import FileBytes, Item
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.errors import ImageError, NotFound, ProsvetError, UnsupportedFile
from prosvet.core.settings import Settings
from prosvet.imaging.film import Film
from prosvet.imaging.limits import check_bytes
from prosvet.imaging.load import load_bytes
from prosvet.imaging.provenance import recognised

__all__ = ["Intake", "take_in"]


@dataclass(frozen=True, slots=True)
class Intake:
    """An item with its image in memory, or with the reason why not.

    Attributes
    ----------
    sha256 : str
        Of the source's content: the image's bytes, or the row where there is no image.
    film : Film or None
        None when there is no image, or when its content is in the archive already.
    data : bytes
        The image's bytes; empty where there is no film.
    synthetic : str or None
        By which mark the film is known to be made and not taken; None for a film of a patient.
    """

    item: Item
    sha256: str = ""
    film: Film | None = None
    data: bytes = field(default=b"", repr=False)
    synthetic: str | None = None
    error: ProsvetError | None = None

    @property
    def name(self) -> str:
        """What a message calls it: the file's name, without its folder."""
        image = self.item.image
        return image.name if image else self.item.key.rsplit("/", 1)[-1]


def take_in(item: Item, store: Store, settings: Settings) -> Intake:
    """Read, hash and decode one item; what cannot be decoded comes back with its error."""
    if item.error is not None:
        return Intake(item, error=item.error)
    if item.image is None:
        return Intake(item, _row_hash(item))
    try:
        data = _read(item.image, settings)
        name = sha256(data)
        if _stored(store, name):
            return Intake(item, name)
        film = load_bytes(data, item.image.name, settings)
        return Intake(item, name, film, data, recognised(data, film))
    except (ImageError, NotFound) as error:
        return Intake(item, error=error)


def _read(image: FileBytes, settings: Settings) -> bytes:
    check_bytes(image.size, image.name, settings)
    try:
        return image.read()
    except FileNotFoundError:
        raise NotFound(kind="file", name=image.name) from None
    except OSError as error:
        raise UnsupportedFile(name=image.name, reason="image_unreadable") from error


def _stored(store: Store, name: str) -> bool:
    with store.read() as db:
        query = select(Image.id).where(or_(Image.source_sha256 == name, Image.sha256 == name))
        return db.execute(query).first() is not None


def _row_hash(item: Item) -> str:
    facts = (item.source, item.study, item.patient, item.sex, item.age, str(item.date), item.report, item.labels)
    return sha256(repr(facts).encode("utf-8", "surrogatepass"))
