"""`prosvet site list|show|fit|compare|use|back|rescore`: the model of this site, adapted to it and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.clock import local

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.core.context import Context
    from prosvet.models.adapter import Compared
    from prosvet.models.deployed import Deployment
    from prosvet.training.site.api import SiteResult
    from prosvet.training.site.compare_api import CompareSiteResult
    from prosvet.training.site.fit_api import FitResult

__all__ = ["back", "compare", "fit", "list_", "rescore", "show", "use"]

_Labels = Annotated[Path | None, typer.Option("--labels", metavar="CSV", show_default=False)]
_By = Annotated[str, typer.Option("--by", metavar="NAME", show_default=False)]
_Why = Annotated[str, typer.Option("--why", show_default=False)]


def list_(session: Session) -> Answer:
    """What the site reads with, the history, the adapters."""
    return _site(session, "")


def show(
    session: Session, version: Annotated[int | None, typer.Argument(metavar="VERSION", show_default=False)] = None
) -> Answer:
    """One adapter: what it was fitted on, and each finding."""
    from prosvet.training.site.api import SiteRequest, run

    result = run(session.request(SiteRequest, action="show", adapter=version), session.context)
    return Answer(result, lambda console: _show_card(result, session, console))


def fit(
    session: Session,
    labels: _Labels = None,
    marks: Annotated[bool, typer.Option("--marks")] = False,
    name: Annotated[str, typer.Option("--name", show_default=False)] = "",
    by: _By = "",
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
) -> Answer:
    """Fit an adapter from labels; it is kept and not yet used."""
    from prosvet.training.site.fit_api import FitRequest, run

    request = session.request(FitRequest, labels=labels, marks=marks, name=name, seed=seed)
    result = run(request, _named(session, by))
    return Answer(result, lambda console: _show_fit(result, session, console))


def compare(
    session: Session,
    version: Annotated[int | None, typer.Argument(metavar="VERSION", show_default=False)] = None,
    labels: _Labels = None,
    marks: Annotated[bool, typer.Option("--marks")] = False,
) -> Answer:
    """Global against local. Status 1 where a finding got significantly worse."""
    from prosvet.training.site.compare_api import CompareSiteRequest, run

    request = session.request(CompareSiteRequest, adapter=version, labels=labels, marks=marks)
    result = run(request, session.context)
    return Answer(result, lambda console: _show_compared(result, session, console), status=int(bool(result.worse)))


def use(
    session: Session,
    version: Annotated[int, typer.Argument(metavar="VERSION", show_default=False)],
    by: _By = "",
    why: _Why = "",
) -> Answer:
    """Put an adapter in force (0: none), and score the archive again."""
    return _site(session, by, action="use", adapter=version, by=by, why=why)


def back(
    session: Session,
    to: Annotated[int | None, typer.Option("--to", metavar="VERSION", min=0, show_default=False)] = None,
    by: _By = "",
    why: _Why = "",
) -> Answer:
    """Return to what was in force before, or to a version of the history."""
    return _site(session, by, action="back", to=to, by=by, why=why)


def rescore(session: Session) -> Answer:
    """Score the films of the archive again by the model in force."""
    from prosvet.training.site.rescore_api import RescoreRequest, run

    result = run(RescoreRequest(), session.context)

    def told(console: Console) -> None:
        console.print(session.say("cli.site.rescored", n=result.films, model=result.model), markup=False)
        if result.examined:
            console.print(session.say("cli.site.examined", n=result.examined), markup=False)

    return Answer(result, told)


def _site(session: Session, person: str, **values: object) -> Answer:
    from prosvet.training.site.api import SiteRequest, run

    result = run(session.request(SiteRequest, **values), _named(session, person))
    return Answer(result, lambda console: _show_site(result, session, console))


def _named(session: Session, by: str) -> Context:
    """On one's own computer whoever types says who acts; the name is taken on trust."""
    from prosvet.core.actor import Actor

    return session.context.child(actor=Actor(by, "senior")) if by.strip() else session.context


# -- for a person ----------------------------------------------------------------------------------------------------


