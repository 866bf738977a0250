"""The archive, as the rest of the house sees it: vectors, texts, rows, filters, and one way to write.

Readers are free and see a consistent snapshot; a writer holds the database from its first statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from prosvet.archive import lookup
from prosvet.archive.base_scores import in_space
from prosvet.archive.database import open_database, spoken_errors
from prosvet.archive.files import room_for
from prosvet.archive.filters import StudyFilter, matching
from prosvet.archive.rows import Changes, Counts, ImageRow, ReportRow, StudyRow
from prosvet.archive.schema import Image, ImageVector, Meta, Patient, Report, ReportVector, Study
from prosvet.core.context import Context

__all__ = ["Store", "VectorBlock"]

VectorBlock = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Ids (N,) ascending and their unit vectors (N, 512)."""


class Store:
    """The database of one archive.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()))
    >>> store.counts().studies, store.version()
    (0, 0)
    >>> store.close()
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / "archive.db"
        with room_for(self.path):
            home.mkdir(parents=True, exist_ok=True)
        self._engine = open_database(self.path)

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The archive at the context's ``home``, created when it is not there."""
        return cls(context.settings.home)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # -- transactions ---------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one snapshot."""
        with spoken_errors(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, erasing: bool = False) -> Iterator[Connection]:
        """A connection whose changes are committed as one at the end, or not at all.

        Raises
        ------
        AlreadyRunning
            When another writer holds the database for half a minute.
        DiskFull
        """
        with self.note() as connection:
            yield connection
            grown = ("version", "erasures") if erasing else ("version",)
            connection.execute(update(Meta).where(Meta.key.in_(grown)).values(value=Meta.value + 1))

    @contextmanager
    def note(self) -> Iterator[Connection]:
        """As :meth:`write`, for what no index is built from: work on studies, cohorts, jobs, accounts."""
        engine = self._engine.execution_options(immediate=True)
        with spoken_errors(self.path), engine.begin() as connection:
            yield connection

    def truncate_log(self) -> None:
        """Move the write-ahead log into the database and empty it, so that nothing erased lingers there."""
        with spoken_errors(self.path), self._engine.connect() as connection:
            driver = connection.connection.driver_connection
            if driver is not None:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # -- where it stands ------------------------------------------------------------------------------

    def changes(self) -> Changes:
        """The counters that tell an index whether it is stale."""
        with self.read() as connection:
            values = {key: value for key, value in connection.execute(select(Meta.key, Meta.value))}
        return Changes(values["version"], values["erasures"])

    def version(self) -> int:
        """A number that grows with every committed write."""
        return self.changes().version

    def counts(self) -> Counts:
        """How many patients, studies, images and reports there are."""
        with self.read() as connection:
            sizes = [
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (Patient, Study, Image, Report)
            ]
        return Counts(*sizes)

    # -- vectors and texts, for indexes ---------------------------------------------------------------

    def image_vectors(self, model: str, revision: str, *, after: int = 0) -> VectorBlock:
        """All vectors of images with ids above `after`; for a million of them prefer the blocks.

        The vectors of a base revision are also those of its adaptations: an adapter does not move them.
        """
        return _gather(self.image_vector_blocks(model, revision, after=after))

    def report_vectors(self, model: str, revision: str, *, after: int = 0) -> VectorBlock:
        """All vectors of reports with ids above `after`."""
        return _gather(self.report_vector_blocks(model, revision, after=after))

    def image_vector_blocks(
        self, model: str, revision: str, *, after: int = 0, size: int = 65536
    ) -> Iterator[VectorBlock]:
        """Vectors of images, ids ascending, in blocks of at most `size`, on one snapshot."""
        table = ImageVector
        query = select(table.image_id, table.vector).where(table.model == model, in_space(table.revision, revision))
        yield from self._blocks(query, table.image_id, after, size)

    def report_vector_blocks(
        self, model: str, revision: str, *, after: int = 0, size: int = 65536
    ) -> Iterator[VectorBlock]:
        """Vectors of reports, ids ascending, in blocks of at most `size`, on one snapshot."""
        table = ReportVector
        query = select(table.report_id, table.vector).where(table.model == model, table.revision == revision)
        yield from self._blocks(query, table.report_id, after, size)

    def _blocks(
        self, query: Select[int, bytes], key: InstrumentedAttribute[int], after: int, size: int
    ) -> Iterator[VectorBlock]:
        with self.read() as connection:
            rows = connection.execution_options(yield_per=size).execute(query.where(key > after).order_by(key))
            for part in rows.partitions():
                ids = np.fromiter((row[0] for row in part), dtype=np.int64, count=len(part))
                joined = np.frombuffer(b"".join(row[1] for row in part), dtype="<f2")
                yield ids, joined.astype(np.float32).reshape(len(part), -1)

    def reports(self, *, after: int = 0) -> Iterator[tuple[int, str, str, str]]:
        """(report id, study id, language, text) of reports with ids above `after`, ids ascending."""
        query = select(Report.id, Report.study_id, Report.language, Report.findings, Report.impression)
        query = query.where(Report.id > after).order_by(Report.id)
        with self.read() as connection:
            rows = connection.execution_options(yield_per=2000).execute(query)
            for number, study, language, findings, impression in rows:
                yield number, study, language, "\n".join(part for part in (findings, impression) if part)

    # -- filters --------------------------------------------------------------------------------------

    def select(self, query: StudyFilter) -> set[str]:
        """Ids of the studies that match."""
        with self.read() as connection:
            return set(connection.execute(matching(query)).scalars())

    def select_images(self, query: StudyFilter) -> NDArray[np.int64]:
        """Ids, ascending, of the images of matching studies; a condition on the view holds for the image."""
        wanted = select(Image.id).where(Image.study_id.in_(matching(query)))
        if query.view is not None:
            wanted = wanted.where(Image.view == query.view.value)
        return self._ids(wanted.order_by(Image.id))

    def select_reports(self, query: StudyFilter) -> NDArray[np.int64]:
        """Ids, ascending, of the reports of matching studies."""
        return self._ids(select(Report.id).where(Report.study_id.in_(matching(query))).order_by(Report.id))

    def _ids(self, query: Select[int]) -> NDArray[np.int64]:
        with self.read() as connection:
            return np.fromiter(connection.execute(query).scalars(), dtype=np.int64)

    # -- rows -----------------------------------------------------------------------------------------

    def lookup_images(self, ids: Iterable[int]) -> dict[int, ImageRow]:
        """Rows by image id; ids that are no longer there are left out."""
        with self.read() as connection:
            return lookup.images(connection, ids)

    def lookup_reports(self, ids: Iterable[int]) -> dict[int, ReportRow]:
        """Rows by report id; ids that are no longer there are left out."""
        with self.read() as connection:
            return lookup.reports(connection, ids)

    def lookup_studies(self, ids: Iterable[str]) -> dict[str, StudyRow]:
        """Rows by study id; ids that are not there are left out."""
        with self.read() as connection:
            return lookup.studies(connection, ids)


def _gather(blocks: Iterator[VectorBlock]) -> VectorBlock:
    parts = list(blocks)
    if not parts:
        return np.zeros(0, dtype=np.int64), np.zeros((0, 512), dtype=np.float32)
    return np.concatenate([ids for ids, _ in parts]), np.concatenate([matrix for _, matrix in parts])
