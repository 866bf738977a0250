"""A double reading from sending to resolution: who may do what, and what nobody sees before signing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DatabaseError

from prosvet.archive.schema_work import Opinion, Protocol, WorkItem
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.audit import verify
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import (
    ArchiveError,
    BlindReading,
    DoubleReadingError,
    Forbidden,
    InvalidRequest,
    NotFound,
    UnknownName,
)
from prosvet.reading.double.api import DoubleReadingRequest, run
from prosvet.reading.double.views import ReadingView

from ..conftest import AddStudy, As

SCORES = {"pneumothorax": 0.92, "edema": 0.001, "mass": 0.05, "hernia": 0.4}


def act(context: Context, action: str, study: str | None = "S1", **fields: Any) -> ReadingView:
    request = DoubleReadingRequest.model_validate({"action": action, "study": study, **fields})
    answer = run(request, context).reading
    assert answer is not None
    return answer


def send(context: Context, *chosen: str, second: str = "person", **draw: Any) -> tuple[str, ...]:
    body = {"action": "send", "second": second, "studies": chosen, "draw": draw or None}
    sent = run(DoubleReadingRequest.model_validate(body), context).sent
    assert sent is not None
    return sent.studies


def read(context: Context, study: str = "S1", **findings: str) -> ReadingView:
    act(context, "begin", study)
    act(context, "save", study, findings={concept: {"status": status} for concept, status in findings.items()})
    return act(context, "sign", study)


def status(context: Context, study: str = "S1") -> str:
    with context.get(Store).read() as db:
        return db.execute(select(WorkItem.status).where(WorkItem.study_id == study)).scalar_one()


def test_two_agree_and_the_reading_is_done(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1")
    assert status(as_("petrova")) == "second_reading"
    assert read(as_("petrova"), edema="absent", pneumothorax="present").state == "waiting"
    done = read(as_("ivanov"), edema="absent", pneumothorax="present")
    assert (done.state, done.differences) == ("done", ())
    assert [opinion.reader for opinion in done.opinions] == ["petrova", "ivanov"]
    assert status(as_("petrova")) == "read"  # nobody signed its protocol


def test_until_both_have_signed_nobody_is_told_the_others_opinion(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1")
    read(as_("petrova"), pneumothorax="present", edema="uncertain")
    begun = act(as_("ivanov"), "begin")
    seen = json.dumps(begun.model_dump(mode="json"))
    assert begun.opinions == () and begun.compared == ()
    assert "present" not in seen and "uncertain" not in seen and "0.92" not in seen
    assert act(as_("orlova", "senior"), "show").opinions == ()
    assert act(as_("petrova"), "show").opinions == ()


def test_the_programs_opinion_is_fixed_when_sent_and_hidden_until_signed(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1", second="program")
    view = act(as_("petrova"), "begin")
    assert "0.92" not in view.model_dump_json() and "model:" not in view.model_dump_json()
    done = read(as_("petrova"), pneumothorax="absent", edema="absent", mass="present")
    program = done.opinions[1]
    assert program.reader.startswith("model:compact@") and program.point == "balanced"
    assert program.findings["pneumothorax"].status == "present"
    assert program.findings["pneumothorax"].probability == 0.92
    # Without a threshold, or between the two, the program says nothing; and that is no difference.
    assert program.findings["hernia"].status == program.findings["fracture"].status == "not_assessed"
    assert [one.concept for one in done.differences] == ["pneumothorax"]
    assert (done.state, status(as_("petrova"))) == ("disagreement", "disagreement")


def test_a_film_that_the_current_model_has_not_scored_gets_no_opinion_of_the_program(
    add_study: AddStudy, as_: As
) -> None:
    add_study("S1", SCORES, revision="2020.1")
    with pytest.raises(DoubleReadingError, match="not scored"):
        send(as_("petrova"), "S1", second="program")
    assert send(as_("petrova"), "S1") == ("S1",)


def test_who_reads_blind_cannot_see_the_study_elsewhere(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES, report="Пневмоторакс справа.", claims={"pneumothorax": "present"})
    send(as_("petrova"), "S1")
    asked = StudiesRequest(action="show", study="S1")
    assert studies(asked, as_("petrova")).studies[0].findings
    act(as_("petrova"), "begin")
    with pytest.raises(BlindReading):
        studies(asked, as_("petrova"))
    assert studies(asked, as_("ivanov")).studies[0].findings
    read(as_("petrova"), edema="absent")
    assert studies(asked, as_("petrova")).studies[0].findings


def test_a_third_resolves_every_difference_and_nothing_else(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1")
    read(as_("petrova"), pneumothorax="present", edema="absent", fibrosis="present")
    read(as_("orlova", "senior"), pneumothorax="absent", edema="absent", fibrosis="absent")
    decisions = {
        "pneumothorax": {"status": "present", "side": "left", "comment": "Линия плевры у верхушки."},
        "fibrosis": {"status": "absent", "comment": "Проекция сосудов."},
    }
    with pytest.raises(Forbidden):
        act(as_("ivanov"), "resolve", decisions=decisions)
    with pytest.raises(DoubleReadingError, match="one of its two"):
        act(as_("orlova", "senior"), "resolve", decisions=decisions)
    chief = as_("chief", "senior")
    with pytest.raises(DoubleReadingError, match="every difference"):
        act(chief, "resolve", decisions={"fibrosis": decisions["fibrosis"]})
    with pytest.raises(DoubleReadingError, match="every difference"):
        act(chief, "resolve", decisions=decisions | {"edema": decisions["fibrosis"]})
    done = act(chief, "resolve", decisions=decisions)
    assert done.state == "done" and done.resolution is not None
    assert done.resolution.findings["pneumothorax"].side == "left"
    assert done.resolution.findings["edema"].status == "absent"
    with pytest.raises(DoubleReadingError, match="no disagreement"):
        act(as_("another", "senior"), "resolve", decisions=decisions)


def test_nobody_reads_one_study_twice(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1")
    read(as_("petrova"), edema="absent")
    act(as_("petrova"), "begin")  # is already one of the two: nothing happens
    with pytest.raises(DoubleReadingError, match="signed"):
        act(as_("petrova"), "sign")
    act(as_("ivanov"), "begin")
    with pytest.raises(DoubleReadingError, match="taken"):
        act(as_("sidorov"), "begin")
    with pytest.raises(DoubleReadingError, match="not begun"):
        act(as_("sidorov"), "save", findings={})


def test_who_wrote_the_report_cannot_read_blind(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    context = as_("petrova")
    with context.get(Store).note() as db:
        body = {"kind": "report", "state": "draft", "author": "petrova", "language": "ru", "text": "", "content": {}}
        db.execute(insert(Protocol).values(study_id="S1", number=1, created=now(), **body))
    send(context, "S1")
    with pytest.raises(DoubleReadingError, match="wrote its report"):
        act(context, "begin")
    assert act(as_("ivanov"), "begin").step == "read"


def test_a_signed_opinion_is_closed_in_the_database_too(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1")
    read(as_("petrova"), edema="absent")
    with pytest.raises((ArchiveError, DatabaseError), match="never changed"), as_("x").get(Store).note() as db:
        db.execute(update(Opinion).values(comment="later"))


def test_a_draft_is_found_again_and_an_empty_opinion_is_not_signed(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1")
    act(as_("petrova"), "begin")
    with pytest.raises(DoubleReadingError, match="not one finding"):
        act(as_("petrova"), "sign")
    act(as_("petrova"), "save", findings={"edema": {"status": "absent"}}, comment="сначала рёбра")
    view = act(as_("petrova"), "show")
    assert view.step == "read" and view.mine is not None
    assert (view.mine.findings["edema"].status, view.mine.comment) == ("absent", "сначала рёбра")
    with pytest.raises(UnknownName):
        act(as_("petrova"), "save", findings={"unicorn": {"status": "present"}})


def test_a_draw_repeats_with_its_seed_and_takes_no_study_twice(add_study: AddStudy, as_: As) -> None:
    for k in range(12):
        add_study(f"S{k:02d}", SCORES)
    add_study("S-text")  # no film: nothing to read
    first = send(as_("petrova"), n=4, seed=7)
    assert len(first) == 4 and "S-text" not in first
    rest = send(as_("petrova"), share=1.0, seed=7)
    assert len(rest) == 8 and not set(first) & set(rest)
    with pytest.raises(DoubleReadingError, match="already"):
        send(as_("petrova"), first[0])
    with pytest.raises(InvalidRequest):
        send(as_("petrova"), n=2, share=0.5)
    with pytest.raises(InvalidRequest):
        send(as_("petrova"))


def test_another_persons_study_is_not_there(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES, owner="petrova")
    with pytest.raises(NotFound):
        send(as_("ivanov"), "S1")
    send(as_("petrova"), "S1")
    with pytest.raises(NotFound):
        act(as_("ivanov"), "show")
    with pytest.raises(Forbidden):
        act(as_("student", "researcher"), "show")


def test_queues_say_whose_turn_it_is(add_study: AddStudy, as_: As) -> None:
    for study in ("S1", "S2", "S3"):
        add_study(study, SCORES)
    send(as_("petrova"), "S1", "S2", "S3")
    read(as_("petrova"), "S1", edema="absent")
    read(as_("petrova"), "S2", edema="absent")
    read(as_("ivanov"), "S2", edema="present")

    def counts(context: Context) -> dict[str, int]:
        found = run(DoubleReadingRequest(action="list", queue="disagreements"), context).queues
        assert found is not None and found.rows[0].differences == ("edema",)
        return {**found.counts, "resolve": sum(row.may_resolve for row in found.rows)}

    assert counts(as_("petrova")) == {"mine": 1, "others": 1, "disagreements": 1, "finished": 0, "resolve": 0}
    assert counts(as_("ivanov")) == {"mine": 2, "others": 0, "disagreements": 1, "finished": 0, "resolve": 0}
    assert counts(as_("chief", "senior"))["resolve"] == 1


def test_every_step_is_in_the_audit_log_under_its_readers_name(add_study: AddStudy, as_: As) -> None:
    add_study("S1", SCORES)
    send(as_("petrova"), "S1")
    read(as_("petrova"), edema="absent")
    path = as_("x").settings.home / "audit.jsonl"
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    steps = [event["event"] for event in events if event["by"] == "petrova" and event["event"] != "double_show"]
    assert steps == ["double_send", "double_begin", "double_save", "double_sign"]
    assert verify(path) is None
