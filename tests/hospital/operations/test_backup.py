"""A back-up is whole or not there, whatever happens while it is made; and it can be restored, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from prosvet.archive.files import FileStore, sha256
from prosvet.archive.schema import HEAD, Image, Patient, Study
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.audit import AuditLog, verify
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError, BackupError, DiskFull
from prosvet.core.settings import load_settings
from prosvet.hospital.ledger.schema import HEAD as LEDGER
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.operations.backup_api import BackupRequest, BackupResult, run
from prosvet.search.api import SearchRequest
from prosvet.search.api import run as search


def make(context: Context, out: Path, **more: object) -> BackupResult:
    return run(BackupRequest.model_validate({"folder": out, **more}), context)


def restored(context: Context, out: Path, home: Path, **more: object) -> Context:
    """A context over what was restored into `home`."""
    made = Context(load_settings({}, home=home, threads=1))
    run(BackupRequest.model_validate({"action": "restore", "folder": out, **more}), made)
    return made


def test_what_is_restored_answers_as_before(filled: Context, enter, tmp_path: Path) -> None:
    enter("1.2.840.1", results=("confirmed", "waiting"))
    home = filled.settings.home
    (home / "sites" / "local").mkdir(parents=True)
    (home / "sites" / "local" / "deployments.jsonl").write_text("")
    (home / "hospital.toml").write_text('[node]\naet = "PROSVET"\n')
    (home / "hospital.toml").chmod(0o640)
    asked = SearchRequest(text="плевральный выпот", k=5)
    before, held = search(asked, filled), filled.get(Store).counts()
    done = make(filled, tmp_path / "out")
    assert done.missing == ()
    assert done.schemas == {"archive.db": HEAD, "hospital/ledger.db": LEDGER}
    with restored(filled, tmp_path / "out", tmp_path / "new") as again:
        assert again.get(Store).counts() == held
        after = search(asked, again)
        assert [(hit.file, hit.kind, round(hit.score, 6)) for hit in after.hits] == [
            (hit.file, hit.kind, round(hit.score, 6)) for hit in before.hits
        ]
        with again.get(Ledger).read() as db:
            assert db.execute(select(func.count()).select_from(Outgoing)).scalar_one() == 2
            for name in db.execute(select(Received.sha256)).scalars():
                assert again.get(Ledger).files.read(name)
        with again.get(Store).read() as db:
            for name in db.execute(select(Image.sha256)).scalars():
                assert again.get(FileStore).read(name)
        new = again.settings.home
        assert (new / "secret").read_bytes() == (home / "secret").read_bytes()
        assert (new / "secret").stat().st_mode & 0o777 == 0o600
        assert (new / "hospital.toml").stat().st_mode & 0o777 == 0o640
        assert (new / "sites" / "local" / "deployments.jsonl").exists()
        assert not (new / "index").exists() or after.hits  # indexes are built anew, not restored
        assert verify(new / "audit.jsonl") is None
        assert json.loads((new / "audit.jsonl").read_text().splitlines()[-1])["event"] == "backup.restored"


def test_a_second_generation_copies_only_what_is_new(filled: Context, tmp_path: Path) -> None:
    make(filled, tmp_path / "out")
    contents = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "content").rglob("*") if path.is_file()}
    time.sleep(1.1)
    AuditLog.from_context(filled).write("show", study="S1")
    second = make(filled, tmp_path / "out", keep=1)
    assert second.pruned == 1
    images = {sha for sha in FileStore(filled.settings.home / "files").names()}
    kept = {path for path in contents if path.parent.name + path.name in images}
    assert kept
    assert all(path.stat().st_mtime_ns == contents[path] for path in kept)
    assert run(BackupRequest(action="check", folder=tmp_path / "out"), filled).generation == second.generation


def test_a_backup_during_writes_is_of_one_moment(context: Context, enter, tmp_path: Path) -> None:
    enter("1.2.1")
    ledger, store, stop = context.get(Ledger), context.get(Store), threading.Event()
    written = []

    def write() -> None:
        number = 100
        while not stop.is_set():
            number += 1
            enter(f"1.2.{number}", results=("waiting",))
            with store.write() as db:
                db.execute(insert(Patient).values(id=f"P{number}"))
                db.execute(
                    insert(Study).values(
                        id=f"S{number}", patient_id=f"P{number}", source="t", description="", date_shifted=False
                    )
                )
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until = time.monotonic() + 30
        while len(written) < 5 and time.monotonic() < until:
            time.sleep(0.01)
        results = [make(context, tmp_path / "out") for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    assert ledger.path.exists()
    for result in results:
        assert result.missing == ()
        home = tmp_path / result.generation
        with restored(context, tmp_path / "out", home, generation=result.generation) as again:
            with again.get(Ledger).read() as db:
                exams = db.execute(select(func.count()).select_from(Exam)).scalar_one()
                assert db.execute(select(func.count()).select_from(Received)).scalar_one() == exams
                for table in (Received, Outgoing):
                    for name in db.execute(select(table.sha256)).scalars():
                        assert again.get(Ledger).files.path(name).is_file()
            with again.get(Store).read() as db:
                assert db.execute(text("PRAGMA foreign_key_check")).all() == []


@pytest.mark.parametrize("what", ["content", "manifest", "secret", "lost"])
def test_a_changed_backup_is_refused_and_nothing_is_made(filled: Context, tmp_path: Path, what: str) -> None:
    done = make(filled, tmp_path / "out")
    folder = tmp_path / "out" / done.generation
    target = {
        "content": max((tmp_path / "out" / "content").rglob("??*/*"), key=lambda one: one.stat().st_size),
        "manifest": folder / "manifest.json",
        "secret": folder / "secret" / "secret",
        "lost": min((tmp_path / "out" / "content").rglob("??/*"), key=lambda one: one.stat().st_size),
    }[what]
    seal = None
    if what == "lost":
        target.unlink()
    elif what == "manifest":  # whoever changes it with care is found by the fingerprint
        words = json.loads(target.read_text())
        words["entries"] = [one for one in words["entries"] if one["path"] != "audit.jsonl"]
        target.write_text(json.dumps(words))
        seal = done.fingerprint
    else:
        data = bytearray(target.read_bytes())
        data[len(data) // 2] ^= 1
        target.write_bytes(bytes(data))
    for action in ("check", "restore"):
        with Context(load_settings({}, home=tmp_path / "new", threads=1)) as new, pytest.raises(BackupError):
            run(BackupRequest(action=action, folder=tmp_path / "out", fingerprint=seal), new)
        assert not (tmp_path / "new").exists()


def test_a_path_out_of_the_home_is_refused(filled: Context, tmp_path: Path) -> None:
    done = make(filled, tmp_path / "out")
    path = tmp_path / "out" / done.generation / "manifest.json"
    words = json.loads(path.read_text())
    for evil in ("../evil", "/etc/cron.d/evil", "a/../../evil"):
        words["entries"][0]["path"] = evil
        path.write_text(json.dumps(words))
        with Context(load_settings({}, home=tmp_path / "new", threads=1)) as new, pytest.raises(BackupError):
            run(BackupRequest(action="restore", folder=tmp_path / "out"), new)


def test_only_an_empty_home_is_restored_into(filled: Context, tmp_path: Path) -> None:
    make(filled, tmp_path / "out")
    with pytest.raises(BackupError):
        run(BackupRequest(action="restore", folder=tmp_path / "out"), filled)
    (tmp_path / "empty").mkdir()
    with restored(filled, tmp_path / "out", tmp_path / "empty") as again:
        assert again.get(Store).counts() == filled.get(Store).counts()


def test_without_its_secret_a_backup_needs_that_very_secret(filled: Context, tmp_path: Path) -> None:
    make(filled, tmp_path / "out", secrets=False)
    secret = filled.settings.home / "secret"
    found = [
        path for path in (tmp_path / "out").rglob("*") if path.is_file() and secret.read_bytes() in path.read_bytes()
    ]
    assert found == []
    (tmp_path / "other").write_text("00" * 32)
    for wrong in (None, tmp_path / "other"):
        with pytest.raises(BackupError):
            restored(filled, tmp_path / "out", tmp_path / "new", secret=wrong)
    with restored(filled, tmp_path / "out", tmp_path / "new", secret=secret) as again:
        assert (again.settings.home / "secret").read_bytes() == secret.read_bytes()


def test_a_lost_film_is_told_and_the_rest_is_kept(filled: Context, tmp_path: Path) -> None:
    files = FileStore(filled.settings.home / "files")
    lost = next(files.names())
    files.path(lost).write_bytes(b"damaged")
    done = make(filled, tmp_path / "out")
    assert done.missing == (f"files/{lost[:2]}/{lost[2:]}",)
    with restored(filled, tmp_path / "out", tmp_path / "new") as again:
        assert again.get(Store).counts() == filled.get(Store).counts()


@pytest.mark.parametrize("path", ["archive.db", "hospital/ledger.db"])
def test_a_newer_schema_is_refused(filled: Context, enter, tmp_path: Path, path: str) -> None:
    enter("1.2.3")
    filled.close()
    with sqlite3.connect(filled.settings.home / path) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    with pytest.raises(ArchiveError):  # the program itself does not start on it
        filled.get(Store) if path == "archive.db" else filled.get(Ledger)
    with Context(filled.settings) as fresh:
        from prosvet.hospital.operations.making import make_backup

        make_backup(fresh, tmp_path / "out", secrets=True, keep=1)
    with pytest.raises(BackupError) as refused:
        restored(filled, tmp_path / "out", tmp_path / "new")
    assert refused.value.details["reason"] == "newer"
    assert "newer version" in refused.value.message("en")
    assert not (tmp_path / "new").exists()


def test_an_older_schema_is_taken_forward(own_home: Path, context: Context, tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from prosvet.archive import database
    from prosvet.archive.sqlite import sqlite_engine

    own_home.mkdir(parents=True)
    engine = sqlite_engine(own_home / "archive.db", (), 5.0)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    engine.dispose()
    with sqlite3.connect(own_home / "archive.db") as db:
        db.execute("INSERT INTO patients (id) VALUES ('P1')")
    db.close()
    from prosvet.hospital.operations.making import make_backup

    assert make_backup(context, tmp_path / "out", secrets=True, keep=1).manifest.schemas == {"archive.db": "0004"}
    with restored(context, tmp_path / "out", tmp_path / "new") as again:
        with again.get(Store).read() as db:
            assert db.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD
        assert again.get(Store).counts().patients == 1


def test_what_was_erased_since_stays_erased(filled: Context, tmp_path: Path) -> None:
    make(filled, tmp_path / "out")
    gone = studies(StudiesRequest(), filled).studies[0].id
    left = filled.get(Store).counts().studies - 1
    studies(StudiesRequest(action="erase", study=gone), filled)
    new = Context(load_settings({}, home=tmp_path / "new", threads=1))
    log = filled.settings.home / "audit.jsonl"
    result = run(BackupRequest(action="restore", folder=tmp_path / "out", audit=log), new)
    with new:
        assert result.erased_again == 1
        assert new.get(Store).counts().studies == left
        assert not [one for one in FileStore(tmp_path / "new" / "files").names() if left == 0]


@pytest.mark.parametrize("action", ["make", "restore"])
def test_a_full_disk_leaves_what_was(
    filled: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    first = make(filled, tmp_path / "out")
    AuditLog.from_context(filled).write("show", study="S1")
    real, calls = os.fsync, [0]

    def full(handle: int) -> None:
        calls[0] += 1
        if calls[0] > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr("prosvet.archive.files.os.fsync", full)
    with pytest.raises(DiskFull):
        if action == "make":
            make(filled, tmp_path / "out")
        else:
            restored(filled, tmp_path / "out", tmp_path / "new")
    monkeypatch.undo()
    assert not (tmp_path / "new").exists()
    assert [one for one in tmp_path.rglob("*.restoring")] == []
    checked = run(BackupRequest(action="check", folder=tmp_path / "out"), filled)
    assert checked.fingerprint == first.fingerprint


def test_too_small_a_disk_is_told_before_anything(
    filled: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    from collections import namedtuple

    make(filled, tmp_path / "out")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "total used free")(1000, 900, 100))
    with pytest.raises(DiskFull):
        restored(filled, tmp_path / "out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_of_something_else_is_not_touched(filled: Context, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(BackupError):
        make(filled, tmp_path / "mine")
    with pytest.raises(BackupError):
        make(filled, filled.settings.home / "backup")
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


_KILLED = """
import sys
from pathlib import Path
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.operations.backup_api import BackupRequest, run
print("begun", flush=True)
with Context(load_settings({}, home=sys.argv[1], threads=1)) as context:
    run(BackupRequest(action=sys.argv[2], folder=Path(sys.argv[3])), context)
