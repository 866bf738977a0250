"""The line: who may open it, what a stop binds, and that a stopped one releases nothing, whoever asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Image
from prosvet.archive.schema_screen import ScreenDecision
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.worklist import take
from prosvet.core.audit import verify
from prosvet.core.context import Actor, Context
from prosvet.core.errors import ArchiveError, Forbidden, LineStopped, NotFound, ScreeningError
from prosvet.core.settings import load_settings
from prosvet.screening.archived import ArchivedStudy
from prosvet.screening.archived import studies as archived
from prosvet.screening.audit_api import AuditRequest
from prosvet.screening.audit_api import run as audit
from prosvet.screening.calibrations import Calibration
from prosvet.screening.decide import Decision
from prosvet.screening.line import NEVER, ensure_open, events, line, open_line, stop
from prosvet.screening.releases import record

NORMAL = Decision("normal", None, 0.1, 0.2)
Calibrated = Callable[..., Calibration]


def released(context: Context) -> int:
    with context.get(Store).read() as db:
        normal = ScreenDecision.outcome == "normal"
        return db.execute(select(func.count()).select_from(ScreenDecision).where(normal)).scalar_one()


def test_a_line_that_nobody_opened_is_stopped(context: Context, calibrated: Calibrated) -> None:
    calibrated()
    assert (line(context).state, line(context).reason) == ("stopped", NEVER)
    with context.get(Store).note() as db, pytest.raises(LineStopped):
        ensure_open(db, "local")


def test_only_a_senior_with_a_name_and_a_note_opens_it(context: Context, calibrated: Calibrated) -> None:
    chosen = calibrated()
    with pytest.raises(Forbidden):
        open_line(context.child(actor=Actor("ivanov", "reader")), "local", "ivanov", "looked")
    for by, note in (("", "looked"), ("local", "looked"), ("petrova", "  ")):
        with pytest.raises(ScreeningError):
            open_line(context, "local", by, note)
    with pytest.raises(NotFound):
        open_line(context, "local", "petrova", "looked", calibration=99)
    assert line(context).state == "stopped"
    signed_in = context.child(actor=Actor("orlova", "senior"))
    found = open_line(signed_in, "local", "somebody else", "looked")
    assert (found.state, found.by, found.calibration) == ("open", "orlova", chosen.id)


def test_without_a_calibration_it_stays_stopped(context: Context) -> None:
    with pytest.raises(ScreeningError):
        open_line(context, "local", "petrova", "looked")


def test_stops_and_openings_are_kept_and_audited(context: Context, calibrated: Calibrated) -> None:
    first, second = calibrated(threshold=0.3), calibrated(threshold=0.2)
    assert open_line(context, "local", "petrova", "new", audit_share=0.5).calibration == second.id
    assert stop(context, "local", "drift", "monitor").reason == "drift"
    assert stop(context, "local", "by_hand", "ivanov").reason == "drift"  # it stands for the reason it stopped for
    back = open_line(context, "local", "petrova", "back", calibration=first.id)
    assert (back.calibration, back.audit_share) == (first.id, 0.5)
    assert [(one.event, one.by) for one in events(context, "local")] == [
        ("open", "petrova"), ("stop", "ivanov"), ("stop", "monitor"), ("open", "petrova"),
    ]  # fmt: skip
    log = context.settings.home / "audit.jsonl"
    assert verify(log) is None
    assert log.read_text().count('"screen_open"') == 2 and log.read_text().count('"screen_stop"') == 2


def test_a_release_needs_the_line_open_on_its_own_calibration(
    context: Context, calibrated: Calibrated, studies: list[str]
) -> None:
    old, new = calibrated(), calibrated()
    open_line(context, "local", "petrova", "looked")
    kept = record(context, "local", ArchivedStudy(studies[0], 50.0, ()), old, NORMAL, (), old.model)
    assert kept is not None and (kept.outcome, kept.reason) == ("abstain", "line_stopped")
    kept = record(context, "local", ArchivedStudy(studies[0], 50.0, ()), new, NORMAL, (), new.model)
    assert kept is not None and kept.outcome == "normal"
    assert (
        record(context, "local", ArchivedStudy(studies[0], 50.0, ()), new, NORMAL, (), new.model) is None
    )  # once is enough
    stop(context, "local", "by_hand", "ivanov")
    kept = record(context, "local", ArchivedStudy(studies[1], 50.0, ()), new, NORMAL, (), new.model)
    assert kept is not None and kept.reason == "line_stopped"
    assert released(context) == 1


def test_what_was_released_cannot_be_rewritten(context: Context, calibrated: Calibrated, studies: list[str]) -> None:
    chosen = calibrated()
    open_line(context, "local", "petrova", "looked")
    record(context, "local", ArchivedStudy(studies[0], 50.0, ()), chosen, NORMAL, (), chosen.model)
    with pytest.raises((ArchiveError, SQLAlchemyError)), context.get(Store).note() as db:
        db.execute(update(ScreenDecision).values(score=0.0))
    assert json.loads((context.settings.home / "audit.jsonl").read_text().splitlines()[-1])["event"] == "screen_normal"


RELEASE = """
import sys
from pathlib import Path
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.screening.archived import ArchivedStudy
from prosvet.screening.calibrations import calibration
from prosvet.screening.decide import Decision
from prosvet.screening.releases import record
with Context(load_settings({}, home=Path(sys.argv[1]))) as context:
    chosen = calibration(context, int(sys.argv[2]))
    study = ArchivedStudy(sys.argv[3], 50.0, ())
    kept = record(context, "local", study, chosen, Decision("normal", None, 0.1, 0.2), (), chosen.model)
    print(kept.outcome, kept.reason)
