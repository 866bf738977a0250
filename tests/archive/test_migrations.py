"""From one schema to the next with rows in it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from prosvet import archive
from prosvet.archive.database import open_database
from prosvet.archive.schema import HEAD

_STUDIES = {"S1": "normal", "S2": "normal", "S3": "refer"}


def migrated(db: Connection, to: str) -> None:
    """Take the database of `db` to the revision `to`."""
    config = Config()
    config.set_main_option("script_location", str(Path(archive.__path__[0]) / "migrations"))
    config.attributes["connection"] = db
    (command.upgrade if to >= HEAD else command.downgrade)(config, to)


def _of_0006(db: Connection) -> None:
    """Two released studies, one of them drawn for the audit, and one that was referred."""
    for number, (study, outcome) in enumerate(_STUDIES.items(), start=1):
        db.execute(text(f"INSERT INTO patients (id) VALUES ('P{study}')"))
        db.execute(
            text(
                "INSERT INTO studies (id, patient_id, date_shifted, source, description) "
                f"VALUES ('{study}', 'P{study}', 0, 't', '')"
            )
        )
        db.execute(
            text(
                "INSERT INTO worklist (study_id, arrived, updated, priority, status) "
                f"VALUES ('{study}', '2026-01-01', '2026-01-01', 0, 'new')"
            )
        )
        db.execute(
            text(
                "INSERT INTO screen_decisions (id, site, study_id, at, by, outcome, model, proof) VALUES "
                f"({number}, 'local', '{study}', '2026-01-01', 'local', '{outcome}', 'compact@1', '{{}}')"
            )
        )
    db.execute(
        text("INSERT INTO screen_audits (decision_id, study_id, drawn, comment) VALUES (2, 'S2', '2026-01-01', '')")
    )


def test_decisions_and_audits_come_through_and_released_studies_leave_the_list(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "archive.db")
    with engine.execution_options(immediate=True).begin() as db:
        migrated(db, "0006")
        _of_0006(db)
    with engine.execution_options(immediate=True).begin() as db:
        migrated(db, HEAD)
    with engine.execution_options(immediate=True).begin() as db:
        assert db.execute(text("SELECT id, outcome, films FROM screen_decisions ORDER BY id")).all() == [
            (1, "normal", 0), (2, "normal", 0), (3, "refer", 0),
        ]  # fmt: skip
        assert db.execute(text("SELECT decision_id, study_id FROM screen_audits")).all() == [(2, "S2")]
        statuses = {study: status for study, status in db.execute(text("SELECT study_id, status FROM worklist"))}
        assert statuses == {"S1": "released", "S2": "new", "S3": "new"}
        db.execute(text("DELETE FROM studies WHERE id = 'S2'"))
        assert db.execute(text("SELECT count(*) FROM screen_audits")).scalar() == 0  # it still goes with its study
        migrated(db, "0006")
        assert db.execute(text("SELECT count(*) FROM worklist WHERE status = 'released'")).scalar() == 0
        assert db.execute(text("SELECT count(*) FROM screen_decisions")).scalar() == 2
