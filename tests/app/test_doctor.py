"""Doctor notices what is missing, changed or damaged, and leaves everything as it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from outcome import Cli

from prosvet.app import doctor
from prosvet.app.doctor import CHECKS, DoctorRequest, run
from prosvet.archive.files import FileStore
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.settings import load_settings


def states(context: Context, name: str, *, deep: bool = False) -> list[str]:
    return [check.state for check in run(DoctorRequest(deep=deep), context).checks if check.name == name]


def with_one_image(context: Context) -> Path:
    """An archive with one stored file and the row that names it; returns the file."""
    store, files = context.get(Store), context.get(FileStore)
    name = files.add(b"film")
    with sqlite3.connect(store.path) as db:
        db.execute("INSERT INTO patients (id) VALUES ('p')")
        db.execute(
            "INSERT INTO studies (id, patient_id, date_shifted, source, description) VALUES ('s', 'p', 0, 'test', '')"
        )
        db.execute(
            "INSERT INTO images (study_id, sha256, source_sha256, file, format, view, rows, cols, gates, scores, state)"
            " VALUES ('s', ?, 'x', 'film.png', 'png', 'unknown', 1, 1, '{}', '{}', 'stored')",
            (name,),
        )
    AuditLog.from_context(context).write("ingest", studies="s")
    return files.path(name)


def test_it_makes_every_check_and_creates_no_archive(context: Context) -> None:
    result = run(DoctorRequest(), context)
    assert {check.name for check in result.checks} == set(CHECKS)
    assert not context.settings.home.exists()
    assert states(context, "archive") == states(context, "audit") == ["note"]


def test_a_whole_archive_passes(context: Context) -> None:
    with_one_image(context)
    assert states(context, "archive", deep=True) == ["ok", "ok"]
    assert states(context, "audit") == ["ok"]


def test_a_missing_file_is_noticed(context: Context) -> None:
    with_one_image(context).unlink()
    assert states(context, "archive") == ["ok", "failed"]


def test_a_changed_file_is_noticed_when_files_are_read(context: Context) -> None:
    file = with_one_image(context)
    file.chmod(0o600)
    file.write_bytes(b"Film")
    assert states(context, "archive") == ["ok", "ok"]
    assert states(context, "archive", deep=True) == ["ok", "failed"]


def test_a_changed_log_is_noticed(context: Context) -> None:
    with_one_image(context)
    log = context.settings.home / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"s"', b'"t"'))
    assert states(context, "audit") == ["failed"]


def test_a_damaged_database_is_noticed(context: Context) -> None:
    with_one_image(context)
    context.close()
    database = context.settings.home / "archive.db"
    with sqlite3.connect(database) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.write_bytes(database.read_bytes()[:5000])
    assert states(context, "archive") == ["failed"]


def test_a_missing_model_is_noticed(own_home: Path) -> None:
    with Context(load_settings({}, home=own_home, model="none")) as context:
        assert states(context, "models")[-1] == "failed"


def test_a_card_with_missing_keys_is_noticed(context: Context) -> None:
    (folder := context.settings.home / "models").mkdir(parents=True)
    (folder / "mine.toml").write_text('name = "mine"\n', encoding="utf-8")
    assert "failed" in states(context, "models")


def test_too_little_disk_is_noticed(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_DISK", 10**18)
    assert states(context, "disk") == ["failed"]


def test_more_threads_than_cores_is_a_note(own_home: Path) -> None:
    with Context(load_settings({}, home=own_home, threads=256)) as context:
        assert states(context, "threads") == ["note"]


def test_a_package_out_of_range_is_noticed(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.metadata.version
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "0.1" if name == "pillow" else real(name))
    assert "failed" in states(context, "packages")


def test_extras_are_listed_and_their_absence_is_no_failure(context: Context) -> None:
    assert set(states(context, "extras")) <= {"ok", "note"}
    assert len(states(context, "extras")) >= 2


def test_the_verb_exits_with_one_when_a_check_fails(cli: Cli, context: Context) -> None:
    with_one_image(context).unlink()
    shown = cli("doctor", "--json", "--lang", "en")
    assert shown.status == 1
    assert shown.result["ok"] is False
    assert any("1 missing" in check["message"] for check in shown.result["checks"])
    assert "✗" in cli("doctor").out
