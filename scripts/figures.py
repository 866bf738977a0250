"""Put the measured figures between the markers of the pages, from ``benchmarks/results/*.json``.

The READMEs show the figures that have an aim, ``docs/figures.md`` shows all.

Usage: ``python scripts/figures.py [--check]``; ``--check`` writes nothing and fails when a page is stale.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"README.md": ("en", True), "README.ru.md": ("ru", True), "docs/figures.md": ("en", False)}
"""Page: its language, and whether it shows only what has an aim."""

LESS_IS_BETTER = {"s", "ms", "MB", "MiB"}
BLOCK = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.S)
HEADS = {
    "en": ("what", "on", "n", "measured (95 % interval)", "aim", "command"),
    "ru": ("что", "на чём", "n", "получено (интервал 95 %)", "цель", "команда"),
}


def number(value: float, unit: str = "") -> str:
    """Three significant places and the unit: ``0.842``, ``1.23 s``, ``12,400``."""
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 1 else f"{value:.3f}"
    return f"{digits} {unit}".strip()


def reached(value: float, aim: str) -> bool:
    """Whether `value` keeps the aim, written ``≥ 0.84`` or ``≤ 1.5``."""
    sign, bound = aim[0], float(re.sub(r"[^\d.]", "", aim))
    return value >= bound if sign == "≥" else value <= bound


def aim_of(figure: dict[str, Any]) -> str:
    """The aim with a mark: reached, or short of it. A bare number is a ceiling for times, sizes and errors."""
    aim = figure.get("target")
    if aim is None:
        return ""
    less = figure.get("unit") in LESS_IS_BETTER or "error" in figure["metric"]
    written = aim if isinstance(aim, str) else f"{'≤' if less else '≥'} {aim}"
    return f"{written} {'✓' if reached(figure['value'], written) else '✗'}"


def line(figure: dict[str, Any], result: dict[str, Any]) -> str:
    """One row of the table."""
    unit = figure.get("unit", "")
    measured = number(figure["value"], unit)
    if figure.get("low") is not None:
        measured += f" ({number(figure['low'])}–{number(figure['high'])})"
    data = figure.get("data") or result.get("data", "")
    count = figure.get("n") or result.get("n")
    cells = (
        figure["metric"],
        data,
        f"{count:,}" if count else "",
        measured,
        aim_of(figure),
        f"`{result['command']}`",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(results: list[dict[str, Any]], lang: str, only_aims: bool) -> str:
    """The table of figures, in the order of the result files' names."""
    shown = [(figure, result) for result in results for figure in result["figures"]]
    rows = [line(figure, result) for figure, result in shown if "target" in figure or not only_aims]
    head = "| " + " | ".join(HEADS[lang]) + " |"
    return "\n".join([head, "|---" * len(HEADS[lang]) + "|", *rows]) + "\n"


def load(folder: Path) -> list[dict[str, Any]]:
    """Every result file that carries figures."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return [result for result in results if result.get("figures")]


def main(*arguments: str) -> int:
    """Write or check the pages."""
    results, stale = load(ROOT / "benchmarks" / "results"), 0
    for name, (lang, only_aims) in PAGES.items():
        page = ROOT / name
        old = page.read_text(encoding="utf-8")
        body = table(results, lang, only_aims)
        new = BLOCK.sub(lambda found, body=body: found[1] + body + found[2], old)
        if new != old and "--check" in arguments:
            print(f"{name} does not show the figures of benchmarks/results: make docs", file=sys.stderr)
            stale = 1
        elif new != old:
            page.write_text(new, encoding="utf-8")
            print(name)
    return stale


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
