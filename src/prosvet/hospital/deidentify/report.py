"""What was changed, for people and programs: counts by attribute and region, never a value that was taken out."""

from __future__ import annotations

import csv
import html
import io
from collections import Counter
from typing import Literal

from pydantic import Field

from prosvet.core.i18n import Lang, text
from prosvet.core.types import Frozen
from prosvet.hospital.deidentify.options import Options

__all__ = ["ExportReport", "FileReport", "State", "Totals", "as_csv", "as_html", "totals_of"]

State = Literal["exported", "withheld", "left_out"]


class FileReport(Frozen):
    """One input file.

    Attributes
    ----------
    file : str
        Path in the export; for what is not in it, a pseudonym of its old path.
    form : str
        dicom, png, jpeg, text, table, or empty.
    state : str
        exported; withheld: the check found something, or too much would be masked; left_out: not of a kind that is
        exported.
    reason : str
        Key under ``deidentify_reasons``; empty for what was exported.
    changes : dict
        ``ACTION KEYWORD`` or kind of text to how often.
    regions : tuple
        Masked boxes: left, top, right, bottom, in pixels.
    masked : float
        Part of the picture that was masked, 0..1.
    left : tuple of str
        Where the check found something.
    """

    file: str
    form: str = ""
    state: State
    reason: str = ""
    changes: dict[str, int] = Field(default_factory=dict)
    regions: tuple[tuple[int, int, int, int], ...] = ()
    markers: int = 0
    masked: float = 0.0
    left: tuple[str, ...] = ()
    sha256: str = ""


class Totals(Frozen):
    """Sums over an export."""

    exported: int = 0
    withheld: int = 0
    left_out: int = 0
    regions: int = 0
    pictures: int = 0
    pictures_masked: int = 0
    changes: dict[str, int] = Field(default_factory=dict)


class ExportReport(Frozen):
    """The report of an export, as it lies in it under ``report.json``."""

    program: str
    finished: str
    options: Options
    codes: tuple[str, ...]
    key: Literal["kept", "thrown_away"]
    totals: Totals
    files: tuple[FileReport, ...]


def totals_of(files: tuple[FileReport, ...]) -> Totals:
    """The sums."""
    states = Counter(file.state for file in files)
    changes: Counter[str] = Counter()
    for file in files:
        changes.update(file.changes)
    pictures = [file for file in files if file.form in ("dicom", "png", "jpeg") and file.state == "exported"]
    return Totals(
        exported=states["exported"], withheld=states["withheld"], left_out=states["left_out"],
        regions=sum(len(file.regions) for file in files), pictures=len(pictures),
        pictures_masked=sum(bool(file.regions) for file in pictures), changes=dict(changes.most_common()),
    )  # fmt: skip


def as_csv(report: ExportReport) -> str:
    """A line a file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("file", "form", "state", "reason", "changes", "regions", "masked", "left"))
    for file in report.files:
        changes = "; ".join(f"{name} {count}" for name, count in file.changes.items())
        regions = "; ".join(",".join(map(str, region)) for region in file.regions)
        writer.writerow((file.file, file.form, file.state, file.reason, changes, regions, f"{file.masked:.4f}",
                         "; ".join(file.left)))  # fmt: skip
    return out.getvalue()


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b2330}
table{border-collapse:collapse;width:100%;margin:1rem 0 2rem}th,td{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid #d5dbe3;vertical-align:top}th{color:#56617a;font-weight:600}td.n{text-align:right;
font-variant-numeric:tabular-nums}.withheld td{background:#fdecea}.left_out td{color:#56617a}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#56617a}dd{margin:0}
"""


def as_html(report: ExportReport, lang: Lang) -> str:
    """A page of its own, without scripts."""

    def say(key: str, **values: object) -> str:
        return html.escape(text(f"deidentify.report.{key}", lang, **values))

    totals = report.totals
    facts = "".join(
        f"<dt>{say(name)}</dt><dd>{html.escape(str(value))}</dd>"
        for name, value in (
            ("program", report.program), ("finished", report.finished), ("codes", "; ".join(report.codes)),
            ("key", text(f"deidentify.report.keys.{report.key}", lang)),
            ("exported", totals.exported), ("withheld", totals.withheld), ("left_out", totals.left_out),
            ("masked", f"{totals.pictures_masked} / {totals.pictures}"),
        )
    )  # fmt: skip
    changes = "".join(
        f'<tr><td>{html.escape(name)}</td><td class="n">{count}</td></tr>' for name, count in totals.changes.items()
    )
    rows = "".join(_line(file, lang) for file in report.files)
    heads = "".join(f"<th>{say(name)}</th>" for name in ("file", "state", "changed", "regions", "area"))
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{say("title")}</title>'
        f"<style>{_STYLE}</style><h1>{say('title')}</h1><p>{say('limits')}</p><dl>{facts}</dl>"
        f"<h2>{say('changes')}</h2><table><tr><th>{say('what')}</th><th>{say('times')}</th></tr>{changes}</table>"
        f"<h2>{say('files')}</h2><table><tr>{heads}</tr>{rows}</table></html>"
    )


def _line(file: FileReport, lang: Lang) -> str:
    state = text(f"deidentify.states.{file.state}", lang)
    reason = f": {text(f'deidentify_reasons.{file.reason}', lang, name='')}" if file.reason else ""
    left = f" ({', '.join(file.left)})" if file.left else ""
    return (
        f'<tr class="{file.state}"><td>{html.escape(file.file)}</td><td>{html.escape(state + reason + left)}</td>'
        f'<td class="n">{sum(file.changes.values())}</td><td class="n">{len(file.regions)}</td>'
        f'<td class="n">{file.masked:.2%}</td></tr>'
    )
