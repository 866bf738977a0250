"""`prosvet screen calibrate|run|audit|line`: release normals within a proven risk, and stop when it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.clock import local
from prosvet.core.i18n import numeral

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.core.context import Context
    from prosvet.screening.audit_api import AuditResult
    from prosvet.screening.binomial import Share
    from prosvet.screening.calibrate_api import CalibrateResult
    from prosvet.screening.line_api import LineResult
    from prosvet.screening.run_api import ScreenResult

__all__ = ["audit", "calibrate", "line", "run_"]

_SHOWN = 20  # studies listed


def calibrate(
    session: Session,
    labels: Annotated[Path, typer.Option("--labels", metavar="CSV", show_default=False)],
    max_missed: Annotated[float, typer.Option("--max-missed", metavar="SHARE", show_default=False)],
    scores: Annotated[Path | None, typer.Option("--scores", metavar="CSV", show_default=False)] = None,
    max_missed_critical: Annotated[float | None, typer.Option("--max-missed-critical", show_default=False)] = None,
    confidence: Annotated[float, typer.Option("--confidence")] = 0.95,
    prevalence: Annotated[float | None, typer.Option("--prevalence", show_default=False)] = None,
    audit_limit: Annotated[float | None, typer.Option("--audit-limit", show_default=False)] = None,
    min_age: Annotated[float, typer.Option("--min-age")] = 18.0,
    accept_unknown_age: Annotated[bool, typer.Option("--accept-unknown-age")] = False,
    accept_laterals: Annotated[bool, typer.Option("--accept-laterals")] = False,
    accept_repaired: Annotated[bool, typer.Option("--accept-repaired")] = False,
    accept_quality: Annotated[bool, typer.Option("--accept-quality")] = False,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME@REVISION", show_default=False)] = None,
    unsure_share: Annotated[float, typer.Option("--unsure-share", metavar="SHARE")] = 0.0,
    unsure_method: Annotated[Literal["meta", "learned"], typer.Option("--unsure-method")] = "meta",
) -> Answer:
    """Choose the threshold, or say why the sample cannot prove the target."""
    from prosvet.screening.calibrate_api import CalibrateRequest, run

    choice = {True: "accept", False: "abstain"}
    policy = {
        "min_age": min_age, "unknown_age": choice[accept_unknown_age], "lateral": choice[accept_laterals],
        "repaired": choice[accept_repaired], "quality": choice[accept_quality],
    }  # fmt: skip
    request = session.request(
        CalibrateRequest, labels=labels, scores=scores, max_missed=max_missed, confidence=confidence,
        max_missed_critical=max_missed_critical, prevalence=prevalence, audit_limit=audit_limit, policy=policy,
        model=model, unsure={"share": unsure_share, "method": unsure_method},
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show_calibration(result, session, console))


def run_(
    session: Session,
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH", show_default=False)] = None,
    studies: Annotated[list[str] | None, typer.Option("--study", metavar="ID", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all")] = False,
    source: Annotated[str | None, typer.Option("--source", show_default=False)] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, show_default=False)] = None,
) -> Answer:
    """Decide on films, or on studies of the archive. Status 1 when the line is stopped: nothing was released."""
    from prosvet.archive.filters import StudyFilter
    from prosvet.screening.run_api import ScreenRequest, run

    asked = every or bool(studies) or source is not None
    filters = session.request(StudyFilter, studies=tuple(studies or ()), source=source) if asked else None
    request = session.request(ScreenRequest, paths=tuple(paths or ()), filters=filters, limit=limit)
    result = run(request, session.context)
    status = 1 if result.notice or result.failed else 0
    return Answer(result, lambda console: _show_run(result, session, console), status)


def audit(
    session: Session,
    study: Annotated[str | None, typer.Option("--study", metavar="ID", show_default=False)] = None,
    verdict: Annotated[Literal["normal", "abnormal", "critical"] | None, typer.Option("--verdict")] = None,
    comment: Annotated[str, typer.Option("--comment", show_default=False)] = "",
    reader: Annotated[str, typer.Option("--reader", metavar="NAME", show_default=False)] = "",
) -> Answer:
    """The estimate of what was missed; with a study and a verdict, keep the verdict first. Status 1 on a breach."""
    from prosvet.screening.audit_api import AuditRequest, run

    action = "judge" if study is not None or verdict is not None else "show"
    request = session.request(
        AuditRequest, action=action, study=study, verdict=verdict, comment=comment, reader=reader
    )  # fmt: skip
    result = run(request, session.context)
    status = 1 if result.estimate.breach else 0
    return Answer(result, lambda console: _show_audit(result, session, console), status)


def line(
    session: Session,
    open_: Annotated[bool, typer.Option("--open")] = False,
    stop: Annotated[bool, typer.Option("--stop")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", show_default=False)] = "",
    note: Annotated[str, typer.Option("--note", show_default=False)] = "",
    reason: Annotated[str, typer.Option("--reason", show_default=False)] = "by_hand",
    calibration: Annotated[int | None, typer.Option("--calibration", min=1, show_default=False)] = None,
    audit_share: Annotated[float | None, typer.Option("--audit-share", show_default=False)] = None,
) -> Answer:
    """How the line stands; stop it, or open it."""
    from prosvet.core.errors import UsageError
    from prosvet.screening.line_api import LineRequest, run

    if open_ and stop:
        raise UsageError(reason="--open --stop")
    request = session.request(
        LineRequest, action="open" if open_ else "stop" if stop else "show", by=by, note=note, reason=reason,
        calibration=calibration, audit_share=audit_share,
    )  # fmt: skip
    result = run(request, _named(session, by))
    return Answer(result, lambda console: _show_line(result, session, console))


def _named(session: Session, by: str) -> Context:
    """On one's own computer whoever types says who acts; the name is taken on trust."""
    from prosvet.core.actor import Actor

    return session.context.child(actor=Actor(by, "senior")) if by.strip() else session.context


