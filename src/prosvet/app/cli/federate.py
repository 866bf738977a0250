"""`prosvet federate ...`: training together with other hospitals, the films of each staying where they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.training.federated.api import FederateResult

__all__ = ["adopt", "answer", "create", "join", "merge", "prepare", "serve", "show", "weights"]

_Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
_Films = Annotated[Path, typer.Argument(metavar="FILMS", show_default=False)]
_RoundFile = Annotated[Path, typer.Argument(metavar="ROUND", show_default=False)]
_Key = Annotated[Path, typer.Option("--key", metavar="FILE", show_default=False)]
_Out = Annotated[Path, typer.Option("--out", metavar="FILE", show_default=False)]
_Tls = Annotated[Path | None, typer.Option("--authority", metavar="PEM", show_default=False)]
_Minutes = Annotated[float, typer.Option("--minutes", min=0.1)]


def create(
    session: Session,
    name: _Name,
    sites: Annotated[str, typer.Option("--sites", metavar="A,B,C", show_default=False)],
    method: Annotated[str, typer.Option("--method", metavar="newton|average|full")] = "newton",
    penalty: Annotated[float, typer.Option("--penalty", min=1e-9)] = 0.003,
    largest: Annotated[int, typer.Option("--largest", min=10)] = 20_000,
    steps: Annotated[int, typer.Option("--steps", min=1)] = 50,
    start: Annotated[Path | None, typer.Option("--start", metavar="FILE", show_default=False)] = None,
) -> Answer:
    """The coordinator: agree on a federation."""
    names = tuple(part.strip() for part in sites.split(",") if part.strip())
    return _done(
        session, "create", name=name, sites=names, method=method, penalty=penalty, largest=largest, steps=steps,
        start=start,
    )  # fmt: skip


def prepare(
    session: Session,
    out: _Out,
    labels: Annotated[Path | None, typer.Option("--labels", metavar="CSV", show_default=False)] = None,
) -> Answer:
    """A site: its labelled films as numbers, in a file that stays in the house."""
    return _done(session, "prepare", out=out, labels=labels)


def answer(session: Session, round_file: _RoundFile, films: _Films, key: _Key, out: _Out) -> Answer:
    """A site: answer a round file."""
    return _done(session, "answer", round_file=round_file, films=films, key=key, out=out)


def merge(
    session: Session,
    name: _Name,
    updates: Annotated[list[Path], typer.Argument(metavar="UPDATE...", show_default=False)],
    partial: Annotated[bool, typer.Option("--partial")] = False,
) -> Answer:
    """The coordinator: finish a round with the sites' answers."""
    return _done(session, "merge", name=name, updates=tuple(updates), partial=partial)


def serve(
    session: Session,
    name: _Name,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=1000)] = 5,
    secure: Annotated[bool, typer.Option("--secure")] = False,
    address: Annotated[str, typer.Option("--address", metavar="HOST:PORT")] = "127.0.0.1:9092",
    authority: _Tls = None,
    certificate: Annotated[Path | None, typer.Option("--certificate", metavar="PEM", show_default=False)] = None,
    private_key: Annotated[Path | None, typer.Option("--private-key", metavar="PEM", show_default=False)] = None,
    minutes: _Minutes = 60.0,
) -> Answer:
    """The coordinator: rounds over the network, through Flower."""
    return _done(
        session, "serve", name=name, rounds=rounds, secure=secure, address=address, authority=authority,
        certificate=certificate, private_key=private_key, minutes=minutes,
    )  # fmt: skip


def join(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", show_default=False)],
    films: _Films,
    authority: _Tls = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 9094,
    minutes: _Minutes = 60.0,
) -> Answer:
    """A site: take part in a served federation."""
    return _done(session, "join", address=address, films=films, authority=authority, port=port, minutes=minutes)


def adopt(session: Session, round_file: _RoundFile, films: _Films, key: _Key) -> Answer:
    """A site: keep what was learned as its next adapter."""
    return _done(session, "adopt", round_file=round_file, films=films, key=key)


def weights(session: Session, name: _Name, out: _Out) -> Answer:
    """The coordinator: write the trained network."""
    return _done(session, "weights", name=name, out=out)


def show(session: Session, name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)] = "") -> Answer:
    """The federations of this archive and their rounds."""
    return _done(session, "show", name=name)


def _done(session: Session, action: str, **values: Any) -> Answer:
    from prosvet.training.federated.api import FederateRequest, run

    result = run(session.request(FederateRequest, action=action, **values), session.context)
    return Answer(result, lambda console: _show(result, action, session, console))


def _show(result: FederateResult, action: str, session: Session, console: Console) -> None:
    said = session.say
    if action in {"prepare", "answer", "join", "adopt"}:
        words = said(f"federated.done.{action}", path=result.path, films=result.films, adapter=result.adapter or 0)
        console.print(words, markup=False)
    elif action == "weights":
        console.print(said("federated.done.weights", path=result.path), markup=False)
    elif not result.federations:
        console.print(said("federated.none"), markup=False)
    for one in result.federations:
        plan = one.plan
        console.print(
            f"{plan.name}: {said('federated.methods.' + plan.method)}; {plan.base}; {', '.join(plan.sites)}",
            style="bold", markup=False,
        )  # fmt: skip
        for made in one.rounds:
            line = said(
                "federated.line", number=made.number + 1, sites=len(made.answers), films=made.counts[-1],
                moved=f"{made.moved:.4f}", kilobytes=round(made.received / 1024), sha=made.state_sha256[:12],
            )  # fmt: skip
            console.print(f"  {line}", markup=False)
        if action in {"create", "merge"}:
            console.print(said("federated.next", path=result.path), markup=False)
