"""`prosvet outbox list|resend|drop` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from flow_support import Flow, post
from hospital_films import as_dx
from prosvet.app.cli.main import main
from prosvet.core.context import Context
from prosvet.hospital.ledger.schema import Outgoing


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    code = main(["--lang", "en", "outbox", *words])
    return code, capsys.readouterr().out


def test_dead_letters_are_listed_sent_again_and_dropped(
    context: Context, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pynetdicom", reason="pynetdicom is not installed")
    code, said = ran(capsys, "list")
    assert code == 0 and "prosvet node" in said
    made, film = Flow(context), shared_data / "fullsize" / "cxr18470.png"
    first, second = (post(made, as_dx(film)) for _ in range(2))
    with made.ledger.write() as connection:
        lost = {"state": "dead", "attempts": 12, "error": {"code": "no_room", "status": "A700"}}
        connection.execute(update(Outgoing).values(lost))
    code, said = ran(capsys, "list")
    assert code == 1 and said.count("no room (A700)") == 2 and "dead: 2" in said
    assert ran(capsys, "drop", str(second)) == (0, "Taken out of the outbox: 1.\n")
    assert ran(capsys, "resend", "--all-dead") == (0, "To be sent again: 1.\n")
    assert [(row.id, row.state) for row in made.outgoing()] == [(first, "waiting")]
    code, said = ran(capsys, "list", "--json")
    assert code == 0 and json.loads(said)["result"]["facts"]["results"]["waiting"] == 1
    assert ran(capsys, "drop", "999")[0] != 0
