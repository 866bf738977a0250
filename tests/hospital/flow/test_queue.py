"""Leases: one worker to an exam, the urgent and the overdue first, taken over after a death."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import update

from flow_support import Flow
from prosvet.core.clock import now
from prosvet.core.errors import DiskFull, ResultError
from prosvet.hospital.flow.queue import Lease, LeaseLost, Queue, mine
from prosvet.hospital.ledger.schema import Exam, Received


def ready(flow: Flow, film: Dataset, *, priority: int = 0, late: float = 0.0, sorted_: bool = True) -> str:
    """An exam that waits for work."""
    uid = flow.receive(film, late=late)
    with flow.ledger.write() as connection:
        connection.execute(update(Exam).where(Exam.study_uid == uid).values(state="ready", priority=priority))
        if sorted_:
            connection.execute(update(Received).where(Received.study_uid == uid).values(state="read"))
    return uid


def leased(queue: Queue) -> Lease:
    """The next exam, which must be there."""
    found = queue.lease("work")
    assert found is not None
    return found


def test_the_urgent_overtakes_and_the_overdue_goes_first_among_equals(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    plain, late, urgent = (
        ready(made, film()), ready(made, film(), late=60.0), ready(made, film(), priority=3)
    )  # fmt: skip
    queue = Queue(made.ledger)
    assert [leased(queue).study_uid for _ in range(3)] == [urgent, late, plain]
    assert queue.lease("work") is None


def test_what_is_not_sorted_waits_for_the_quick_pass(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made = flow()
    uid, queue = ready(made, film(), sorted_=False), Queue(made.ledger)
    assert queue.lease("work") is None
    found = queue.lease("sort")
    assert found is not None
    assert found.study_uid == uid


def test_a_lease_that_is_renewed_stays_and_one_that_is_not_is_taken_over(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    uid, queue, other = ready(made, film()), Queue(made.ledger), Queue(made.ledger)
    lease = leased(queue)
    run_out(made, uid)
    queue.renew()
    assert other.lease("work") is None
    run_out(made, uid)
    taken = leased(other)
    assert (taken.study_uid, taken.attempts) == (uid, 1)
    with made.ledger.write() as connection, pytest.raises(LeaseLost):
        mine(connection, lease)
    with pytest.raises(LeaseLost):
        queue.fail(lease, ResultError(reason="no_text"))
    assert made.exam(uid).worker == taken.name


def run_out(flow: Flow, uid: str) -> None:
    """Let the exam's lease have ended a second ago."""
    with flow.ledger.write() as connection:
        ended = update(Exam).where(Exam.study_uid == uid).values(leased=now() - timedelta(seconds=1))
        connection.execute(ended)


def test_a_new_process_frees_what_a_dead_one_had(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made = flow()
    uid = ready(made, film())
    leased(Queue(made.ledger))
    queue = Queue(made.ledger)
    assert queue.recover() == 1
    assert leased(queue).study_uid == uid


def test_an_exam_that_kills_its_workers_waits_longer_and_is_given_up(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    uid = ready(made, film())
    waits = []
    for _ in range(20):
        with made.ledger.write() as connection:
            connection.execute(update(Exam).where(Exam.study_uid == uid).values(next_at=None))
        leased(Queue(made.ledger))
        Queue(made.ledger).recover()
        next_at = made.exam(uid).next_at
        waits.append((next_at - now()).total_seconds() if next_at else 0.0)
    assert waits[:3] == pytest.approx([0.0, 1.0, 3.0], abs=0.5)
    assert made.exam(uid).state == "failed"
    assert made.exam(uid).error == {"code": "worker_died"}


def test_its_own_failures_end_an_exam_and_the_sites_do_not(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    uid, queue = ready(made, film()), Queue(made.ledger)
    for _ in range(8):
        queue.put_off(leased(queue), DiskFull(path="files"), 0.0)
    assert (made.exam(uid).state, made.exam(uid).attempts) == ("ready", 0)
    for _ in range(5):
        with made.ledger.write() as connection:
            connection.execute(update(Exam).where(Exam.study_uid == uid).values(next_at=None))
        queue.fail(leased(queue), ResultError(reason="no_text"))
    assert made.exam(uid).state == "failed"
    assert made.exam(uid).error["code"] == "result_error"


def test_a_film_that_comes_during_the_work_begins_the_exam_anew(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    uid, queue = ready(made, film()), Queue(made.ledger)
    lease = leased(queue)
    made.receive(film(1, study=uid))
    queue.fail(lease, ResultError(reason="no_text"))
    exam = made.exam(uid)
    assert (exam.state, exam.round, exam.worker) == ("arriving", 1, None)
