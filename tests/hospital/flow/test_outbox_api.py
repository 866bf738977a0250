"""A person's hand on the outbox: seen without identity, sent again, dropped, in the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import update

from flow_support import Flow, post
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, NotFound
from prosvet.hospital.flow.facts import facts
from prosvet.hospital.flow.outbox_api import OutboxRequest, run
from prosvet.hospital.ledger.schema import Exam, Outgoing


def dead(flow: Flow, film: Dataset) -> int:
    """A dead letter."""
    number = post(flow, film)
    with flow.ledger.write() as connection:
        lost = {"state": "dead", "attempts": 3, "error": {"code": "status", "status": "C000"}}
        connection.execute(update(Outgoing).where(Outgoing.id == number).values(lost))
    return number


def test_an_archive_without_a_node_has_an_empty_outbox(context: Context) -> None:
    assert run(OutboxRequest(), context).facts is None
    assert facts(context) is None
    assert not (context.settings.home / "hospital").exists()


def test_a_dead_letter_is_seen_with_its_reason_and_without_a_name(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made, source = flow(), film()
    dead(made, source)
    result = run(OutboxRequest(), made.context.child(lang="en"))
    assert [row.reason for row in result.results] == ["the destination refused (C000)"]
    said = result.model_dump_json()
    assert [word for word in (source.StudyInstanceUID, source.PatientID, "Иванов") if str(word) in said] == []
    assert result.facts is not None
    assert (result.facts.dead, result.facts.exams["arriving"]) == (1, 1)


def test_a_dead_letter_is_sent_again_and_dropped_by_name(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    first, second = dead(made, film()), dead(made, film(1))
    senior = made.context.child(actor=Actor("Orlova", "senior"))
    assert run(OutboxRequest(action="resend", results=(first,)), senior).changed == 1
    assert run(OutboxRequest(action="drop", results=(second,)), senior).changed == 1
    assert [(row.id, row.state, row.attempts) for row in made.outgoing()] == [(first, "waiting", 0)]
    lines = [json.loads(line) for line in (made.context.settings.home / "audit.jsonl").read_text().splitlines()]
    assert [(line["event"], line["by"]) for line in lines] == [("outbox.resend", "Orlova"), ("outbox.drop", "Orlova")]


def test_a_result_whose_file_retention_took_is_not_sent_again(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    number = dead(made, film())
    with made.ledger.write() as connection:
        connection.execute(update(Outgoing).values(bytes=0))
    senior = made.context.child(actor=Actor("Orlova", "senior"))
    with pytest.raises(NotFound):
        run(OutboxRequest(action="resend", results=(number,)), senior)
    assert run(OutboxRequest(action="resend", all_dead=True), senior).changed == 0


def test_only_a_senior_changes_and_only_what_is_there(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made = flow()
    number = dead(made, film())
    reader = made.context.child(actor=Actor("Petrov", "reader"))
    assert run(OutboxRequest(), reader).total == 1
    for action in ("resend", "drop"):
        with pytest.raises(Forbidden):
            run(OutboxRequest(action=action, results=(number,)), reader)
        with pytest.raises(NotFound):
            run(OutboxRequest(action=action, results=(number, 999)), made.context)
        with pytest.raises(InvalidRequest):
            run(OutboxRequest(action=action), made.context)
    with pytest.raises(Forbidden):
        run(OutboxRequest(), made.context.child(actor=Actor("Sidorov", "researcher")))
    assert [row.state for row in made.outgoing()] == ["dead"]


def test_an_exam_that_was_given_up_is_worked_on_again(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made = flow()
    uid = made.receive(film(), late=60.0)
    with made.ledger.write() as connection:
        lost = {"state": "failed", "attempts": 5, "error": {"code": "worker_died"}}
        connection.execute(update(Exam).where(Exam.study_uid == uid).values(lost))
    shown = run(OutboxRequest(), made.context)
    assert shown.facts is not None
    assert (shown.facts.failed, shown.facts.overdue) == (1, 1)
    (exam,) = shown.exams
    assert exam.overdue
    run(OutboxRequest(action="again", exams=(exam.id,)), made.context)
    assert (made.exam(uid).state, made.exam(uid).attempts) == ("ready", 0)
