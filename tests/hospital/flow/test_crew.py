"""Workers are processes: one that is killed loses nothing, and none outlives the node."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import update

import flow_lives
from flow_lives import words
from flow_support import Flow
from forked import free_port, nest
from prosvet.hospital.flow.crew import Crew
from prosvet.hospital.flow.queue import Queue
from prosvet.hospital.ledger.schema import Exam

KINDS = ("sr", "text_sr", "sc")


def until(true: Callable[[], object], seconds: float = 90.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def at_work(flow: Flow, workers: int) -> Iterator[Crew]:
    """A crew over the flow's ledger."""
    crew, stop = Crew(Queue(flow.ledger), flow.config, flow.context.settings, workers), Event()
    thread = Thread(target=crew, args=(stop,))
    thread.start()
    try:
        yield crew
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert not any(Path(f"/proc/{pid}").exists() for pid in crew.pids)


def test_the_exam_of_a_killed_worker_is_done_by_another(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow(words(1, KINDS, 0.0))
    with at_work(made, 2) as crew:
        until(lambda: len(crew.pids) == 2)
        uid = made.receive(film())
        with made.ledger.write() as connection:
            connection.execute(update(Exam).where(Exam.study_uid == uid).values(state="ready"))
        seen: list[Exam] = []

        def half_done() -> bool:
            """Looked at once: between two looks the worker may have ended the exam."""
            seen[:] = [made.exam(uid)]
            return seen[0].worker is not None and made.objects(uid)[0].state == "read"

        until(half_done)
        name = seen[0].worker.rpartition("-")[0]
        victim = next(place.process for place in crew._places if place.name == name)
        assert victim is not None and victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)
        until(lambda: made.exam(uid).state == "done")
        assert victim.exitcode == -signal.SIGKILL
        until(lambda: len(crew.pids) == 2 and victim.pid not in crew.pids)  # its place is taken again
    assert sorted(row.kind for row in made.outgoing()) == sorted(KINDS)
    assert len({row.sop_uid for row in made.outgoing()}) == len(KINDS)


def test_what_one_process_had_leased_is_freed_and_no_others(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    one, other = Queue(made.ledger, "one"), Queue(made.ledger, "one_more")
    for queue in (one, other):
        uid = made.receive(film(), passed_by="test")
        with made.ledger.write() as connection:
            connection.execute(update(Exam).where(Exam.study_uid == uid).values(state="ready"))
        assert queue.lease("work") is not None
    assert Queue(made.ledger).recover("one") == 1
    assert Queue(made.ledger).recover("one_more") == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_the_node(number: signal.Signals, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "hospital.toml").write_text(words(1, KINDS, 0.0))
    with nest(flow_lives.__file__) as lives:
        life = lives.life(home, free_port())
        until(lambda: len(life.children()) >= 2)
        children = life.children()
        time.sleep(0.5)
        life.end(number)
        until(lambda: not any(child.alive() for child in children), 20)
