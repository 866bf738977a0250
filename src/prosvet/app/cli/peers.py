"""`prosvet peers`: the hospital's systems, what they have of a patient, and bringing it here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.errors import InvalidRequest

if TYPE_CHECKING:
    from prosvet.hospital.peers.api import PeersResult

__all__ = ["echo", "fetch", "find", "list_", "worklist"]

_Peer = Annotated[str, typer.Argument(metavar="PEER", show_default=False)]
_Patient = Annotated[str, typer.Option("--patient", metavar="ID", show_default=False)]
_Since = Annotated[str | None, typer.Option("--since", metavar="YYYY-MM-DD", show_default=False)]
_Until = Annotated[str | None, typer.Option("--until", metavar="YYYY-MM-DD", show_default=False)]
_Modality = Annotated[list[str] | None, typer.Option("--modality", show_default=False)]

_RIGHTS = {
    "send": "may_send",
    "query": "may_query",
    "query_us": "may_query_us",
    "results": "gets_results",
    "commitment": "commitment",
}
"""What stands under ``cli.peers.may``, and what says so of a peer."""


def list_(session: Session) -> Answer:
    """All of hospital.toml."""
    done = _run(session, action="list")
    rows = [
        (one.name, one.place, session.say(f"cli.peers.secured.{str(one.secured).lower()}"),
         ", ".join(session.say(f"cli.peers.may.{may}") for may in _RIGHTS if _may(one, may)))
        for one in done.peers
    ]  # fmt: skip
    return _table(session, done, rows, ("name", "place", "security", "rights"))


def echo(session: Session, peer: _Peer) -> Answer:
    """Exit status 4 when it does not answer."""
    done = _run(session, action="echo", peer=peer)
    return Answer(done, lambda console: console.print(session.say("cli.peers.answers", name=peer), markup=False))


def find(
    session: Session,
    peer: _Peer,
    patient: _Patient = "",
    name: Annotated[str, typer.Option("--name", show_default=False)] = "",
    accession: Annotated[str, typer.Option("--accession", show_default=False)] = "",
    since: _Since = None,
    until: _Until = None,
    modality: _Modality = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500)] = 50,
) -> Answer:
    """Studies, the newest first."""
    done = _run(
        session, action="find", peer=peer, patient_id=patient, patient_name=name, accession=accession,
        since=_day(since, "since"), until=_day(until, "until"), modalities=tuple(modality or ()), most=limit,
    )  # fmt: skip
    rows = [
        (_shown(one.date), one.patient_id, _name(one.patient_name), one.accession, " ".join(one.modalities),
         "" if one.images is None else str(one.images))
        for one in done.studies
    ]  # fmt: skip
    return _table(session, done, rows, ("date", "patient", "person", "accession", "modality", "images"))


def fetch(
    session: Session,
    peer: _Peer,
    patient: Annotated[str, typer.Option("--patient", metavar="ID", show_default=False)],
    since: _Since = None,
    until: _Until = None,
    modality: _Modality = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100)] = 5,
    move: Annotated[bool, typer.Option("--move")] = False,
) -> Answer:
    """Exit status 1 when the peer could not send something."""
    done = _run(
        session, action="fetch", peer=peer, patient_id=patient, since=_day(since, "since"),
        until=_day(until, "until"), modalities=tuple(modality or ()), most=limit, how="move" if move else "get",
    )  # fmt: skip
    fetched = done.fetched
    if fetched is None:
        raise RuntimeError("a fetch without an outcome")
    key = "moved" if fetched.moved else "fetched" if fetched.studies else "no_priors"
    words = session.say(f"cli.peers.{key}", **fetched.model_dump())
    return Answer(done, lambda console: console.print(words, markup=False), status=int(fetched.failed > 0))


def worklist(
    session: Session,
    peer: _Peer,
    day: Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD", show_default=False)] = None,
    modality: Annotated[str | None, typer.Option("--modality", show_default=False)] = None,
    patient: _Patient = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500)] = 100,
) -> Answer:
    """Planned steps in the order of their times."""
    done = _run(
        session, action="worklist", peer=peer, day=_day(day, "day"), patient_id=patient,
        modalities=(modality,) if modality else (), most=limit,
    )  # fmt: skip
    rows = [
        (_shown(one.date), f"{one.time[:2]}:{one.time[2:4]}" if len(one.time) >= 4 else "", one.patient_id,
         _name(one.patient_name), one.accession, one.modality, one.procedure)
        for one in done.planned
    ]  # fmt: skip
    return _table(session, done, rows, ("date", "time", "patient", "person", "accession", "modality", "procedure"))


def _run(session: Session, **values: object) -> PeersResult:
    from prosvet.hospital.peers.api import PeersRequest, run

    return run(session.request(PeersRequest, **values), session.context)


def _table(session: Session, done: PeersResult, rows: Sequence[tuple[str, ...]], columns: tuple[str, ...]) -> Answer:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    def show(console: Console) -> None:
        if not rows:
            console.print(session.say("cli.peers.nothing"), markup=False)
            return
        table = Table(*(session.say(f"cli.peers.columns.{one}") for one in columns), box=None)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)

    return Answer(done, show)


def _may(one: object, what: str) -> bool:
    return bool(getattr(one, _RIGHTS[what]))


def _day(spoken: str | None, name: str) -> date | None:
    try:
        return date.fromisoformat(spoken) if spoken else None
    except ValueError:
        raise InvalidRequest(name=name, reason="YYYY-MM-DD") from None


def _shown(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 and day.isdecimal() else day


def _name(words: str) -> str:
    return " ".join(part for part in words.partition("=")[0].split("^") if part)
