"""How a reading looks on a terminal: gates, a table of findings with bars, the ratio, the draft."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from prosvet.app.cli.session import Session
from prosvet.app.cli.words import concept_name, place
from prosvet.core.types import Finding, Gates, Measurement, Status
from prosvet.reading.api import Failure, Reading, ReadItem
from prosvet.reading.vlm.report import ByReader

__all__ = ["bar", "show_item"]

_STYLES = {Status.PRESENT: "bold red", Status.UNCERTAIN: "yellow", Status.ABSENT: "green", Status.NOT_ASSESSED: "dim"}
_ORDER = list(_STYLES)
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int = 12) -> str:
    """A horizontal bar of `share` (0..1) in eighths of a cell.

    Examples
    --------
    >>> bar(0.5, width=4)
    '██  '
    """
    eighths = round(share * width * 8)
    filled = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return filled.ljust(width)


def show_item(item: ReadItem, session: Session, console: Console) -> None:
    """Print one file's reading or its error."""
    console.print(Text(item.file, style="bold underline"))
    if item.result is not None:
        _reading(item.result, session, console)
    elif item.error is not None:
        _error(item.error, console)
    console.print()


def _error(error: Failure, console: Console) -> None:
    console.print(Text(f"  {error.message}", style="bold red"))
    console.print(Text(f"  {error.hint}", style="dim"))


def _reading(reading: Reading, session: Session, console: Console) -> None:
    console.print(Text(f"  {_gates(reading.gates, session)}", style="dim"))
    if "abnormal" in reading.scores:
        score = reading.scores["abnormal"]
        console.print(f"  {session.say('cli.read.abnormal')}: {bar(score)} {score:.0%}", markup=False)
    console.print(Padding(_findings(reading.findings, session), (0, 0, 0, 2), expand=False))
    for measurement in reading.measurements:
        console.print(f"  {_measurement(measurement, session)}", markup=False)
    silent = [concept_name(f.concept, session.lang) for f in reading.findings if f.status is Status.NOT_ASSESSED]
    if silent:
        console.print(Text(f"  {session.say('cli.read.silent')}: {', '.join(silent)}", style="dim"))
    if reading.report is not None:
        console.print()
        console.print(Padding(Text(reading.report.text), (0, 0, 0, 2), expand=False))
    if reading.reader is not None:
        _by_reader(reading.reader, session, console)
    model = reading.model
    place = session.say("cli.read.model", name=model.name, revision=model.revision, point=model.operating_point)
    console.print(Text(f"\n  {place}", style="dim"))
    console.print(Text(f"  {session.say('cli.read.notice')}", style="dim italic"))


def _by_reader(by: ByReader, session: Session, console: Console) -> None:
    """Who wrote the report, and where it parts from the compact findings."""
    told = session.say(f"vlm_read.{'told' if by.told_findings else 'alone'}")
    said = session.say("vlm_read.report", name=by.name, revision=by.revision)
    console.print(Text(f"\n  {said}, {told}", style="dim"))
    title = "flags_title" if by.flags else "no_flags"
    console.print(Text(f"  {session.say(f'vlm_read.{title}')}", style="red" if by.flags else "dim"))
    for flag in by.flags:
        words = session.say(f"vlm_read.flags.{flag.kind}", said=flag.said)
        console.print(f"    • {words}", markup=False)


def _gates(gates: Gates, session: Session) -> str:
    words = [session.say(f"cli.read.views.{gates.view.value}")]
    if gates.inverted:
        words.append(session.say("cli.read.inverted"))
    if gates.rotated:
        words.append(session.say("cli.read.rotated", degrees=gates.rotated))
    return ", ".join(words)


def _findings(findings: tuple[Finding, ...], session: Session) -> Table:
    """What was assessed, the present first and the likelier before the less likely."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for column in ("finding", "status", "probability", "place"):
        table.add_column(session.say(f"cli.read.columns.{column}"), header_style="dim", no_wrap=column != "finding")
    assessed = [finding for finding in findings if finding.status is not Status.NOT_ASSESSED]
    for finding in sorted(assessed, key=lambda f: (_ORDER.index(f.status), -(f.probability or 0.0))):
        style = _STYLES[finding.status]
        chance = "" if finding.probability is None else f"{bar(finding.probability)} {finding.probability:4.0%}"
        table.add_row(
            Text(concept_name(finding.concept, session.lang), style=style if finding.status is Status.PRESENT else ""),
            Text(session.say(f"cli.statuses.{finding.status.value}"), style=style),
            Text(chance, style=style), place(finding.side, finding.zone, session),
        )  # fmt: skip
    return table


def _measurement(measurement: Measurement, session: Session) -> str:
    name = session.say(f"cli.read.measurements.{measurement.name}")
    return f"{name}: {measurement.value:.2f} {measurement.unit}".rstrip()