"""


@pytest.mark.parametrize("action", ["make", "restore"])
def test_a_kill_in_the_middle_leaves_a_whole_backup_and_no_half_home(
    context: Context, enter, tmp_path: Path, action: str
) -> None:
    context.get(Store)
    enter("1.2.1")
    _more_objects(context, 400)
    first = make(context, tmp_path / "out")
    home = context.settings.home if action == "make" else tmp_path / "new"
    for number, wait in enumerate((0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)):
        if action == "make":  # something to copy each time
            _more_objects(context, 400, f"{number} ")
        _killed(action, home, tmp_path / "out", wait)
        checked = run(BackupRequest(action="check", folder=tmp_path / "out"), context)
        assert checked.files >= first.files
        if (tmp_path / "new").exists():  # it was quicker than the kill: then all of it is there
            break
    if action == "make":
        assert make(context, tmp_path / "out").missing == ()
        return
    if not (tmp_path / "new").exists():
        restored(context, tmp_path / "out", tmp_path / "new").close()
    kept = Ledger(tmp_path / "new" / "hospital")
    with kept.read() as db:
        names = db.execute(select(Received.sha256)).scalars().all()
    assert len(names) == 401
    assert all(sha256(kept.files.read(name)) == name for name in names)
    kept.close()


def _more_objects(context: Context, count: int, what: str = "") -> None:
    ledger = context.get(Ledger)
    files = FileStore(ledger.folder / "objects")
    rows = []
    for number in range(count):
        data = f"{what}{number}".encode() * 2000
        name = sha256(data)
        files.path(name).parent.mkdir(parents=True, exist_ok=True)
        files.path(name).write_bytes(data)
        rows.append({
            "sop_uid": f"1.2.1.7{what.strip()}.{number}", "study_uid": "1.2.1", "series_uid": "1.2.1.0",
            "sop_class": "1.2", "transfer_syntax": "1.2", "modality": "CR", "sha256": name,
            "bytes": len(data), "sender": "A",
            "at": datetime(2026, 1, 1), "state": "read",
        })  # fmt: skip
    with ledger.write() as db:
        db.execute(insert(Received), rows)


def _killed(action: str, home: Path, out: Path, wait: float) -> None:
    """Begin in a process of its own, and kill that after `wait` seconds of work."""
    command = [sys.executable, "-c", _KILLED, str(home), action, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
