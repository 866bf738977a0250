"""From end to end in an archive: studies flow in, drift comes, an alarm rises, the line stops, a senior opens it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from prosvet.archive.erase import erase
from prosvet.archive.files import FileStore
from prosvet.archive.schema_monitor import AlarmStudy, Observation, ReferenceRow
from prosvet.archive.schema_screen import ScreenCalibration
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog, verify
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, LineStopped, MonitoringError, NotFound
from prosvet.core.settings import load_settings
from prosvet.monitoring.api import MonitorRequest, MonitorResult, run
from prosvet.monitoring.rules import Rules
from prosvet.screening import line

from .streams import add_studies


@pytest.fixture
def watched(context: Context) -> Iterator[Context]:
    """A site with a reference of 240 studies and an open line."""
    add_studies(context, 240, 1)
    do(context, action="reference", name="spring", studies=240)
    open_line(context)
    yield context


def do(context: Context, **values: object) -> MonitorResult:
    return run(MonitorRequest.model_validate(values), context)


def open_line(context: Context) -> None:
    with context.get(Store).note() as db:
        db.execute(
            insert(ScreenCalibration).values(
                site="local",
                version=1,
                created=now("millisecond"),
                created_by="orlova",
                model="compact@1",
                data_sha256="0",
                max_missed=0.01,
                confidence=0.95,
                threshold=0.1,
                policy={},
                report={},
            )
        )
    line.open_line(context, "local", "orlova", "calibrated")


def events(context: Context) -> list[str]:
    return [json.loads(row)["event"] for row in (context.settings.home / "audit.jsonl").read_text().splitlines()]


def test_drift_stops_the_line_and_a_senior_opens_it(watched: Context) -> None:
    add_studies(watched, 60, 2, day=1)
    calm = do(watched, action="check")
    assert calm.check is not None and calm.check.new_alarms == () and calm.line.state == "open"
    add_studies(watched, 60, 3, inverted=True, day=2)
    found = do(watched, action="check")
    assert found.check is not None and found.check.new_alarms
    gate = next(alarm for alarm in found.alarms if alarm.variable == "gate")
    assert gate.stopped and gate.cause == "gates" and gate.after["inverted"] >= 0.5
    assert gate.since.day == 3 and {one.study[:3] for one in gate.typical} == {"M3x"}
    assert found.line.state == "stopped" and found.line.by == "monitor" and found.line.reason == "drift"
    # Another process, which knows of nothing, releases nothing either.
    with (
        Context(load_settings({}, home=watched.settings.home)) as other,
        pytest.raises(LineStopped),
        other.get(Store).note() as db,
    ):
        line.ensure_open(db, "local")
    with pytest.raises(Forbidden):
        do(watched.child(actor=Actor("ivanov", "reader")), action="open", note="go on")
    for missing in ({"note": "looked at"}, {"by": "orlova"}, {"by": "monitor", "note": "looked at"}):
        with pytest.raises(MonitoringError):
            do(watched, action="open", **missing)
    opened = do(watched, action="open", by="orlova", note="the tray was turned over; mended")
    assert opened.line.state == "open" and opened.line.by == "orlova" and opened.closed == len(found.alarms)
    assert {alarm.closed_by for alarm in opened.alarms} == {"orlova"}
    said = events(watched)
    assert {"monitor_reference", "monitor_alarm", "monitor_stop", "monitor_check", "monitor_close"} <= set(said)
    assert verify(AuditLog.from_context(watched).path) is None


def test_a_known_alarm_is_not_raised_twice_and_a_closed_one_is(watched: Context) -> None:
    add_studies(watched, 60, 3, inverted=True, day=1)
    first = do(watched, action="check")
    add_studies(watched, 30, 4, inverted=True, day=2)
    second = do(watched, action="check")
    assert first.check is not None and first.check.new_alarms
    assert "gate" not in {alarm.variable for alarm in second.alarms}
    number = next(alarm.id for alarm in first.alarms if alarm.variable == "gate")
    do(watched, action="close", alarm=number, by="orlova", note="known")
    with pytest.raises(NotFound):
        do(watched, action="close", alarm=number, by="orlova", note="known")
    add_studies(watched, 30, 5, inverted=True, day=3)
    assert "gate" in {alarm.variable for alarm in do(watched, action="check").alarms}


def test_a_cause_that_is_not_named_stops_nothing(context: Context) -> None:
    add_studies(context, 240, 1)
    run(MonitorRequest(action="reference", name="r", studies=240, rules=Rules(stops=("latency",))), context)
    open_line(context)
    add_studies(context, 60, 3, inverted=True, day=1)
    found = do(context, action="check")
    assert found.alarms and not any(alarm.stopped for alarm in found.alarms)
    assert found.line.state == "open"


def test_too_few_new_studies_spend_nothing(watched: Context) -> None:
    add_studies(watched, 10, 6, day=1)
    found = do(watched, action="check")
    assert found.check is not None
    assert (found.check.state, found.check.fresh, found.check.needed, found.spent) == ("waiting", 10, 15, 0.0)


def test_a_reference_is_frozen_and_erasing_takes_a_study_out_of_it(watched: Context) -> None:
    before = do(watched).reference
    assert before is not None and (before.studies, before.erased) == (240, 0)
    with pytest.raises(MonitoringError):
        do(watched, action="reference", name="spring", studies=240)
    add_studies(watched, 60, 3, inverted=True, day=1)
    shown = do(watched, action="check").alarms[0].typical[0].study
    store, files = watched.get(Store), watched.get(FileStore)
    erase(store, files, AuditLog.from_context(watched), ["M1x0", shown])
    after = do(watched).reference
    assert after is not None and after.erased == 1 and after.sha256 == before.sha256
    with store.read() as db:
        for table in (Observation, ReferenceRow, AlarmStudy):
            assert not db.execute(select(table.study_id).where(table.study_id.in_(["M1x0", shown]))).all()


def test_somebody_elses_study_is_not_shown(watched: Context) -> None:
    add_studies(watched, 60, 3, inverted=True, day=1, owner="orlova")
    do(watched, action="check")
    theirs = do(watched.child(actor=Actor("orlova", "reader"))).alarms
    others = do(watched.child(actor=Actor("ivanov", "reader"))).alarms
    assert any(alarm.typical for alarm in theirs)
    assert not any(alarm.typical or alarm.odd for alarm in others)


def test_what_cannot_be_done_changes_nothing(context: Context, tmp_path: Path) -> None:
    add_studies(context, 30, 1)
    with pytest.raises(MonitoringError):
        do(context, action="check")
    with pytest.raises(MonitoringError):
        do(context, action="reference", name="few", studies=200)
    with pytest.raises(Forbidden):
        do(context.child(actor=Actor("ivanov", "reader")), action="reference", name="mine")
    assert do(context).reference is None and "monitor_reference" not in events_or_none(context)


def events_or_none(context: Context) -> list[str]:
    return events(context) if (context.settings.home / "audit.jsonl").exists() else []
