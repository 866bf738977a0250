"""Priors: the patient's earlier films, fetched from the PACS and taken into the archive under its pseudonyms.

They go to the archive and not to the ledger: nobody waits for results of an old study, and none are made.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.files import room_for
from prosvet.core.context import Context
from prosvet.core.errors import PeerError
from prosvet.hospital.config import DicomWeb, Peer
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.peers import find, get, move
from prosvet.hospital.peers.query import StudyMatch, StudyQuery
from prosvet.hospital.peers.views import Fetched
from prosvet.hospital.peers.web import NAME, Web

__all__ = ["fetch", "search"]

_LEFT = 6 * 3600.0  # seconds: no fetch lasts that long


def search(source: Peer | DicomWeb, query: StudyQuery, calling: str, most: int) -> tuple[StudyMatch, ...]:
    """Studies that fit, the newest first.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    if isinstance(source, DicomWeb):
        return Web(source).find(query, most=most)
    return find.studies(source, query, calling, most=most)


def fetch(
    source: Peer | DicomWeb, query: StudyQuery, calling: str, context: Context, *, most: int, by_move: bool
) -> Fetched:
    """Bring the newest `most` studies of one patient.

    Raises
    ------
    PeerUnreachable
    PeerError
        Also when what was found is of people with different birth dates: one number, several patients.
    AlreadyRunning, DiskFull
        Of the archive.
    """
    name = source.name if isinstance(source, Peer) else NAME
    found = search(source, query, calling, 500)
    if len({one.birth_date for one in found if one.birth_date}) > 1 or len({one.patient_id for one in found}) > 1:
        raise PeerError(peer=name, reason="several_patients")
    wanted = found[:most]
    if by_move:
        if not isinstance(source, Peer):
            raise PeerError(peer=name, reason="no_move")
        moved = [move.study(source, one.study_uid, calling, calling) for one in wanted]
        return Fetched(
            studies=len(wanted), objects=sum(one.completed + one.warned for one in moved),
            failed=sum(one.failed for one in moved), moved=True,
        )  # fmt: skip
    return _taken_in(source, wanted, calling, context)


def _taken_in(source: Peer | DicomWeb, wanted: tuple[StudyMatch, ...], calling: str, context: Context) -> Fetched:
    home = context.get(Ledger).folder
    _sweep(home)
    with room_for(home):
        folder = Path(tempfile.mkdtemp(dir=home, prefix="fetch-"))
    try:
        moved = []
        for number, one in enumerate(wanted):
            place = folder / f"{number:04d}"
            place.mkdir()
            if isinstance(source, DicomWeb):
                moved.append(Web(source).retrieve(one.study_uid, place))
            else:
                moved.append(get.study(source, one.study_uid, place, calling))
        objects = sum(one.completed + one.warned for one in moved)
        tally = ingest(IngestRequest(paths=(folder,)), context) if objects else None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Fetched(
        studies=len(wanted), objects=objects, failed=sum(one.failed for one in moved),
        images=tally.images if tally else 0, known=tally.skipped if tally else 0, refused=tally.failed if tally else 0,
    )  # fmt: skip


def _sweep(home: Path) -> None:
    """Throw away what a fetch that was killed has left: films with their patients."""
    for left in home.glob("fetch-*"):
        if left.stat().st_mtime < time.time() - _LEFT:
            shutil.rmtree(left, ignore_errors=True)
