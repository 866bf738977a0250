"""The search page: server time of real pages over an archive, for texts in both languages and films of the archive.

    python benchmarks/search_page.py --home HOME [--times 100] [--out results/search_page.json]

Pages are asked through the whole application (routes, guard, templates, compression) in this process, one at a time;
what is counted is the time from the request to the last byte. The aim is 300 ms at the 95th percentile.
"""

from __future__ import annotations

import time
from pathlib import Path

from starlette.testclient import TestClient

from common import command, figure, finish, latencies, parser, peak_mb
from prosvet.app.http.app import create_app
from prosvet.archive.filters import StudyFilter
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.search.warm import warm

AIM_MS = 300.0
QUERIES = {
    "ru": (
        "плевральный выпот справа", "кардиомегалия без плеврального выпота", "пневмоторакс", "туберкулёз лёгких",
        "очаговая тень у мужчин старше 50", "кальцинаты, пожилые женщины", "ателектаз", "консолидация, дети",
        "эмфизема или пневмофиброз", "перелом рёбер", "норма, женщины 20-40 лет", "расширение средостения",
        "инфильтрация в верхней доле слева", "линии Керли", "электрокардиостимулятор",
    ),
    "en": (
        "right pleural effusion", "cardiomegaly without pleural effusion", "pneumothorax", "pulmonary tuberculosis",
        "lung nodule in men over 50", "calcified granuloma, elderly women", "atelectasis", "consolidation, children",
        "emphysema or fibrosis", "rib fracture", "normal chest, women aged 20-40", "widened mediastinum",
        "left upper lobe infiltrate", "Kerley lines", "pacemaker",
    ),
}  # fmt: skip


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--home", type=Path, required=True, help="an ingested archive")
    arguments.add_argument("--times", type=int, default=100, help="pages of each kind")
    given = arguments.parse_args()
    app = create_app(load_settings({}, home=given.home, threads=1))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        context: Context = app.state.context
        first = warm(context)
        rows = [figure("first search after a start, s", "search", first, 1)]
        for name, addresses in _pages(context).items():
            rows.append(_row(client, name, addresses, given.times))
        counts = context.get(Store).counts()
    finish(
        "search_page", given.out, data={"studies": counts.studies, "images": counts.images, "reports": counts.reports},
        aim_ms=AIM_MS, figures=rows, peak_mb=peak_mb(), run=command("search_page"),
    )  # fmt: skip


def _pages(context: Context) -> dict[str, list[tuple[str, dict[str, str]]]]:
    films = context.get(Store).select_images(StudyFilter(view="frontal"))  # type: ignore[arg-type]
    chosen = films[:: max(1, len(films) // 60)][:60].tolist()
    texts = {
        f"text, {lang}": [(lang, {"q": text}) for text in queries] for lang, queries in QUERIES.items()
    }  # fmt: skip
    more = [("ru", {"q": text, "offset": "24"}) for text in QUERIES["ru"]]
    return texts | {"stored film": [("ru", {"image": str(film)}) for film in chosen], "next hits": more,
                    "first visit": [("ru", {}), ("en", {})]}  # fmt: skip


def _row(client: TestClient, name: str, addresses: list[tuple[str, dict[str, str]]], times: int) -> dict[str, object]:
    slow: dict[str, float] = {}

    def ask(i: int) -> None:
        lang, fields = addresses[i % len(addresses)]
        path = "/search/more" if "offset" in fields else "/search"
        begun = time.perf_counter()
        answer = client.get(path, params=fields, headers={"Accept-Language": lang})
        if answer.status_code != 200:
            raise RuntimeError(f"{fields}: {answer.status_code}")
        slow[str(fields)] = max(slow.get(str(fields), 0.0), (time.perf_counter() - begun) * 1000)

    measured = latencies(ask, times)
    worst = max(slow, key=lambda key: slow[key])
    return figure(f"{name}, p95 ms", "search page", measured["p95_ms"], times, **measured, slowest=worst)


if __name__ == "__main__":
    main()
