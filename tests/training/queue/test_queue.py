"""A queue from filling to marks: reasons, blindness, versions, the estimate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert, select

from prosvet.archive.blind import blind_studies
from prosvet.archive.schema_marks import MarkCase
from prosvet.archive.schema_monitor import Alarm, AlarmStudy, MonitorCheck, MonitorReference
from prosvet.archive.schema_screen import ScreenAudit, ScreenDecision
from prosvet.archive.schema_work import Protocol, RetrospectiveRow, RetrospectiveRun
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import BlindReading, Forbidden, MarkError, NotFound, UnknownName
from prosvet.models.examine import Examiner
from prosvet.training.queue.api import MarksRequest, MarksResult, run
from prosvet.training.queue.candidates import gather
from prosvet.training.queue.desk import CaseView
from prosvet.training.queue.marks import marked
from prosvet.training.queue.shapes import MarkFinding

NODULE = MarkFinding(concept="nodule", status="present", side="left", boxes=((10, 20, 30.06, 40),))


def ask(context: Context, reader: str = "petrova", role: str = "senior", **values: Any) -> MarksResult:
    return run(MarksRequest(**values), context.child(actor=Actor(reader, role)))  # type: ignore[arg-type]


def case_of(result: MarksResult) -> CaseView:
    assert result.case is not None
    return result.case


def filled(context: Context, **values: Any) -> dict[bool, list[int]]:
    """Cases of a new queue, by whether chance drew them."""
    ask(context, action="queue", **values)
    with context.get(Store).read() as db:
        rows = db.execute(select(MarkCase.id, MarkCase.kind).order_by(MarkCase.place)).all()
    return {chance: [row.id for row in rows if (row.kind == "random") is chance] for chance in (True, False)}


def test_each_source_gives_its_reason(context: Context, archive: list[int]) -> None:
    ref, at = context.get(Examiner).ref, now()
    model = f"{ref.name}@{ref.revision}"
    with context.get(Store).note() as db:
        decision = {"site": "local", "at": at, "by": "x", "model": model, "proof": {}, "threshold": 0.3, "score": 0.2,
                    "films": 1}  # fmt: skip
        db.execute(insert(ScreenDecision).values(id=1, study_id="S001", outcome="normal", **decision))
        db.execute(
            insert(ScreenDecision).values(id=2, study_id="S002", outcome="abstain", reason="distance", **decision)
        )
        db.execute(insert(ScreenDecision).values(id=3, study_id="S003", outcome="abstain", reason="line_stopped",
                                                 **decision))  # fmt: skip
        db.execute(insert(ScreenAudit).values(decision_id=1, study_id="S001", drawn=at, verdict="critical", judged=at))
        db.execute(insert(MonitorReference).values(id=1, site="local", name="r", created=at, created_by="x",
                                                   model=model, studies=1, last=1, sha256="", rules={}, statistics={},
                                                   seed=0))  # fmt: skip
        db.execute(insert(MonitorCheck).values(id=1, site="local", reference_id=1, at=at, by="x", last=1, fresh=1,
                                               spent=0.0, seconds=0.0, outcomes=[]))  # fmt: skip
        db.execute(insert(Alarm).values(
            id=1, site="local", reference_id=1, check_id=1, at=at, stream="s", variable="v", cause="tags", test="t",
            p=0.0, q=0.0, effect=1.0, measure="m", window=1, since=at, before={}, after={}, stopped=False,
        ))  # fmt: skip
        for kind, study in (("odd", "S004"), ("typical", "S005")):
            db.execute(insert(AlarmStudy).values(alarm_id=1, study_id=study, kind=kind, place=0, influence=1.0))
        db.execute(insert(RetrospectiveRun).values(id=1, model=model, point="p", filters={}, state="done", wanted=1,
                                                   started=at, started_by="x"))  # fmt: skip
        worst = {"concept": "mass", "kind": "denied", "probability": 0.9, "score": 0.8, "source": "report"}
        db.execute(insert(RetrospectiveRow).values(run_id=1, study_id="S006", rank=0.8, concept="mass", kind="denied",
                                                   findings={"disagreements": [worst]}))  # fmt: skip
        db.execute(insert(Protocol).values(
            study_id="S119", number=1, kind="report", state="signed", author="x", language="en", content={}, created=at,
            text="The lungs are clear. Normal chest.", signed=at,
        ))  # fmt: skip
    pool = gather(context)
    said = {pool.studies[n]: {why.kind: why for why in reasons} for n, reasons in pool.why.items()}
    assert (said["S001"]["miss"].detail, said["S001"]["miss"].strength) == ("critical", 1.0)
    assert said["S002"]["abstention"].detail == "distance"
    assert "abstention" not in said.get("S003", {})  # the line's own state says nothing of the study
    assert said["S004"]["odd"].detail == "tags" and "odd" not in said.get("S005", {})
    assert (said["S006"]["disagreement"].concept, said["S006"]["disagreement"].strength) == ("mass", 0.8)
    assert said["S119"]["disagreement"].detail == "denied_all"
    threshold = context.get(Examiner).card.operating_points[ref.operating_point]["abnormal"]
    nearest = max((why["uncertain"].strength, study) for study, why in said.items() if "uncertain" in why)[1]
    assert abs((int(nearest[1:]) + 0.5) / 120 - threshold.threshold) < 0.01
    assert sum("far" in why for why in said.values()) == 3


def test_a_proved_miss_comes_first_and_is_read_blind(context: Context, archive: list[int]) -> None:
    with context.get(Store).note() as db:
        db.execute(insert(ScreenDecision).values(
            id=1, study_id="S001", outcome="normal", site="local", at=now(), by="x", model="m", proof={}, films=1,
            score=0.1, threshold=0.3,
        ))  # fmt: skip
        db.execute(insert(ScreenAudit).values(decision_id=1, study_id="S001", drawn=now(), verdict="abnormal"))
    first = filled(context, n=5, random_share=0)[False][0]
    shown = case_of(ask(context, action="show", case=first))
    assert (shown.study, shown.blind, shown.why, shown.answer) == ("S001", True, (), {})


def test_the_same_seed_draws_the_same_queue_and_nothing_is_drawn_twice(context: Context, archive: list[int]) -> None:
    ask(context, action="queue", n=30, seed=5)
    found = ask(context, action="queue", n=200, seed=5).queue
    assert found is not None
    assert (found.draws[0].eligible, found.draws[1].drawn, found.draws[1].random) == (90, 30, 6)
    with context.get(Store).read() as db:
        films = list(db.execute(select(MarkCase.image_id)).scalars())
    assert len(films) == len(set(films))


def test_an_empty_archive_has_nothing_to_mark(context: Context) -> None:
    with pytest.raises(MarkError) as caught:
        ask(context, action="queue")
    assert caught.value.details["reason"] == "no_films"


def test_a_blind_case_opens_with_its_mark(context: Context, archive: list[int]) -> None:
    case = filled(context, n=10, random_share=1)[True][0]
    before = case_of(ask(context, action="show", case=case))
    assert before.blind and not before.begun
    with pytest.raises(MarkError):
        ask(context, action="save", case=case, findings=(NODULE,))  # not begun: nobody knows whether it was blind
    ask(context, action="next", case=case)
    with context.get(Store).read() as db:
        assert blind_studies(db, Actor("petrova", "senior")) == {before.study}
        assert blind_studies(db, Actor("ivanov", "senior")) == set()
    after = ask(context, action="save", case=case, findings=(NODULE,))
    shown = case_of(after)
    assert not shown.blind and shown.why[0].kind == "random" and shown.mine is not None and shown.mine.blind
    with context.get(Store).read() as db:
        assert blind_studies(db, Actor("petrova", "senior")) == set()
    edited = case_of(ask(context, action="save", case=case, findings=(NODULE,), comment="seen again"))
    assert edited.mine is not None
    assert (edited.mine.version, edited.mine.blind, len(edited.history)) == (2, False, 1)


def test_whoever_has_seen_the_answer_is_not_blind(context: Context, archive: list[int]) -> None:
    case = filled(context, n=1, random_share=1)[True][0]
    study = case_of(ask(context, action="show", case=case)).study
    with context.get(Store).note() as db:
        db.execute(insert(Protocol).values(
            study_id=study, number=1, kind="report", state="draft", author="petrova", language="en", content={},
            created=now(), text="",
        ))  # fmt: skip
    assert not case_of(ask(context, action="next", case=case)).blind
    saved = case_of(ask(context, action="save", case=case, findings=(NODULE,)))
    assert saved.mine is not None and not saved.mine.blind


def test_readers_do_not_touch_each_other(context: Context, archive: list[int]) -> None:
    case = filled(context, n=1, random_share=0)[False][0]
    clear = MarkFinding(concept="nodule", status="absent")
    for reader, finding in (("petrova", NODULE), ("ivanov", clear), ("petrova", NODULE)):
        ask(context, reader, "reader", action="next", case=case)
        ask(context, reader, "reader", action="save", case=case, findings=(finding,))
    found = list(marked(context))
    assert [(one.by, one.findings["nodule"], one.version) for one in found] == [
        ("ivanov", "absent", 1), ("petrova", "present", 1),
    ]  # fmt: skip
    assert found[1].boxes == {"nodule": ((10.0, 20.0, 30.0, 40.0),)} and found[1].sides == {"nodule": "left"}
    stranger = ask(context, "sidorov", "reader", action="history", image=found[0].image)
    assert stranger.films[0].marks == ()
    with pytest.raises(Forbidden):
        ask(context, "sidorov", "researcher", action="list")
    with pytest.raises(Forbidden):
        ask(context, "ivanov", "reader", action="queue")


@pytest.mark.parametrize(
    ("findings", "error"),
    [
        ((), MarkError),
        ((MarkFinding(concept="nodule", status="present", boxes=((0, 0, 301, 10),)),), MarkError),
        ((MarkFinding(concept="normal", status="present"), NODULE), MarkError),
        ((MarkFinding(concept="dragon", status="present"),), UnknownName),
    ],
)
def test_what_cannot_be_said_is_not_kept(
    context: Context, archive: list[int], findings: tuple[MarkFinding, ...], error: type[Exception]
) -> None:
    case = filled(context, n=1, random_share=0)[False][0]
    ask(context, action="next", case=case)
    with pytest.raises(error):
        ask(context, action="save", case=case, findings=findings)
    assert list(marked(context)) == []


def test_a_case_is_skipped_with_a_reason_and_may_be_taken_up_again(context: Context, archive: list[int]) -> None:
    filled(context, n=2, random_share=0)
    case = case_of(ask(context, action="next")).case
    with pytest.raises(MarkError):
        ask(context, action="skip", case=case, reason=" ")
    shown = case_of(ask(context, action="skip", case=case, reason="cut at the bases"))
    assert shown.skipped == "cut at the bases"
    assert case_of(ask(context, action="next")).case != case
    found = ask(context, action="list", state="skipped").queue
    assert found is not None and [row.case for row in found.rows] == [case]
    ask(context, action="save", case=case, findings=(NODULE,))
    found = ask(context, action="list", state="marked").queue
    assert found is not None and found.progress.marked == 1 and found.progress.skipped == 0


def test_two_readers_are_not_given_the_same_case(context: Context, archive: list[int]) -> None:
    filled(context, n=2, random_share=0)
    mine, theirs = (case_of(ask(context, who, "reader", action="next")).case for who in ("petrova", "ivanov"))
    assert mine != theirs
    assert case_of(ask(context, "petrova", "reader", action="next")).case == mine
    assert ask(context, "orlova", "reader", action="next").case is None
    with pytest.raises(NotFound):
        ask(context, action="show", case=999)


def test_the_list_tells_no_reason_of_a_blind_case(context: Context, archive: list[int]) -> None:
    cases = filled(context, n=20, random_share=0.5)
    found = ask(context, action="list", limit=100).queue
    assert found is not None
    assert {row.case for row in found.rows if row.blind and not row.why} == set(cases[True])
    assert all(row.why for row in found.rows if not row.blind)
    blind = ask(context, action="list", kind="blind").queue
    assert blind is not None and blind.total == 10 and found.progress.by_kind["blind"] == (0, 10)


def test_the_estimate_counts_films_of_chance_that_were_marked_blind(context: Context, archive: list[int]) -> None:
    cases = filled(context, n=60, random_share=0.5)
    truth = {}
    for case in [*cases[True], *cases[False][:5]]:
        shown = case_of(ask(context, action="next", case=case))
        truth[case] = int(shown.study[1:]) >= 20
        finding = NODULE if truth[case] else MarkFinding(concept="normal", status="present")
        ask(context, action="save", case=case, findings=(finding,))
    errors = ask(context, action="list").errors
    assert errors is not None
    low = context.get(Examiner).card.operating_points["sensitive"]["abnormal"].threshold
    scores = {
        case: (int(case_of(ask(context, action="show", case=case)).study[1:]) + 0.5) / 120 for case in cases[True]
    }
    missed = sum(truth[case] and score < low for case, score in scores.items())
    assert errors.missed.k == missed and errors.wrong.n + errors.undecided == 30
    assert errors.wrong.low is not None and errors.wrong.value is not None and errors.wrong.low <= errors.wrong.value


def test_nothing_of_the_study_is_shown_while_it_is_read_blind(context: Context, archive: list[int]) -> None:
    from prosvet.archive.blind import ensure_open

    case = filled(context, n=1, random_share=1)[True][0]
    study = case_of(ask(context, action="next", case=case)).study
    with pytest.raises(BlindReading):
        ensure_open(context.get(Store), study, Actor("petrova", "senior"))
    tasks = ask(context, "orlova", action="export", format="label-studio", which="waiting").file
    assert tasks is not None and json.loads(tasks.text) == []  # it is with a reader
