"""What the tests of the DICOM node share: a node in this process, a sender, and a bare wire."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from sqlalchemy import select

from prosvet.core.context import Context
from prosvet.hospital.config import FILE, load_config
from prosvet.hospital.ledger.schema import Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.node import DicomNode

__all__ = ["ASSOCIATE", "Receiver", "free_place", "fresh", "soon"]


def free_place() -> tuple[str, int]:
    """An address and a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return "127.0.0.1", int(one.getsockname()[1])


def fresh(film: Dataset) -> Dataset:
    """A copy of `film` with UIDs of its own."""
    made = deepcopy(film)
    for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(made, name, f"2.25.{uuid.uuid4().int}")
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def soon(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether `true` becomes so in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return true()


class Receiver:
    """A running node and its ledger; ``words`` is what stands in ``hospital.toml``, ``at`` the port (0: any)."""

    def __init__(self, context: Context, words: str, at: int = 0, **node: object) -> None:
        context.settings.home.mkdir(parents=True, exist_ok=True)
        (context.settings.home / FILE).write_text(words, encoding="utf-8")
        self.context = context
        self.config = load_config(context).told(port=at, **node)
        self.ledger = context.get(Ledger)
        self.node = DicomNode(self.config, context, self.ledger)
        self.host, self.port = self.node.start()
        self._running = True

    def stop(self) -> None:
        """Stop the node; may be called twice."""
        if self._running:
            self._running = False
            self.node.stop()

    def associate(
        self, film: Dataset | None = None, *, calling: str = "SENDER", called: str = "PROSVET"
    ) -> Association:
        """An association for films like `film`, or for an echo."""
        entity = ApplicationEntity(calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
        if film is None:
            entity.add_requested_context("1.2.840.10008.1.1")
        else:
            entity.add_requested_context(film.SOPClassUID, film.file_meta.TransferSyntaxUID)
        return entity.associate(self.host, self.port, ae_title=called)

    def send(self, film: Dataset) -> int | None:
        """The status that one film gets on an association of its own; None when none comes."""
        association = self.associate(film)
        if not association.is_established:
            return None
        status = association.send_c_store(film)
        if association.is_established:
            association.release()
        return int(status.Status) if status else None

    def rows(self) -> list[Any]:
        """What the ledger holds, in the order of arrival."""
        with self.ledger.read() as connection:
            return list(connection.execute(select(Received.__table__).order_by(Received.number)).all())

    def refused(self) -> dict[str, int]:
        """Refusals by reason, so far."""
        return self.node.counts.facts(0, running=True).refused

    def wire(self) -> socket.socket:
        """A bare connection."""
        made = socket.create_connection((self.host, self.port), timeout=15)
        return made


def _item(kind: int, data: bytes) -> bytes:
    return bytes([kind, 0]) + len(data).to_bytes(2, "big") + data


def _associate() -> bytes:
    context = bytes([1, 0, 0, 0]) + _item(0x30, b"1.2.840.10008.5.1.4.1.1.7") + _item(0x40, b"1.2.840.10008.1.2.1")
    user = _item(0x51, (131072).to_bytes(4, "big")) + _item(0x52, b"1.2.3.4")
    body = (
        b"\0\1\0\0" + b"PROSVET".ljust(16) + b"SENDER".ljust(16) + bytes(32)
        + _item(0x10, b"1.2.840.10008.3.1.1.1") + _item(0x20, context) + _item(0x50, user)
    )  # fmt: skip
    return b"\1\0" + len(body).to_bytes(4, "big") + body


ASSOCIATE = _associate()
"""An A-ASSOCIATE-RQ as PS3.8 has it: one context, secondary capture in explicit little endian."""
