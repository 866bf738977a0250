"""The chain holds; what is changed, taken away or put in breaks it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from prosvet.core.audit import AuditLog, verify
from prosvet.core.context import Context


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    made = AuditLog(tmp_path / "audit.jsonl")
    for number in range(5):
        made.write("study.shown", study=f"s{number}")
    return made


def rewrite(log: AuditLog, change: dict[int, bytes | None]) -> None:
    lines = log.path.read_bytes().splitlines()
    kept = [change.get(number, line) for number, line in enumerate(lines, start=1)]
    log.path.write_bytes(b"\n".join(line for line in kept if line is not None) + b"\n")


def test_an_untouched_chain_holds(log: AuditLog) -> None:
    assert verify(log.path) is None


def test_a_missing_log_holds(tmp_path: Path) -> None:
    assert verify(tmp_path / "none.jsonl") is None


def test_a_changed_line_is_named(log: AuditLog) -> None:
    third = log.path.read_bytes().splitlines()[2]
    rewrite(log, {3: third.replace(b"s2", b"sX")})
    assert verify(log.path) == 3


def test_a_changed_line_with_a_new_hash_breaks_the_next(log: AuditLog) -> None:
    from prosvet.core.audit import _digest

    body = json.loads(log.path.read_bytes().splitlines()[2]) | {"study": "sX"}
    rewrite(log, {3: json.dumps(body | {"hash": _digest(body)}).encode()})
    assert verify(log.path) == 4


def test_a_line_taken_away_is_noticed(log: AuditLog) -> None:
    rewrite(log, {2: None})
    assert verify(log.path) == 2


def test_a_line_that_is_no_json_is_named(log: AuditLog) -> None:
    rewrite(log, {4: b"{"})
    assert verify(log.path) == 4


def test_a_line_torn_by_a_power_cut_is_dropped_and_the_chain_goes_on(log: AuditLog) -> None:
    with log.path.open("ab") as stream:
        stream.write(b'{"at": "2026')
    log.write("study.shown", study="after")
    assert verify(log.path) is None
    assert len(log.path.read_bytes().splitlines()) == 6


def test_writers_at_the_same_time_keep_one_chain(log: AuditLog) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: log.write("study.shown", study=f"t{number}"), range(40)))
    assert verify(log.path) is None
    assert len(log.path.read_bytes().splitlines()) == 45


def test_the_log_of_a_context_lies_in_its_archive(context: Context) -> None:
    context.get(AuditLog).write("archive.opened", studies=0)
    assert (context.settings.home / "audit.jsonl").read_text(encoding="utf-8").count("archive.opened") == 1
