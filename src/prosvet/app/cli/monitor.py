"""`prosvet monitor reference|check|report|stop|open`: what comes in against what was, and the line's gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.monitoring.alarms import AlarmView
    from prosvet.monitoring.api import MonitorResult

__all__ = ["check", "open_", "reference", "report", "stop"]

_Note = Annotated[str, typer.Option("--note", metavar="TEXT", show_default=False)]


def reference(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    studies: Annotated[int, typer.Option("--studies", min=200, max=20_000)] = 1000,
    per_day: Annotated[float, typer.Option("--per-day", min=0.1)] = 100.0,
    false_alarms: Annotated[float, typer.Option("--false-alarms", min=0.001)] = 1.0,
    stops: Annotated[str | None, typer.Option("--stops", metavar="CAUSES", show_default=False)] = None,
) -> Answer:
    """Freeze the last studies as what is usual."""
    from prosvet.monitoring.rules import Rules

    given: dict[str, Any] = {"studies_a_day": per_day, "false_alarms_a_year": false_alarms}
    if stops is not None:
        given["stops"] = tuple(part.strip() for part in stops.split(",") if part.strip())
    result = _run(session, action="reference", name=name, studies=studies, rules=session.request(Rules, **given))
    made = result.reference
    words = session.say(
        "cli.monitor.reference.done", name=name, n=made.studies if made else 0, sha=made.sha256[:12] if made else ""
    )
    return Answer(made, lambda console: console.print(words, markup=False))


def check(session: Session) -> Answer:
    """Compare what is new with the reference; exit 1 when an alarm is new."""
    result = _run(session, action="check")
    status = 1 if result.check is not None and result.check.new_alarms else 0
    shown = {"check": result.check, "alarms": result.alarms, "line": result.line}
    answer = {
        name: [one.model_dump(mode="json") for one in value] if isinstance(value, tuple) else
        value.model_dump(mode="json") if value is not None else None
        for name, value in shown.items()
    }  # fmt: skip
    return Answer(answer, lambda console: _show_check(result, session, console), status)


def report(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", show_default=False)],
    days: Annotated[int, typer.Option("--days", min=1, max=366)] = 7,
) -> Answer:
    """Write the report of the last days."""
    from prosvet.app.monitoring_report import report_html

    result = _run(session, action="report", days=days)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(report_html(result, session.lang), encoding="utf-8")
    words = session.say("cli.monitor.report.done", name=out.name, alarms=len(result.alarms))
    answer = {"out": out.name, "days": days, "alarms": len(result.alarms)}
    return Answer(answer, lambda console: console.print(words, markup=False))


def stop(session: Session, note: _Note = "") -> Answer:
    """Stop autonomous screening by hand."""
    result = _run(session, action="stop", note=note)
    return Answer(result.line, lambda console: _show_line(result, session, console))


def open_(
    session: Session,
    by: Annotated[str, typer.Option("--by", metavar="NAME", show_default=False)],
    note: _Note = "",
) -> Answer:
    """Open it again, in a senior's name, and close the alarms."""
    result = _run(session, action="open", by=by, note=note)
    return Answer(result.line, lambda console: _show_line(result, session, console))


def _run(session: Session, **values: Any) -> MonitorResult:
    from prosvet.monitoring.api import MonitorRequest, run

    return run(session.request(MonitorRequest, **values), session.context)


def _show_line(result: MonitorResult, session: Session, console: Console) -> None:
    state = session.say(f"monitoring.line.{result.line.state}")
    console.print(f"{result.site}: {state}", style="green" if result.line.state == "open" else "yellow", markup=False)
    if result.closed:
        console.print(session.say("cli.monitor.closed", n=result.closed), markup=False)


def _show_check(result: MonitorResult, session: Session, console: Console) -> None:
    made = result.check
    if made is None:
        return
    if made.state == "waiting":
        console.print(session.say("cli.monitor.check.waiting", fresh=made.fresh, needed=made.needed), markup=False)
        return
    words = session.say(
        "cli.monitor.check.done", fresh=made.fresh, tests=len(made.outcomes), alarms=len(made.new_alarms)
    )
    console.print(words, markup=False)
    for alarm in result.alarms:
        _show_alarm(alarm, session, console)
    _show_line(result, session, console)


def _show_alarm(alarm: AlarmView, session: Session, console: Console) -> None:
    from prosvet.app.web.monitoring_views import alarm_words

    said = alarm_words(alarm, session.lang)
    head = f"#{alarm.id} {said['what']} ({said['where']}): {said['effect']}, p = {said['p']}"
    console.print(head, style="bold red", markup=False)
    console.print(f"   {said['before']} → {said['after']}", markup=False)
    for kind, studies in (("typical", alarm.typical), ("odd", alarm.odd)):
        if studies:
            names = ", ".join(one.study for one in studies)
            console.print(f"   {session.say(f'monitoring.{kind}')}: {names}", style="dim", markup=False)
