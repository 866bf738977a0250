"""`prosvet agent FILE TASK`: a task about a film, done step by step with the other capabilities as tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.ask import film_and_words
from prosvet.app.cli.session import Answer, Session
from prosvet.core.errors import NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.agent.shapes import AgentResult
    from prosvet.agent.trace import Step

__all__ = ["agent"]

_FAILED = ("failed", "steps", "time", "tokens", "stuck", "planner", "cancelled")


def agent(
    session: Session,
    words: Annotated[list[str], typer.Argument(metavar="[FILE] TASK", show_default=False)],
    study: Annotated[str | None, typer.Option("--study", metavar="ID", show_default=False)] = None,
    image: Annotated[int | None, typer.Option("--image", min=1, show_default=False)] = None,
    planner: Annotated[str, typer.Option("--planner", metavar="fixed|NAME")] = "fixed",
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME", show_default=False)] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE", dir_okay=False, show_default=False)] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, max=50)] = 12,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=3600)] = 120.0,
    tokens: Annotated[int, typer.Option("--tokens", min=100, max=10_000_000)] = 50_000,
) -> Answer:
    """Exit status 1 when the run ended without an answer."""
    from prosvet.agent.api import AgentRequest, run

    film, task = film_and_words(words, study, session.say("cli.agent.one_film"))
    given = {"study": study, "image": image, "film": film, "planner": planner, "reader": reader}
    limits = {"steps": steps, "seconds": seconds, "tokens": tokens}
    request = session.request(
        AgentRequest, task=task, report=_text(report), lang=session.lang, **given, **limits
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show(result, session, console), status=int(result.trace.stopped in _FAILED))


def _text(report: Path | None) -> str:
    if report is None:
        return ""
    if not report.is_file():
        raise NotFound(kind="file", name=report.name)
    return report.read_text(encoding="utf-8")


def _show(result: AgentResult, session: Session, console: Console) -> None:
    for step in result.trace.steps:
        _show_step(step, session, console)
    console.print()
    console.print(result.answer, style="yellow" if result.abstained else "bold", markup=False)
    if result.confidence is not None:
        sure = session.say("cli.agent.confidence", value=session.decimal(result.confidence, 2))
        console.print(sure, style="dim", markup=False)
    reasons = [f"[{', '.join(map(str, one.steps))}] {one.text}" for one in result.reasons]
    _list(session.say("cli.agent.reasons"), reasons, console)
    _list(session.say("cli.agent.problems"), list(result.agreement.problems), console, style="red")
    _list(session.say("cli.agent.wants"), [one.what for one in result.wants], console)
    spent, trace = result.trace.spent, result.trace
    # A planner that came to its end and abstained has given no answer.
    ended = session.say(f"agent.stopped.{'abstained' if _abstained(result) else trace.stopped}")
    line = session.say(
        "cli.agent.ended", planner=trace.planner, steps=spent.steps, seconds=session.decimal(spent.seconds, 1),
        tokens=spent.tokens, stopped=ended,
    )  # fmt: skip
    console.print(line, style="dim", markup=False)


def _abstained(result: AgentResult) -> bool:
    return result.abstained and result.trace.stopped == "answered"


def _show_step(step: Step, session: Session, console: Console) -> None:
    name = step.tool or session.say(f"agent.page.{'want' if step.kind == 'want' else 'planner'}_step")
    given = ", ".join(f"{key}={value}" for key, value in step.arguments.items()) if step.kind == "tool" else ""
    took = session.say("agent.page.seconds_short", value=session.decimal(step.seconds, 1))
    head = f"{step.number}. {name}{f' ({given})' if given else ''}  {took}"
    console.print(head, style="red" if step.failed is not None else "cyan", markup=False)
    console.print(f"   {step.failed.message if step.failed is not None else step.said}", markup=False)


def _list(title: str, items: list[str], console: Console, style: str = "dim") -> None:
    if items:
        console.print(title, style=style, markup=False)
        for one in items:
            console.print(f"  • {one}", markup=False)
