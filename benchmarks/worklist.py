"""Server time of the worklist: pages, orders and filters over 17,000 and 100,000 studies.

The archive is a copy of a real one whose studies are repeated under new ids until there are enough, with statuses and
readers dealt out. Measured is the whole answer of the page as the application gives it (queries, template, HTML), one
request after another, without the network.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from common import figure, finish, latencies, parser
from prosvet.app.http.app import create_app
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.worklist import STATUSES, relist
from prosvet.core.settings import load_settings

_WEIGHTS = (60, 10, 5, 20, 3, 2)  # of the statuses, in per cent

_COPIES = {
    "patients": "INSERT INTO patients SELECT id || :n, sex, birth_year FROM patients WHERE length(id) = :own",
    "studies": "INSERT INTO studies SELECT id || :n, patient_id || :n, age, date, date_shifted, source, split, "
    "description FROM studies WHERE length(id) = :own",
    "images": "INSERT INTO images (study_id, sha256, source_sha256, file, format, view, rows, cols, row_spacing, "
    "col_spacing, is_chest_xray, gates, scores, state) SELECT study_id || :n, sha256 || :n, source_sha256 || :n, "
    "replace(file, '.', :n || '.'), format, view, rows, cols, row_spacing, col_spacing, is_chest_xray, gates, scores, "
    "state FROM images WHERE length(study_id) = :own",
    "findings": "INSERT INTO findings (study_id, concept, status, probability, side, zone, severity, origin) SELECT "
    "study_id || :n, concept, status, probability, side, zone, severity, origin FROM findings "
    "WHERE length(study_id) = :own",
}
"""Ids of an archive have one length: a longer one is a copy's."""

PAGES = {
    "first page": "/worklist",
    "first page, the list alone": "/worklist#list",
    "all statuses": "/worklist?status=all",
    **{f"sorted by {name}": f"/worklist?sort={name}" for name in ("arrived", "date", "age", "sex", "status", "study")},
    **{f"sorted by {name}, up": f"/worklist?sort={name}&down=false" for name in ("priority", "age", "status")},
    "last page": "/worklist?status=all&before=end",
    "critical only": "/worklist?priority=3",
    "signed": "/worklist?status=signed",
    "finding pneumothorax": "/worklist?finding=pneumothorax",
    "women of 60 and more": "/worklist?sex=F&age_min=60",
    "source": "/worklist?source=cohen",
    "part of a file's name": "/worklist?text=00704",
    "nothing matches": "/worklist?text=no-such-study",
}


def grow(home: Path, studies: int) -> int:
    """Repeat the studies of the archive at `home` until there are `studies`; deal out what a department would have."""
    store = Store(home)
    with store.write() as db:
        own = db.execute(text("SELECT min(length(id)) FROM studies")).scalar_one()
        patients = db.execute(text("SELECT min(length(id)) FROM patients")).scalar_one()
        count = db.execute(text("SELECT count(*) FROM studies WHERE length(id) = :own"), {"own": own}).scalar_one()
        for number in range(1, -(-studies // count)):
            for table, words in _COPIES.items():
                length = patients if table == "patients" else own
                db.execute(text(words), {"n": f"c{number}", "own": length})
        extra = "SELECT id FROM studies WHERE length(id) > :own ORDER BY id DESC LIMIT :more"
        total = db.execute(text("SELECT count(*) FROM studies")).scalar_one()
        more = max(0, total - studies)
        db.execute(text(f"DELETE FROM studies WHERE id IN ({extra})"), {"own": own, "more": more})
    relist(store)
    _deal(store)
    with store.read() as db:
        kept = db.execute(select(func.count()).select_from(WorkItem)).scalar_one()
    store.close()
    return int(kept)


def _deal(store: Store) -> None:
    """Statuses, readers, days and times of arrival, the same for the same archive."""
    chance, now = random.Random(0), datetime.now(UTC).replace(tzinfo=None)
    with store.note() as db:
        names = db.execute(select(WorkItem.study_id).order_by(WorkItem.study_id)).scalars().all()
        rows = [
            {
                "study": name,
                "status": chance.choices(STATUSES, _WEIGHTS)[0],
                "reader": chance.choice((None, None, "petrova", "ivanov")),
                "arrived": str(now - timedelta(minutes=chance.randrange(500_000))),
                "day": str((now - timedelta(days=chance.randrange(3000))).date()) if chance.random() < 0.8 else None,
            }
            for name in names
        ]
        words = "UPDATE worklist SET status = :status, reader = :reader, arrived = :arrived, date = :day"
        db.execute(text(f"{words} WHERE study_id = :study"), rows)


def measure(home: Path, studies: int, times: int) -> list[dict[str, object]]:
    """One row for each kind of page."""
    figures = []
    with TestClient(create_app(load_settings({}, home=home, threads=1)), base_url="http://127.0.0.1") as client:

        def ask(address: str) -> str:
            alone = {"HX-Request": "true"} if address.endswith("#list") else {}
            answer = client.get(address.removesuffix("#list"), headers={"Accept-Language": "ru", **alone})
            answer.raise_for_status()
            return answer.text

        deep = {"deep page": _deep(client, studies)}
        for name, address in {**PAGES, **deep}.items():
            took = latencies(lambda _, address=address: ask(address), times)
            figures.append(figure(name, f"{studies} studies", took["p95_ms"], times, unit="ms", **took))
    return figures


def _deep(client: TestClient, studies: int) -> str:
    """The address of a page in the middle of the list."""
    mark, left = None, studies // 1000
    while left:
        asked = {"status": "all", "limit": 500, **({"after": mark} if mark else {})}
        mark, left = client.get("/v1/worklist", params=asked).json()["after"], left - 1
    return f"/worklist?status=all&after={mark}"


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--home", type=Path, required=True, help="a real archive; it is copied, never changed")
    options.add_argument("--studies", type=int, nargs="+", default=[17_000, 100_000])
    options.add_argument("--times", type=int, default=100, help="requests of each kind")
    given = options.parse_args()
    figures: list[dict[str, object]] = []
    for studies in given.studies:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(given.home / "archive.db", folder)
            figures += measure(Path(folder), grow(Path(folder), studies), given.times)
    finish("worklist", given.out, figures=figures)


if __name__ == "__main__":
    main()
