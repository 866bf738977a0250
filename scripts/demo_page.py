"""The page that the demo writes: pictures, findings, the draft and what was found; one file, no outside links."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from prosvet.archive.api import IngestResult
from prosvet.core.types import Finding, Side, Status, Zone
from prosvet.language.vocabulary import Vocabulary
from prosvet.reading.api import Reading
from prosvet.search.api import SearchResult

if TYPE_CHECKING:
    from demo import Copy

STYLE = """
:root{color-scheme:dark;--ink:#e8eaed;--dim:#9aa0a6;--line:#30343a;--back:#15171a;--card:#1d2024;--red:#ff8a80;
--amber:#ffd180;--green:#a5d6a7;--blue:#8ab4f8}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,"DejaVu Sans",
sans-serif}main{max-width:1180px;margin:0 auto;padding:24px}h1{font-size:28px;margin:0 0 4px}h2{font-size:20px;
margin:36px 0 12px}p.note{color:var(--dim);margin:4px 0}.row{display:flex;gap:20px;flex-wrap:wrap}.row>*{flex:1 1 320px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px}
figure img{width:100%;display:block;border-radius:4px}figcaption{color:var(--dim);font-size:14px;padding-top:8px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid
var(--line);vertical-align:top}th{color:var(--dim);font-weight:500}.present{color:var(--red)}.uncertain{color:
var(--amber)}.absent{color:var(--green)}.bar{display:inline-block;height:8px;border-radius:4px;background:currentColor;
margin-right:8px;vertical-align:middle}pre{white-space:pre-wrap;font:inherit;margin:0;background:var(--card);border:1px
solid var(--line);border-radius:8px;padding:16px}.warn{border-left:4px solid var(--amber);padding:8px 14px;
background:var(--card);margin:12px 0}blockquote{margin:4px 0;color:var(--dim)}.score{color:var(--blue);
font-variant-numeric:tabular-nums}code{color:var(--blue)}
"""

STATUS = {Status.PRESENT: "выявлено", Status.UNCERTAIN: "под вопросом", Status.ABSENT: "не выявлено"}
SIDES = {Side.LEFT: "слева", Side.RIGHT: "справа", Side.BILATERAL: "с обеих сторон", Side.MIDLINE: ""}
ZONES = {Zone.UPPER: "верхнее поле", Zone.MIDDLE: "среднее поле", Zone.LOWER: "нижнее поле", Zone.DIFFUSE: "диффузно"}


def place_words(finding: Finding) -> str:
    """«справа, нижнее поле»; empty when neither is known."""
    side = SIDES[finding.side] if finding.side else ""
    zone = ZONES[finding.zone] if finding.zone else ""
    return ", ".join(word for word in (side, zone) if word)


def picture(path: Path, width: int = 640) -> str:
    """A picture file as an inline image, 16-bit ones brought to 8."""
    with Image.open(path) as source:
        grey = source.mode.startswith("I")
        image = Image.fromarray((np.asarray(source) / 257).astype(np.uint8)) if grey else source.convert("RGB")
    image.thumbnail((width, width))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}">'


@dataclass
class Page:
    """Everything that the page shows."""

    reading: Reading
    copies: Sequence[Copy]
    added: IngestResult
    found: Sequence[tuple[str, SearchResult]]
    words: Vocabulary

    def write(self, path: Path) -> None:
        """Write the page."""
        body = "".join((self._head(), self._film(path.parent), self._copies(), self._archive(), self._hits()))
        path.write_text(
            f'<!doctype html><html lang="ru"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Просвет</title><style>{STYLE}</style><main>{body}</main></html>",
            encoding="utf-8",
        )

    def _head(self) -> str:
        model = self.reading.model
        return (
            "<h1>Просвет</h1><p class=note>Открытый читальный зал рентгенограмм органов грудной клетки: "
            "читает, ищет, проверяет. Без сети, на обычном компьютере.</p>"
            "<div class=warn>Исследовательская программа поддержки решений, не медицинское изделие. "
            "Черновик протокола редактирует и подписывает врач.</div>"
            f"<p class=note>Модель {escape(model.name)}, редакция {escape(model.revision)}, "
            f"рабочая точка «{escape(model.operating_point)}».</p>"
        )

    def _film(self, folder: Path) -> str:
        overlay = (
            f"<figure>{picture(self.reading.overlay)}<figcaption>Карта находок, контуры лёгких и сердца, линии "
            "кардиоторакального индекса</figcaption></figure>"
            if self.reading.overlay
            else ""
        )
        original = picture(folder / "pictures" / "film.png")
        film = f"<figure>{original}<figcaption>RG1, снимок как он есть</figcaption></figure>"
        report = escape(self.reading.report.text) if self.reading.report else ""
        return (
            f"<h2>Снимок и чтение</h2><div class=row>{film}{overlay}</div>"
            f"<h2>Находки</h2>{self._findings()}<h2>Черновик протокола</h2><pre>{report}</pre>"
        )

    def _findings(self) -> str:
        rows = "".join(self._finding(f) for f in self.reading.findings if f.status is not Status.NOT_ASSESSED)
        silent = ", ".join(
            self.words.concepts[f.concept].names["ru"] for f in self.reading.findings if f.status is Status.NOT_ASSESSED
        )
        return (
            "<table><tr><th>Находка<th>Вывод<th>Вероятность<th>Место</tr>" + rows + "</table>"
            f"<p class=note>Не оценивалось: {escape(silent)}.</p>"
        )

    def _finding(self, finding: Finding) -> str:
        name = self.words.concepts[finding.concept].names["ru"]
        chance = finding.probability or 0.0
        return (
            f'<tr><td>{escape(name)}<td class="{finding.status.value}">'
            f'{STATUS[finding.status]}<td class="{finding.status.value}">'
            f'<span class=bar style="width:{chance * 120:.0f}px"></span>'
            f"{chance * 100:.0f} %<td>{place_words(finding)}</tr>"
        )

    def _copies(self) -> str:
        figures = []
        for copy in self.copies:
            moved = f"{copy.difference:.2f}".replace(".", ",")
            words = f"{copy.noticed or 'не замечено'}. Вероятность патологии изменилась на {moved}."
            caption = f"<figcaption><b>{escape(copy.name)}</b>: {escape(words)}</figcaption>"
            figures.append(f"<figure>{picture(copy.path, 320)}{caption}</figure>")
        return f"<h2>Тот же снимок, испорченный</h2><div class=row>{''.join(figures)}</div>"

    def _archive(self) -> str:
        return (
            "<h2>Архив</h2><p>Снимок RG1 и отчёты Open-i (Университет Индианы), обезличенные: "
            f"исследований {self.added.studies}, снимков {self.added.images}, отчётов {self.added.reports}, "
            f"{self.added.seconds:.0f} с.</p>"
        )

    def _hits(self) -> str:
        blocks = []
        for question, result in self.found:
            rows = "".join(
                f"<tr><td class=score>{f'{hit.score:.2f}'.replace('.', ',')}<td>{escape(hit.file or hit.study)}"
                f"<td>{escape('; '.join(hit.reasons))}<blockquote>{escape(hit.excerpt)}</blockquote></tr>"
                for hit in result.hits
            )
            blocks.append(f"<h2>Поиск: {escape(question)}</h2><table>{rows}</table>")
        return "".join(blocks)