def _show_site(result: SiteResult, session: Session, console: Console) -> None:
    say = session.say
    console.print(say("cli.site.reads", site=result.site, model=result.model), style="bold", markup=False)
    if result.explicit:
        console.print(say("cli.site.explicit"), style="yellow", markup=False)
    if result.problem:
        console.print(result.problem, style="bold red", markup=False)
    if result.rescored is not None:
        console.print(say("cli.site.rescored", n=result.rescored, model=result.model), markup=False)
    for one in result.history:
        mark = "*" if one.version == result.deployment.version else " "
        console.print(f"{mark} {_line(one, session)}", markup=False, soft_wrap=True)
    if not result.adapters:
        console.print(say("cli.site.no_adapters"), style="dim", markup=False)
    for row in result.adapters:
        if row.problem:
            console.print(row.problem, style="yellow", markup=False)
            continue
        console.print(say(
            "cli.site.adapter", version=row.version, revision=row.revision,
            created=f"{local(row.created):%Y-%m-%d}" if row.created else "", by=row.by, films=row.films,
            patients=row.patients, source=row.labels_from, adapted=row.adapted, moved=row.moved,
        ), markup=False, soft_wrap=True)  # fmt: skip


def _line(one: Deployment, session: Session) -> str:
    adapter = "" if one.adapter is None else session.say("cli.site.with_adapter", n=one.adapter)
    restored = "" if one.restores is None else session.say("cli.site.restores", n=one.restores)
    at = f"{local(one.at):%Y-%m-%d %H:%M}" if one.at else ""
    return f"{one.version}  {at}  {one.model}@{one.revision}{adapter}{restored}  {one.by}: {one.why}"


def _show_card(result: SiteResult, session: Session, console: Console) -> None:
    from prosvet.training.site.words import finding_name

    card = result.card
    if card is None:
        return
    console.print(session.say(
        "cli.site.card", version=card.version, model=f"{card.model}@{card.revision}", films=card.films,
        patients=card.patients, source=card.labels_from, created=f"{local(card.created):%Y-%m-%d}", by=card.by,
        size=session.decimal(card.bytes / 1000, 1), sha256=card.sha256[:16],
    ), markup=False)  # fmt: skip
    for name, one in card.findings.items():
        kind = session.say(f"site.kinds.{one.kind}")
        why = session.say(f"site.why.{one.why}")
        console.print(f"  {finding_name(name, session.lang)}: {kind}; {why} "
                      f"({one.positives} / {one.negatives})", markup=False, soft_wrap=True)  # fmt: skip
        for point, at in one.points.items():
            moved = session.say("site.moved" if at.moved else "site.carried")
            label = session.say(f"site.points.{point}")
            console.print(f"      {label}: {session.decimal(at.threshold, 4)}, {moved}", style="dim", markup=False)


def _show_fit(result: FitResult, session: Session, console: Console) -> None:
    say = session.say
    console.print(say("cli.site.fitted", version=result.card.version, revision=result.revision), style="bold")
    console.print(say(
        "cli.site.changes", adapted=result.adapted, moved=result.thresholds, labelled=len(result.card.findings),
        films=result.card.films, patients=result.card.patients,
    ), markup=False)  # fmt: skip
    if result.unknown:
        console.print(say("cli.site.unknown", n=result.unknown), style="yellow", markup=False)
    console.print(say("cli.site.not_yet", version=result.card.version), style="dim", markup=False)


def _show_compared(result: CompareSiteResult, session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.training.site.words import finding_name

    say = session.say
    console.print(say(f"site.on.{result.on}", films=result.films, left_out=result.left_out), markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("finding", "n", "kind", "auroc", "loss", "verdict"):
        table.add_column(say(f"site.columns.{column}"), header_style="dim")
    for row in result.rows:
        table.add_row(
            finding_name(row.finding, session.lang), f"{row.n} ({row.positives})", say(f"site.kinds.{row.kind}"),
            _auroc(row.compared, session), _loss(row.compared, session),
            say(f"site.verdicts.{'same' if row.kind == 'identity' else row.verdict}"),
        )  # fmt: skip
    console.print(table)
    if result.unknown:
        console.print(say("cli.site.unknown", n=result.unknown), style="yellow", markup=False)
    if result.worse:
        names = ", ".join(finding_name(name, session.lang) for name in result.worse)
        console.print(say("site.worse", names=names), style="bold red", markup=False)


def _auroc(found: Compared | None, session: Session) -> str:
    if found is None or found.auroc_global is None or found.auroc_local is None:
        return "—"
    return f"{session.decimal(found.auroc_global, 3)} → {session.decimal(found.auroc_local, 3)}"


def _loss(found: Compared | None, session: Session) -> str:
    if found is None:
        return "—"
    return f"{session.decimal(found.loss_global, 3)} → {session.decimal(found.loss_local, 3)}"
