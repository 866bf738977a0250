"""The chain of the audit log: whole, broken at a line, cut off, written anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prosvet.app.cli import main
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.hospital.operations.audit_api import AuditVerifyRequest, run


@pytest.fixture
def log(context: Context) -> Path:
    log = AuditLog.from_context(context)
    for number in range(10):
        log.write("show", study=f"S{number}")
    return log.path


def test_a_whole_chain_has_a_mark(context: Context, log: Path) -> None:
    result = run(AuditVerifyRequest(), context)
    assert result.ok
    assert (result.lines, result.broken) == (10, None)
    last = json.loads(log.read_text().splitlines()[-1])
    assert result.mark == f"10:{last['hash']}"
    AuditLog.from_context(context).write("show", study="S10")
    assert run(AuditVerifyRequest(expect=result.mark), context).as_expected is True


def test_a_changed_a_lost_and_an_added_line_are_named(context: Context, log: Path) -> None:
    lines = log.read_text().splitlines()
    for damage, at in (
        ([*lines[:4], lines[4].replace("S4", "S5"), *lines[5:]], 5),
        ([*lines[:4], *lines[5:]], 5),
        ([*lines[:4], lines[3], *lines[4:]], 5),
        ([lines[0], "not json", *lines[2:]], 2),
    ):
        log.write_text("\n".join(damage) + "\n")
        result = run(AuditVerifyRequest(), context)
        assert not result.ok
        assert (result.broken, result.lines) == (at, at - 1)


def test_lines_cut_off_and_a_log_written_anew_are_found_by_the_mark(context: Context, log: Path) -> None:
    mark = run(AuditVerifyRequest(), context).mark
    whole = log.read_text().splitlines()
    log.write_text("\n".join(whole[:7]) + "\n")
    short = run(AuditVerifyRequest(expect=mark), context)
    assert (short.broken, short.as_expected, short.ok) == (None, False, False)
    log.unlink()
    for number in range(12):
        AuditLog.from_context(context).write("show", study=f"F{number}")
    assert run(AuditVerifyRequest(expect=mark), context).as_expected is False


def test_no_log_is_not_a_whole_log(context: Context) -> None:
    with pytest.raises(NotFound):
        run(AuditVerifyRequest(), context)


def test_the_verb_ends_with_1_and_names_the_line(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", "--lang", "en"]) == 0
    assert "10 lines" in capsys.readouterr().out
    lines = log.read_text().splitlines()
    log.write_text("\n".join([*lines[:2], *lines[3:]]) + "\n")
    assert main(["audit", "verify", "--lang", "en"]) == 1
    assert "line 3" in capsys.readouterr().out
