"""The ledger: its tables are those of its migrations, its folder is private, a newer one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from prosvet.core.errors import ArchiveError
from prosvet.hospital.ledger.schema import Base
from prosvet.hospital.ledger.store import Ledger


def test_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "hospital")
    with ledger.read() as db:
        assert compare_metadata(MigrationContext.configure(db), Base.metadata) == []
    ledger.close()


def test_nobody_else_may_look(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "hospital")
    assert ledger.folder.stat().st_mode & 0o077 == 0
    ledger.close()


def test_a_commit_outlives_a_power_cut(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "hospital")
    with ledger.write() as db:
        assert db.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
    name = ledger.files.add(b"an object")
    assert ledger.files.read(name) == b"an object"
    ledger.close()


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "hospital")
    with ledger.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    ledger.close()
    with pytest.raises(ArchiveError):
        Ledger(tmp_path / "hospital")
