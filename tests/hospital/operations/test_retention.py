"""What has been kept long enough goes; what has not arrived, and what is still worked on, does not."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.hospital.config import FILE
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.operations.retention_api import RetentionRequest, RetentionResult, run

RULES = "[retention]\nobjects_days = 90\nresults_days = 365\nexams_days = 1000\n"


def kept(context: Context) -> tuple[set[str], dict[str, bool], set[str]]:
    """Exams with objects; results by state, and whether their file is there; exams."""
    ledger = context.get(Ledger)
    with ledger.read() as db:
        objects = set(db.execute(select(Received.study_uid)).scalars())
        results = {
            f"{uid} {state}": ledger.files.path(name).exists()
            for uid, state, name in db.execute(select(Outgoing.study_uid, Outgoing.state, Outgoing.sha256))
        }
        return objects, results, set(db.execute(select(Exam.study_uid)).scalars())


@pytest.fixture
def aged(context: Context, enter) -> Context:
    (context.settings.home / FILE).parent.mkdir(parents=True, exist_ok=True)
    (context.settings.home / FILE).write_text(RULES)
    enter("1.2.1", results=("confirmed",), days=10)
    enter("1.2.2", results=("confirmed", "sent"), days=100)
    enter("1.2.3", results=("confirmed", "waiting"), days=400)
    enter("1.2.4", results=("dead",), days=2000)
    enter("1.2.5", results=("confirmed",), days=400)
    enter("1.2.6", results=("confirmed",), days=2000)
    enter("1.2.7", state="working", days=2000)
    return context


def test_what_is_old_and_has_arrived_goes(aged: Context) -> None:
    said = run(RetentionRequest(dry_run=True), aged)
    before = kept(aged)
    assert said.dry_run
    assert kept(aged) == before
    done = run(RetentionRequest(), aged)
    assert done == said.model_copy(update={"dry_run": False})
    assert (done.objects, done.results, done.exams, done.held) == (3, 2, 1, 2)
    objects, results, exams = kept(aged)
    assert objects == {"1.2.1", "1.2.3", "1.2.4", "1.2.7"}
    assert results == {
        "1.2.1 confirmed": True, "1.2.2 confirmed": True, "1.2.2 sent": True, "1.2.3 confirmed": True,
        "1.2.3 waiting": True, "1.2.4 dead": True, "1.2.5 confirmed": False,
    }  # fmt: skip
    assert exams == {f"1.2.{number}" for number in (1, 2, 3, 4, 5, 7)}
    named = sum(one for one in results.values()) + len(objects)
    assert len(list(aged.get(Ledger).files.names())) == named


def test_a_second_run_finds_nothing(aged: Context) -> None:
    run(RetentionRequest(), aged)
    again = run(RetentionRequest(), aged)
    assert (again.objects, again.results, again.exams, again.bytes) == (0, 0, 0, 0)


def test_it_is_audited_by_counts_alone(aged: Context) -> None:
    run(RetentionRequest(), aged)
    line = json.loads((aged.settings.home / "audit.jsonl").read_text().splitlines()[-1])
    assert (line["event"], line["objects"], line["results"], line["exams"]) == ("retention", 3, 2, 1)
    assert "1.2." not in json.dumps({key: value for key, value in line.items() if key != "at"})


def test_for_ever_keeps_everything(aged: Context) -> None:
    (aged.settings.home / FILE).write_text("")  # objects 90 and results 365 days, exams for ever
    assert run(RetentionRequest(), aged).exams == 0
    assert kept(aged)[2] == {f"1.2.{number}" for number in range(1, 8)}


def test_a_file_that_another_exam_shares_stays(aged: Context) -> None:
    ledger = aged.get(Ledger)
    with ledger.write() as db:
        shared = db.execute(select(Received.sha256).where(Received.study_uid == "1.2.1")).scalar_one()
        db.execute(Received.__table__.update().where(Received.study_uid == "1.2.6").values(sha256=shared))
    run(RetentionRequest(), aged)
    assert ledger.files.path(shared).exists()


def test_only_an_administrator_may(aged: Context) -> None:
    with pytest.raises(Forbidden):
        run(RetentionRequest(), aged.child(actor=Actor("reader", "reader")))


def test_the_result_names_nobody(aged: Context) -> None:
    assert set(RetentionResult.model_fields) == {
        "dry_run", "objects_days", "results_days", "exams_days", "objects", "results", "exams", "bytes", "held"
    }  # fmt: skip
