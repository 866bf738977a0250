"""Taking things in: read ahead in threads, examine in batches, keep a batch in one transaction with its ledger.

A kill between two batches, or within one, loses and doubles nothing: what was committed is in the ledger, what was
not is taken again. Files are written before the rows that name them, under names that only depend on their content.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from sqlalchemy import select

from prosvet.archive.catch_up import encode_films, encode_reports, thresholds, waiting_films
from prosvet.archive.deidentify import Deidentifier
from prosvet.archive.describe import Describer, half
from prosvet.archive.files import FileStore
from prosvet.archive.intake import Intake, take_in
from prosvet.archive.readers.item import Item
from prosvet.archive.records import Record
from prosvet.archive.schema import LedgerEntry
from prosvet.archive.store import Store
from prosvet.archive.texts import REVISION, ReportVectors
from prosvet.archive.writer import write_records
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotChestXray, ProsvetError
from prosvet.models.examine import Examination, Examiner
from prosvet.models.text import SentenceEncoder

__all__ = ["Failure", "Intaker", "Tally"]

log = logging.getLogger(__name__)

_THREADS = 2  # that read and decode ahead of the model
_BATCH = 64  # films of a transaction
_PART = 16  # films given to the networks at once
_ROWS = 512  # items of a transaction, with film or without
_PIXELS = 24_000_000  # of a batch's films: about 100 MB
_AHEAD_BYTES = 48_000_000  # of files read ahead
_LEDGER = 500  # keys asked for at once


@dataclass(frozen=True, slots=True)
class Failure:
    """One item that was not taken in."""

    file: str
    error: ProsvetError


@dataclass
class Tally:
    """What has happened so far."""

    added: int = 0
    skipped: int = 0
    studies: int = 0
    images: int = 0
    reports: int = 0
    without_image: int = 0
    failures: list[Failure] = field(default_factory=list)


class Intaker:
    """Takes items into the archive of a context; the caller holds the archive's writer lock.

    ``owner`` is whose the new studies are; None for the whole department's.
    """

    def __init__(self, context: Context, *, deidentify: bool, encode: bool, owner: str | None = None) -> None:
        self._context, self._encode, self._deidentify, self._owner = context, encode, deidentify, owner
        self._store, self._files = context.get(Store), context.get(FileStore)
        self._names = Deidentifier.from_context(context)
        self._audit = AuditLog.from_context(context)
        self._texts = ReportVectors(context.get(SentenceEncoder))
        self.tally = Tally()

    def count(self, items: Iterable[Item]) -> int:
        """How many of `items` there are to take in."""
        return sum(not known for _, known in self._looked_up(items))

    def take(self, items: Iterable[Item], total: int | None = None) -> None:
        """Take in all of `items` that the ledger does not know as they are: `total`, when they were counted.

        Raises
        ------
        DiskFull, ModelError
            And whatever else stops every item alike; what was committed before stays.
        """
        # Two pools: the records of a batch must not queue behind the films that are read ahead.
        with ThreadPoolExecutor(_THREADS) as readers, ThreadPoolExecutor(_THREADS) as keepers:
            ahead = _Ahead(readers, lambda item: take_in(item, self._store, self._context.settings))
            try:
                # Counted as they are gathered, a batch ahead of what is kept: a stop loses no more than that.
                arriving = self._context.progress.track(ahead.run(self._unknown(items)), "ingest", total)
                for batch in _batches(arriving):
                    self._keep(batch, keepers)
            finally:
                ahead.cancel()

    def catch_up(self) -> None:
        """Encode what earlier runs kept without encoding."""
        if not self._encode:
            return
        films = waiting_films(self._store)
        if films:
            examiner = self._context.get(Examiner)
            encode_films(self._store, self._files, examiner, self._context.settings, films)
        encode_reports(self._store, self._texts)

    def _unknown(self, items: Iterable[Item]) -> Iterator[Item]:
        """Items that are not in the ledger with this size and time."""
        for item, known in self._looked_up(items):
            if known:
                self.tally.skipped += 1
            else:
                self.tally.without_image += item.image_missing
                yield item

    def _looked_up(self, items: Iterable[Item]) -> Iterator[tuple[Item, bool]]:
        rest = iter(items)
        while chunk := list(islice(rest, _LEDGER)):
            keys = {self._names.ledger_key(item.key): item for item in chunk}
            query = select(LedgerEntry.key, LedgerEntry.size, LedgerEntry.mtime_ns)
            with self._store.read() as db:
                known = {key: (size, time) for key, size, time in db.execute(query.where(LedgerEntry.key.in_(keys)))}
            for key, item in keys.items():
                yield item, known.get(key) == (item.size, item.mtime_ns)

    def _keep(self, batch: list[Intake], pool: ThreadPoolExecutor) -> None:
        """Examine, store and commit one batch."""
        good = []
        for intake, examination in zip(batch, self._examine(batch, pool), strict=True):
            error = intake.error
            if error is None and examination is not None and not examination.gates.is_chest_xray:
                probability = examination.gates.chest_xray_probability
                error = NotChestXray(name=intake.name, probability=probability)
            if error is not None:
                log.info("not taken in: %s", error.code)
                self.tally.failures.append(Failure(intake.name, error))
            else:
                good.append((intake, examination))
        describer = Describer(self._names, self._deidentify, self._thresholds(good))
        # Words are read in this thread alone: the stemmers hold state.
        stored = pool.map(lambda pair: self._store_image(describer, pair[0]), good)
        records = [describer.record(*pair, name) for pair, name in zip(good, stored, strict=True)]
        if records:
            self._commit(self._with_vectors(records))

    def _examine(self, batch: list[Intake], pool: ThreadPoolExecutor) -> list[Examination | None]:
        films = [intake.film for intake in batch if intake.film is not None]
        if not films or not self._encode:
            return [None] * len(batch)
        # Preparing films for the networks is a single thread's work, and as long as the networks' own: two at a time.
        parts = [films[start : start + _PART] for start in range(0, len(films), _PART)]
        answers = chain.from_iterable(pool.map(self._context.get(Examiner).examine_many, parts))
        return [next(answers) if intake.film is not None else None for intake in batch]

    def _thresholds(self, good: list[tuple[Intake, Examination | None]]) -> dict[str, float]:
        if not any(examination for _, examination in good):
            return {}
        return thresholds(self._context.get(Examiner))

    def _store_image(self, describer: Describer, intake: Intake) -> str | None:
        return None if intake.film is None else self._files.add(describer.stored_bytes(intake))

    def _with_vectors(self, records: list[Record]) -> list[Record]:
        """Records whose reports have vectors, where encoding was asked for."""
        if not self._encode:
            return records
        texts = [
            f"{r.report.columns['findings']}\n{r.report.columns['impression']}" if r.report else "" for r in records
        ]
        out = []
        for record, vector in zip(records, self._texts.encode(texts), strict=True):
            report = record.report
            if report is not None and vector is not None:
                record = replace(record, report=replace(report, vector=(self._texts.name, REVISION, half(vector))))
            out.append(record)
        return out

    def _commit(self, records: list[Record]) -> None:
        with self._store.write() as db:
            written = write_records(db, records, self._owner)
            # Before the commit: a line for what was then not committed misleads less than a change without a line.
            if written.added:
                studies = " ".join(dict.fromkeys(record.study for record in records))
                self._audit.write("ingest", studies=studies, images=written.images, reports=written.reports)
        tally = self.tally
        tally.added, tally.skipped = tally.added + written.added, tally.skipped + written.known
        tally.studies += len(written.studies)
        tally.images += written.images
        tally.reports += written.reports


class _Ahead:
    """Runs `work` on items in threads, a bounded number of bytes ahead, and yields the results in order."""

    def __init__(self, pool: ThreadPoolExecutor, work: Callable[[Item], Intake]) -> None:
        self._pool, self._work = pool, work
        self._waiting: deque[tuple[int, Future[Intake]]] = deque()
        self._bytes = 0

    def run(self, items: Iterable[Item]) -> Iterator[Intake]:
        for item in items:
            size = item.image.size if item.image else 0
            while self._waiting and (self._bytes + size > _AHEAD_BYTES or len(self._waiting) >= 2 * _BATCH):
                yield self._next()
            self._waiting.append((size, self._begin(item)))
            self._bytes += size
        while self._waiting:
            yield self._next()

    def _begin(self, item: Item) -> Future[Intake]:
        if item.image is not None:
            return self._pool.submit(self._work, item)
        done: Future[Intake] = Future()  # a row is quicker done than handed over
        done.set_result(self._work(item))
        return done

    def _next(self) -> Intake:
        size, future = self._waiting.popleft()
        self._bytes -= size
        return future.result()

    def cancel(self) -> None:
        for _, future in self._waiting:
            future.cancel()


def _batches(intakes: Iterable[Intake]) -> Iterator[list[Intake]]:
    """Batches of at most ``_ROWS`` items, ``_BATCH`` films and about ``_PIXELS`` pixels."""
    batch: list[Intake] = []
    films = pixels = 0
    for intake in intakes:
        batch.append(intake)
        if intake.film is not None:
            films, pixels = films + 1, pixels + intake.film.pixels.size
        if len(batch) >= _ROWS or films >= _BATCH or pixels >= _PIXELS:
            yield batch
            batch, films, pixels = [], 0, 0
    if batch:
        yield batch