"""


def test_a_stopped_line_binds_another_process_and_outlives_a_restart(
    context: Context, calibrated: Calibrated, studies: list[str]
) -> None:
    chosen = calibrated()

    def elsewhere(study: str) -> str:
        command = [sys.executable, "-c", RELEASE, str(context.settings.home), str(chosen.id), study]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=60, check=True)
        return done.stdout.strip()

    open_line(context, "local", "petrova", "looked")
    assert elsewhere(studies[0]) == "normal None"
    stop(context, "local", "by_hand", "ivanov")
    assert elsewhere(studies[1]) == "abstain line_stopped"
    home: Path = context.settings.home
    context.close()
    with Context(load_settings({}, home=home)) as again:
        assert line(again).state == "stopped"
        kept = record(again, "local", ArchivedStudy(studies[2], 50.0, ()), chosen, NORMAL, (), chosen.model)
        assert kept is not None and kept.outcome == "abstain"
        assert released(again) == 1


def test_a_released_study_that_is_erased_takes_its_release_along(
    context: Context, calibrated: Calibrated, studies: list[str]
) -> None:
    from prosvet.archive.erase import erase
    from prosvet.archive.files import FileStore
    from prosvet.core.audit import AuditLog

    chosen = calibrated()
    open_line(context, "local", "petrova", "looked", audit_share=1.0)
    record(context, "local", ArchivedStudy(studies[0], 50.0, ()), chosen, NORMAL, (), chosen.model)
    erase(context.get(Store), context.get(FileStore), AuditLog.from_context(context), [studies[0]])
    assert released(context) == 0
    assert record(context, "local", ArchivedStudy(studies[0], 50.0, ()), chosen, NORMAL, (), chosen.model) is None


def test_a_released_study_is_no_work_and_is_again_when_a_film_comes(
    context: Context, calibrated: Calibrated, studies: list[str], tmp_path: Path, pydicom_data: Path
) -> None:
    films = [tmp_path / "a.dcm", tmp_path / "b.dcm"]
    for number, film in enumerate(films):
        header = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
        header.SOPInstanceUID = f"1.2.{number}"
        header.PixelData = header.PixelData[2 * number :] + header.PixelData[: 2 * number]
        header.save_as(film)
    chosen = calibrated()
    open_line(context, "local", "petrova", "looked", audit_share=0.0)

    def released_with(film: Path) -> str | None:
        ingest(IngestRequest(paths=(film,)), context)
        with context.get(Store).read() as db:
            (study,) = archived(db, [_study_of_films(context)], chosen.model)
        assert work(context, study.id) == "new"
        kept = record(context, "local", study, chosen, NORMAL, (), chosen.model)
        assert record(context, "local", study, chosen, NORMAL, (), chosen.model) is None  # once is enough
        assert work(context, study.id) == "released"
        return kept.outcome if kept else None

    assert [released_with(film) for film in films] == ["normal", "normal"]


def test_what_somebody_reads_and_what_is_audited_stays_in_the_list(
    context: Context, calibrated: Calibrated, studies: list[str]
) -> None:
    chosen = calibrated()
    open_line(context, "local", "petrova", "looked", audit_share=1.0)
    record(context, "local", ArchivedStudy(studies[0], 50.0, ()), chosen, NORMAL, (), chosen.model)
    assert work(context, studies[0]) == "new"  # drawn for the audit: the list does not tell what was decided
    audit(AuditRequest(action="judge", study=studies[0], verdict="normal", reader="ivanov"), context)
    assert work(context, studies[0]) == "released"
    open_line(context, "local", "petrova", "looked", audit_share=0.0)
    with context.get(Store).note() as db:
        take(db, studies[1], Actor("ivanov", "reader"))
    record(context, "local", ArchivedStudy(studies[1], 50.0, ()), chosen, NORMAL, (), chosen.model)
    assert work(context, studies[1]) == "new"


def _study_of_films(context: Context) -> str:
    with context.get(Store).read() as db:
        return str(db.execute(select(Image.study_id).distinct()).scalar_one())


def work(context: Context, study: str) -> str:
    """Its status in the worklist."""
    with context.get(Store).read() as db:
        return str(db.execute(select(WorkItem.status).where(WorkItem.study_id == study)).scalar_one())
