"""Signed protocols go out by themselves: verified results of each signature, once, in place of what went before."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Any

import pydicom
from pydicom.errors import InvalidDicomError
from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import (
    AlreadyRunning,
    ArchiveError,
    DiskFull,
    ImageError,
    NotFound,
    ProsvetError,
    ResultError,
)
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.finishing import Result
from prosvet.hospital.flow.material import Material
from prosvet.hospital.flow.routes import documents, payload
from prosvet.hospital.flow.signing import Signature, Watch
from prosvet.hospital.ledger.schema import Exam, Outgoing, SignedOff
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.objects import make, write
from prosvet.hospital.objects.kinds import Kind
from prosvet.hospital.objects.results import Predecessor
from prosvet.hospital.objects.study_results import StudyResults, study_results

__all__ = ["KINDS", "SignedResults"]

log = logging.getLogger(__name__)

KINDS: tuple[Kind, ...] = ("sr", "text_sr", "pdf")
"""What a signature changes; contours and pictures are the program's own and stay as they are."""

_IDLE = 2.0  # seconds between two looks
_LATER = 30.0  # seconds before another try after trouble of the site
_WHOLE = 3600.0  # seconds between two looks through all signatures: a clock that was set back hides none
_SITE = (AlreadyRunning, DiskFull)
_OWN = (ResultError, ImageError, NotFound, ArchiveError)
"""Trouble of the study, where it is none of the site: its results cannot be made, now or later."""


class SignedResults:
    """Brings signatures to the outbox until told to stop; one thread of a node."""

    def __init__(self, config: HospitalConfig, ledger: Ledger, context: Context) -> None:
        self._config, self._ledger, self._context = config, ledger, context
        self._audit = AuditLog.from_context(context)
        self._watch = Watch(context.get(Store), ledger)
        self._whole_at = 0.0

    def __call__(self, stop: Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            try:
                self.turn()
            except (ProsvetError, OSError) as error:  # a full disk, a held database, a model that is not there
                log.error("signed protocols wait: %s", type(error).__name__)
                stop.wait(_LATER)
            else:
                stop.wait(_IDLE)

    def turn(self) -> int:
        """Bring what was signed since the last turn; returns how many signatures."""
        whole = time.monotonic() >= self._whole_at
        due = self._watch.due(whole=whole)
        if whole:
            self._whole_at = time.monotonic() + _WHOLE
        for one in due:
            self._bring(one)
        return len(due)

    def _bring(self, one: Signature) -> None:
        context = self._context.child()
        results: list[Result] = []
        note = None
        try:
            one, results, note = self._made(one, context)
        except _SITE:
            raise
        except _OWN as error:
            note = str(error.details.get("reason") or error.code)
        if note:
            log.warning("a signed protocol has no results: %s", note)
        if _enter(self._ledger, one, results, note):
            self._audit.write("hospital.signed", study=one.study, number=one.number, results=len(results),
                              note=note or "")  # fmt: skip

    def _made(self, one: Signature, context: Context) -> tuple[Signature, list[Result], str | None]:
        """The results as files, or why there are none; and the signature that they are of, which may be a later one."""
        places = list(dict.fromkeys(self._config.results.destinations))
        if not places:
            return one, [], "no_destination"
        kinds = [kind for kind in KINDS if kind in self._config.results.kinds]
        found = study_results(one.study, None, context, kind="text_sr" if kinds == ["text_sr"] else "sr")
        if not found.sources.identified:
            return one, [], "no_objects"  # retention has taken the films, and with them whose they are
        if found.results.signed is None:
            return one, [], "not_signed"
        one = replace(one, digest=found.results.signed.digest)
        made_of = hashlib.sha256("|".join(("signed", one.digest, found.made_of)).encode()).hexdigest()
        results = [*self._objects(one, found, kinds, places, made_of), *self._documents(one, found, places, made_of)]
        return one, results, None if results else "nothing_to_make"

    def _objects(
        self, one: Signature, found: StudyResults, kinds: Sequence[Kind], places: Sequence[str], made_of: str
    ) -> list[Result]:
        to = [name for name in places if name not in documents()]
        made: list[Result] = []
        for kind in kinds if to else ():
            said = replace(found.results, predecessors=_predecessors(self._ledger, one.study_uid, kind, made_of))
            try:
                dataset = make(kind, found.sources.headers, said, made_of=made_of, at=found.at)
            except ResultError as error:  # a text that claims nothing with a code: the other kinds are made
                log.info("no %s: %s", kind, error.details.get("reason"))
                continue
            data = write(dataset)
            name, uid, sop_class = self._ledger.files.add(data), str(dataset.SOPInstanceUID), str(dataset.SOPClassUID)
            made += [Result(kind, place, made_of, name, len(data), uid, sop_class) for place in to]
        return made

    def _documents(self, one: Signature, found: StudyResults, places: Sequence[str], made_of: str) -> list[Result]:
        headers = sorted(found.sources.headers, key=lambda head: str(head.SOPInstanceUID) != found.sources.film)
        material = Material(one.study_uid, one.study, tuple(headers), found.results, None, made_of, found.at)
        made = []
        for place in places:
            if place in documents():
                data = payload(place)(material, self._config)
                made.append(Result(place, place, made_of, self._ledger.files.add(data), len(data)))
        return made


def _predecessors(ledger: Ledger, study_uid: str, kind: str, made_of: str) -> tuple[Predecessor, ...]:
    """The last report of this kind that went out, or stands before this one in the outbox: it holds its own place."""
    query = (
        select(Outgoing.sop_uid, Outgoing.sop_class, Outgoing.sha256)
        .where(
            Outgoing.study_uid == study_uid,
            Outgoing.kind == kind,
            Outgoing.state != "dead",
            Outgoing.made_of != made_of,
        )
        .order_by(Outgoing.id.desc())
        .limit(1)
    )
    with ledger.read() as db:
        row = db.execute(query).first()
    if row is None:
        return ()
    try:
        path = ledger.files.path(row.sha256)
        series = str(pydicom.dcmread(path, specific_tags=["SeriesInstanceUID"]).SeriesInstanceUID)
    except (OSError, InvalidDicomError, AttributeError):
        log.info("a report is not named as predecessor: retention has taken it")
        return ()
    return (Predecessor(row.sop_class, row.sop_uid, series),)


def _enter(ledger: Ledger, one: Signature, results: Sequence[Result], note: str | None) -> bool:
    """Results in the outbox and the signature as brought there, in one transaction; False where the exam is gone."""
    at = now()
    with ledger.write() as db:
        if not _there(db, one):
            return False
        rows = [_row(result, one) | {"created": at, "next_at": at} for result in results]
        if rows:
            db.execute(insert(Outgoing).on_conflict_do_nothing(), rows)
        brought = {"study_uid": one.study_uid, "digest": one.digest, "number": one.number, "at": at,
                   "results": len(results), "note": note}  # fmt: skip
        db.execute(insert(SignedOff).values(brought).on_conflict_do_nothing())
    return True


def _there(db: Connection, one: Signature) -> bool:
    return db.execute(select(Exam.study_uid).where(Exam.study_uid == one.study_uid)).first() is not None


def _row(result: Result, one: Signature) -> dict[str, Any]:
    return {
        "study_uid": one.study_uid, "kind": result.kind, "destination": result.destination,
        "made_of": result.made_of, "sop_uid": result.sop_uid, "sop_class": result.sop_class,
        "sha256": result.sha256, "bytes": result.bytes, "priority": one.priority, "state": "waiting", "attempts": 0,
    }  # fmt: skip
