"""The indexes of one archive, kept in step with its database.

The database is the truth. Every index is stamped with the store's counters when it was built; when they have
moved on, vectors that were only added to are searched beside the built index, and everything else is built anew.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Literal, Self, TypeVar
from zipfile import BadZipFile

import numpy as np
from sqlalchemy import func, select

from prosvet.archive.filters import StudyFilter
from prosvet.archive.rows import Changes
from prosvet.archive.schema import ImageVector, ReportVector
from prosvet.archive.store import Store, VectorBlock
from prosvet.core.context import Context
from prosvet.core.errors import DiskFull
from prosvet.core.progress import Progress
from prosvet.index.base import BACKENDS, EXACT_LIMIT, Ids, VectorIndex, choose
from prosvet.index.facts import Facts, Row
from prosvet.index.files import Stamp, current, publish
from prosvet.index.layered import Layered
from prosvet.index.text import TextIndex
from prosvet.index.vectors import gather
from prosvet.models.adapter import base_revision
from prosvet.models.deployed import deployed

__all__ = ["Indexes", "Kind"]

log = logging.getLogger(__name__)

Kind = Literal["images", "reports"]
T = TypeVar("T")
Built = TypeVar("Built", TextIndex, Facts)

TAIL_SHARE = 0.05
"""Vectors added since the last build are searched beside it up to this share of it; then it is built anew."""
_LOOKUP = 2000


class Indexes:
    """Vectors of images and of reports, words of reports, and facts of both.

    Each property checks the store's counters (well under a millisecond) and is rebuilt where they have moved on. One
    thread builds; meanwhile others search what was there before, unless something was erased from it.
    """

    def __init__(
        self, store: Store, home: Path, *, threads: int, model: str | Callable[[], str], progress: Progress
    ) -> None:
        self.root = home / "index"
        self._store, self._threads, self._progress = store, threads, progress
        self._model: Callable[[], str] = model if callable(model) else partial(str, model)
        self._held: dict[str, tuple[Changes, object]] = {}
        self._building: dict[str, Lock] = {}

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The indexes of the context's archive; vectors of the settings' encoder, or of the model in force, first."""
        settings = context.settings
        return cls(context.get(Store), settings.home, threads=settings.threads,
                   model=lambda: settings.encoder or deployed(settings).model, progress=context.progress)  # fmt: skip

    @property
    def image_vectors(self) -> Layered:
        """Vectors of images."""
        return self._fresh("image_vectors", lambda changes: self._vectors("images", changes))

    @property
    def report_vectors(self) -> Layered:
        """Vectors of reports."""
        return self._fresh("report_vectors", lambda changes: self._vectors("reports", changes))

    @property
    def report_text(self) -> TextIndex:
        """Words of reports."""
        return self._fresh("report_text", self._text)

    @property
    def image_facts(self) -> Facts:
        """Probabilities and claims of images, with those of their studies and reports."""
        return self._fresh("image_facts", lambda changes: self._facts("images", changes))

    @property
    def report_facts(self) -> Facts:
        """Claims of reports."""
        return self._fresh("report_facts", lambda changes: self._facts("reports", changes))

    # -- keeping step ---------------------------------------------------------------------------------

    def _fresh(self, name: str, build: Callable[[Changes], T]) -> T:
        changes = self._store.changes()
        held = self._held.get(name)
        if held is None or held[0] != changes:
            held = self._rebuilt(name, changes, held, build)
        made: T = held[1]  # type: ignore[assignment]
        return made

    def _rebuilt(
        self, name: str, changes: Changes, held: tuple[Changes, object] | None, build: Callable[[Changes], T]
    ) -> tuple[Changes, object]:
        lock = self._building.setdefault(name, Lock())
        if held is None or held[0].erasures != changes.erasures:
            lock.acquire()
        elif not lock.acquire(blocking=False):
            return held  # another thread is building: what was there is complete up to then
        try:
            there = self._held.get(name)
            if there is not None and there[0] == changes:
                return there  # built while we waited
            # Counted before reading: what is written meanwhile makes the index stale, never silently incomplete.
            self._held[name] = made = (changes, build(changes))
            return made
        finally:
            lock.release()

    def _derived(
        self, name: str, backend: str, changes: Changes, load: Callable[[Path], Built], build: Callable[[], Built]
    ) -> Built:
        """Read the files of `name` when their stamp is today's, otherwise build and keep them."""
        stamp = Stamp(backend=backend, model="", version=changes.version, erasures=changes.erasures)
        found = current(self.root / name)
        if found is not None and found[1] == stamp:
            whole = _loaded(found[0], load)
            if whole is not None:
                return whole
        made = build()
        self._keep(name, stamp, made.save)
        return made

    def _keep(self, name: str, stamp: Stamp, save: Callable[[Path], None]) -> Path | None:
        try:
            folder = publish(self.root / name, stamp, save)
        except DiskFull:
            # The answer is still right from memory; only the next start pays for the build again.
            log.warning("the disk is full: the index %s is kept in memory only", name)
            return None
        except FileNotFoundError:
            log.info("the folder of the index %s was erased while it was written: kept in memory only", name)
            return None
        if self._store.changes().erasures != stamp.erasures:
            shutil.rmtree(folder, ignore_errors=True)  # what was erased meanwhile must not linger in it
            return None
        return folder

    # -- words and facts ------------------------------------------------------------------------------

    def _text(self, changes: Changes) -> TextIndex:
        def build() -> TextIndex:
            rows = [(number, text) for number, _, _, text in self._store.reports()]
            ids = np.array([number for number, _ in rows], dtype=np.int64)
            return TextIndex.build(ids, [text for _, text in rows])

        return self._derived("report_text", "bm25", changes, TextIndex.load, build)

    def _facts(self, kind: Kind, changes: Changes) -> Facts:
        def build() -> Facts:
            return Facts.build(self._progress.track(self._rows(kind), f"index: {kind}"))

        return self._derived(f"{kind}_facts", "facts", changes, Facts.load, build)

    def _rows(self, kind: Kind) -> Iterator[Row]:
        ids = iter(self._all(kind).tolist())
        while chunk := list(islice(ids, _LOOKUP)):
            if kind == "images":
                images = self._store.lookup_images(chunk)
                yield from (Row(i, images[i].findings, images[i].scores) for i in chunk if i in images)
            else:
                reports = self._store.lookup_reports(chunk)
                yield from (Row(i, reports[i].findings, {}) for i in chunk if i in reports)

    def _all(self, kind: Kind) -> Ids:
        everything = StudyFilter(synthetic=True)
        return self._store.select_images(everything) if kind == "images" else self._store.select_reports(everything)

    # -- vectors --------------------------------------------------------------------------------------

    def _vectors(self, kind: Kind, changes: Changes) -> Layered:
        model, revision, count = self._vector_model(kind)
        if not count:
            return Layered("")
        name, label = f"{kind}_vectors", f"{model}@{revision}"
        found = current(self.root / name)
        if found is not None and found[1].model == label and found[1].erasures == changes.erasures:
            layered = self._from_files(found[0], found[1].backend, kind, (model, revision, count))
            if layered is not None:
                return layered
        log.info("building the index of %d vectors of %s", count, kind)
        backend = choose(count)
        stamp = Stamp(backend=backend, model=label, version=changes.version, erasures=changes.erasures)
        with gather(self._blocks(kind, model, revision), count, beside=self.root) as (ids, matrix):
            index: VectorIndex = BACKENDS[backend].build(ids, matrix, threads=self._threads)
        folder = self._keep(name, stamp, index.save)
        if folder is not None and not index.exact:
            index = BACKENDS[backend].load(folder, threads=self._threads)  # lets the build's own rows go
        return Layered(label, index)

    def _from_files(self, folder: Path, backend: str, kind: Kind, space: tuple[str, str, int]) -> Layered | None:
        """The built index with what was added since, or ``None`` when it must be made anew."""
        built: VectorIndex | None = _loaded(folder, partial(BACKENDS[backend].load, threads=self._threads))
        if built is None:
            return None
        model, revision, count = space
        tail = self._tail(kind, model, revision, built, count)
        return None if tail is None else Layered(f"{model}@{revision}", built, tail)

    def _tail(self, kind: Kind, model: str, revision: str, built: VectorIndex, count: int) -> VectorIndex | None:
        """An exact index of what was added since `built`, or ``None`` when `built` must be made anew."""
        last = int(built.ids.max()) if len(built) else 0
        added = count - len(built)
        if added < 0 or added > min(EXACT_LIMIT, TAIL_SHARE * len(built)):
            return None
        blocks = list(self._blocks(kind, model, revision, after=last))
        if sum(len(ids) for ids, _ in blocks) != added:
            return None  # something older has gained or lost a vector
        ids = np.concatenate([np.zeros(0, dtype=np.int64), *(ids for ids, _ in blocks)])
        matrix = np.concatenate([np.zeros((0, built.width), dtype=np.float32), *(rows for _, rows in blocks)])
        tail: VectorIndex = BACKENDS["faiss_flat"].build(ids, matrix, threads=self._threads)
        return tail

    def _blocks(self, kind: Kind, model: str, revision: str, after: int = 0) -> Iterator[VectorBlock]:
        if kind == "images":
            return self._store.image_vector_blocks(model, revision, after=after)
        return self._store.report_vector_blocks(model, revision, after=after)

    def _vector_model(self, kind: Kind) -> tuple[str, str, int]:
        """(name, base revision, count) of the vectors to search: of the model in force, else of the most.

        Vectors of two base revisions are never mixed: their spaces differ. An adapter does not move vectors.
        """
        table = ImageVector if kind == "images" else ReportVector
        query = select(table.model, table.revision, func.count()).group_by(table.model, table.revision)
        with self._store.read() as connection:
            rows = [(str(m), str(r), int(n)) for m, r, n in connection.execute(query)]
        spaces: Counter[tuple[str, str]] = Counter()
        for model, revision, n in rows:
            spaces[model, base_revision(revision)] += n
        found, wanted = [(*space, n) for space, n in spaces.items()], self._model()
        return max(found, key=lambda row: (row[0] == wanted, row[2], row[1]), default=("", "", 0))


def _loaded(folder: Path, load: Callable[[Path], T]) -> T | None:
    """What `load` reads, or ``None`` from damaged files: they are derived, so they are made anew."""
    try:
        return load(folder)
    except (OSError, ValueError, KeyError, RuntimeError, BadZipFile) as error:
        log.warning("the index files in %s cannot be read and are built anew: %s", folder.parent.name, error)
        shutil.rmtree(folder, ignore_errors=True)
        return None
