"""A page of what the model says of a few films as it learns: the film, what should be said, what is said, by step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from PIL import Image

from prosvet.core.i18n import Lang, text

__all__ = ["Sample", "add_samples", "write_page"]

_SIDE = 320
_CSS = """
:root{color-scheme:light dark;--bg:#f6f7f9;--panel:#fff;--text:#1d232b;--muted:#5a6472;--line:#dde2e8;--accent:#1f66ad}
@media (prefers-color-scheme:dark){:root{--bg:#14181d;--panel:#1d232b;--text:#e6eaf0;--muted:#9aa5b3;--line:#313a46;
--accent:#6db1f2}}
body{margin:0;padding:24px;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:auto}h1{font-size:1.5rem;margin:0 0 4px}.muted{color:var(--muted);margin:0 0 20px}
article{display:grid;grid-template-columns:320px 1fr;gap:20px;background:var(--panel);border:1px solid var(--line);
border-radius:10px;padding:16px;margin:0 0 16px}img{width:320px;border-radius:6px;background:#000;display:block}
h2{font-size:1rem;margin:0 0 8px;overflow-wrap:anywhere}h3{font-size:.8rem;margin:10px 0 2px;color:var(--muted);
font-weight:600}p{margin:0;overflow-wrap:anywhere}ol{list-style:none;margin:0;padding:0}
li{display:grid;grid-template-columns:5.5rem 1fr;padding:6px 0;border-top:1px solid var(--line)}
li b{font-weight:600;color:var(--accent);font-variant-numeric:tabular-nums}
@media (max-width:760px){article{grid-template-columns:1fr}img{width:100%}}
"""


@dataclass(frozen=True)
class Sample:
    """One answer.

    Attributes
    ----------
    step : int
        Steps taken when it was given.
    case : str
    asked, wanted, said : str
    """

    step: int
    case: str
    asked: str
    wanted: str
    said: str


def add_samples(samples: Sequence[Sample], pictures: dict[str, Image.Image], folder: Path, lang: Lang) -> Path:
    """Put the answers of one step beside those before it, and write the page anew.

    Answers of the same step or a later one are from a run that was stopped and went on from before: they go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "samples.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    step = min((one.step for one in samples), default=0)
    kept = [one for one in (Sample(**json.loads(line)) for line in lines) if one.step < step]
    every = [*kept, *samples]
    names = sorted({one.case for one in every})
    for case, picture in pictures.items():
        small = picture.copy()
        small.thumbnail((2 * _SIDE, 2 * _SIDE))
        small.save(folder / _file(names.index(case)))
    fresh = path.with_suffix(".tmp")
    fresh.write_text("".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in every), encoding="utf-8")
    fresh.replace(path)
    return write_page(every, folder, lang)


def write_page(samples: Sequence[Sample], folder: Path, lang: Lang) -> Path:
    """``index.html`` in `folder`, beside the pictures."""
    names = sorted({one.case for one in samples})
    blocks = [_block(place, [one for one in samples if one.case == name], lang) for place, name in enumerate(names)]
    steps = len({one.step for one in samples})
    title = escape(text("tuning.samples.title", lang))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    told = escape(text("tuning.samples.told", lang, cases=len(names), steps=steps))
    page = f'<!doctype html><html lang="{lang}"><head>{head}<style>{_CSS}</style></head><body><main>'
    page += f'<h1>{title}</h1><p class="muted">{told}</p>{"".join(blocks)}</main></body></html>'
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _file(place: int) -> str:
    return f"case-{place:03d}.png"


def _block(place: int, said: Sequence[Sample], lang: Lang) -> str:
    first = said[0]
    words = {name: escape(text(f"tuning.samples.{name}", lang)) for name in ("asked", "wanted", "said", "silent")}
    answers = "".join(
        f"<li><b>{one.step}</b><p>{escape(one.said) or words['silent']}</p></li>"
        for one in sorted(said, key=lambda one: one.step)
    )
    return (
        f'<article><img src="{_file(place)}" alt="{escape(first.case)}"><div><h2>{escape(first.case)}</h2>'
        f"<h3>{words['asked']}</h3><p>{escape(first.asked)}</p><h3>{words['wanted']}</h3>"
        f"<p>{escape(first.wanted)}</p><h3>{words['said']}</h3><ol>{answers}</ol></div></article>"
    )