# -- for a person ----------------------------------------------------------------------------------------------------


def _show_calibration(result: CalibrateResult, session: Session, console: Console) -> None:
    say, share = session.say, _percent(session)
    console.print(say("cli.screen.calibrate.threshold", threshold=_number(result.threshold, session)), style="bold")
    console.print(result.guarantee, markup=False)
    console.print(say(
        "cli.screen.calibrate.figures", unit=say(f"screening.units.{result.unit}"), n=result.n_abnormal,
        missed=result.misses, sensitivity=share(result.sensitivity.value), low=share(result.sensitivity.low),
        normals=result.n_normal, cleared=_interval(result.cleared, session),
    ), markup=False)  # fmt: skip
    if result.released is not None:
        console.print(say(
            "cli.screen.calibrate.released", prevalence=share(result.released.prevalence),
            missed=share(result.released.missed), high=share(result.released.missed_high),
        ), markup=False)  # fmt: skip
    _show_unsure(result, session, console)
    for warning in result.warnings:
        console.print(warning, style="yellow", markup=False)
    console.print(say("cli.screen.calibrate.kept", version=result.version, number=result.id), style="dim", markup=False)


def _show_unsure(result: CalibrateResult, session: Session, console: Console) -> None:
    found = result.unsure
    if found is None or found.rule is None:
        return
    console.print(session.say(
        "cli.screen.calibrate.unsure", aside=found.aside, held=_interval(found.held, session),
        without="—" if found.without is None else _interval(found.without, session),
    ), markup=False)  # fmt: skip
    counts = {"k": found.wrong.k, "n": found.wrong.n, "sure_k": found.sure_wrong.k, "sure_n": found.sure_wrong.n}
    console.print(session.say("cli.screen.calibrate.unsure_wrong", **counts), markup=False)


def _show_run(result: ScreenResult, session: Session, console: Console) -> None:
    for one in result.decisions[:_SHOWN]:
        score = "" if one.score is None else _number(one.score, session)
        outcome = session.say(f"screening.outcomes.{one.outcome}")
        words = "" if one.outcome == "normal" else one.words
        console.print(f"{one.study}  {outcome:<12}  {score:>6}  {words}".rstrip(), markup=False, soft_wrap=True)
    if len(result.decisions) > _SHOWN:
        console.print(session.say("cli.screen.run.more", n=len(result.decisions) - _SHOWN), style="dim")
    counts = {"released": result.released, "referred": result.referred, "abstained": sum(result.abstained.values())}
    console.print(session.say("cli.screen.run.counts", **counts, skipped=result.skipped), markup=False)
    promised = next((one.words for one in result.decisions if one.outcome == "normal"), None)
    if promised:
        console.print(promised, style="dim", markup=False)
    for row in result.failed:
        console.print(f"{row.file}: {row.message}", style="yellow", markup=False)
    if result.notice:
        console.print(result.notice, style="bold red", markup=False)


def _show_audit(result: AuditResult, session: Session, console: Console) -> None:
    found, share = result.estimate, _percent(session)
    console.print(session.say(
        "cli.screen.audit.estimate", audited=found.audited, missed=found.missed, high=share(found.high),
        confidence=share(found.confidence), limit=share(found.limit),
    ), markup=False)  # fmt: skip
    console.print(session.say("cli.screen.audit.waiting", n=result.waiting), markup=False)
    for waiting in result.queue[:_SHOWN]:
        console.print(f"  {waiting.study}", style="dim", markup=False)
    for miss in result.misses:
        words = session.say(f"screening.verdicts.{miss.verdict}")
        console.print(f"{miss.study}  {words}  {_number(miss.score, session)}  {miss.comment}".rstrip(), markup=False)
    if found.breach:
        console.print(session.say(f"cli.screen.audit.{found.breach}"), style="bold red", markup=False)


def _show_line(result: LineResult, session: Session, console: Console) -> None:
    from prosvet.screening.words import stop_words

    now = result.line
    style = "bold green" if now.state == "open" else "bold red"
    console.print(session.say(f"screening.states.{now.state}", site=now.site), style=style, markup=False)
    if now.state == "open":
        console.print(session.say("cli.screen.line.opened", by=now.by, note=now.note), markup=False)
    else:
        console.print(session.say("cli.screen.line.stopped", reason=stop_words(now.reason, session.lang)), markup=False)
    flow = {"released": result.today.released, "referred": result.today.referred,
            "abstained": sum(result.today.abstained.values())}  # fmt: skip
    console.print(session.say("cli.screen.line.today", **flow), markup=False)
    for one in result.versions:
        mark = "*" if one.id == now.calibration else " "
        console.print(session.say(
            "cli.screen.line.version", mark=mark, number=one.id, version=one.version,
            created=f"{local(one.created):%Y-%m-%d}", threshold=_number(one.threshold, session), model=one.model,
            missed=_percent(session)(one.max_missed), confidence=_percent(session)(one.confidence),
        ), markup=False)  # fmt: skip


def _number(value: float, session: Session) -> str:
    return numeral(f"{value:.6g}", session.lang)


def _percent(session: Session) -> Callable[[float], str]:
    from prosvet.screening.words import percent

    return lambda value: percent(value, session.lang)


def _interval(share: Share, session: Session) -> str:
    percent = _percent(session)
    if share.value is None or share.low is None or share.high is None:
        return "—"
    bounds = session.say("double.agreement.interval", low=percent(share.low), high=percent(share.high))
    return f"{percent(share.value)} ({bounds})"
