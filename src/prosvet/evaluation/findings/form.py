"""The table that Russian purchasing guidance asks for: the syndromes, each with accuracy, sensitivity, specificity.

The list of syndromes is the Moscow one for chest radiography and fluorography (group ``moscow`` of the vocabulary);
"normal or not" comes last. A syndrome without cases, without scores or without a threshold is "not assessed".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from prosvet.core.i18n import Lang, numeral, text
from prosvet.evaluation.result import Figure, Table
from prosvet.language.vocabulary import SYNDROMES

__all__ = ["ROWS", "syndromes", "write_form"]

ROWS = (*SYNDROMES, "abnormal")
"""The published list, then normal or not."""

_FIGURES = ("accuracy", "sensitivity", "specificity", "auroc")
_COLUMNS = ("name", "n", "positives", *_FIGURES)
_MARKED_UTF8 = "utf-8-sig"  # without the mark a Russian Excel takes the file for cp1251


def syndromes(metrics: Mapping[str, Figure], counts: Mapping[str, tuple[int, int]], lang: Lang) -> Table:
    """The syndromes, a row each, in words and numbers of `lang`.

    Parameters
    ----------
    metrics : dict
        ``accuracy.pleural_effusion`` and so on.
    counts : dict of concept to (films, films with the finding)
        The concepts that were evaluated.
    """
    return Table(
        id="syndromes",
        columns=tuple(f"syndrome.{name}" for name in _COLUMNS),
        rows=tuple(_row(concept, metrics, counts.get(concept, (0, 0)), lang) for concept in ROWS),
    )


def _row(
    concept: str, metrics: Mapping[str, Figure], count: tuple[int, int], lang: Lang
) -> tuple[str | int | None, ...]:
    none = text("evaluation.tables.syndrome.not_assessed", lang)
    n, positives = count
    cells = [none] * len(_FIGURES)
    if 0 < positives < n:
        cells = [_told(metrics.get(f"{figure}.{concept}"), lang) or none for figure in _FIGURES]
    return (text(f"evaluation.syndromes.{concept}", lang), n, positives, *cells)


def _told(figure: Figure | None, lang: Lang) -> str:
    """``0,93 (0,88-0,96)`` with a dash; empty without a value or an interval."""
    if figure is None or figure.value is None or figure.low is None or figure.high is None:
        return ""
    return numeral(f"{figure.value:.2f} ({figure.low:.2f}–{figure.high:.2f})", lang)


def write_form(path: Path, table: Table, head: Mapping[str, str], lang: Lang = "ru") -> None:
    """Write the syndromes with what was measured above them: ``.csv`` for Excel, anything else as Markdown.

    Parameters
    ----------
    head : dict
        Lines above the table: name to value (data, model, operating point, date).
    """
    names = [text(f"evaluation.tables.{column}", lang) for column in table.columns]
    rows = [["" if cell is None else str(cell) for cell in row] for row in table.rows]
    footnote = text("evaluation.tables.syndrome.footnote", lang)
    title = text("evaluation.tables.syndromes", lang)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".csv":
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerows([[title], *([k, v] for k, v in head.items()), [], names, *rows, [], [footnote]])
        path.write_text(stream.getvalue(), encoding=_MARKED_UTF8, newline="")
        return
    lines = [f"# {title}", "", *(f"- {name}: {value}" for name, value in head.items()), ""]
    lines += ["| " + " | ".join(row) + " |" for row in (names, ["---"] * len(names), *rows)]
    path.write_text("\n".join([*lines, "", footnote, ""]), encoding="utf-8")
