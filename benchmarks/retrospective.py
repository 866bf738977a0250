"""How quick retrospective reading is: over kept scores, over films read anew, and going on after a stop.

``python benchmarks/retrospective.py HOME [--films 60]`` copies the archive at HOME, so that nothing of it is changed.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete, select

from common import figure, finish, parser, peak_mb
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import ImageVector
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import Cancelled
from prosvet.core.progress import SilentProgress
from prosvet.core.settings import load_settings
from prosvet.reading.retrospective.api import RetrospectiveRequest, run
from prosvet.reading.retrospective.lists import RunView
from prosvet.reading.retrospective.score import HARM, WEIGHT

T = TypeVar("T")


class Stops(SilentProgress):
    """Stops after `after` studies."""

    def __init__(self, after: int) -> None:
        self.after = after

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        for number, item in enumerate(items):
            if number == self.after:
                raise Cancelled
            yield item


def go(context: Context, filters: StudyFilter, number: int | None = None) -> tuple[RunView, float]:
    """A run and its seconds."""
    start = time.perf_counter()
    made = run(RetrospectiveRequest(action="run", filters=filters, number=number), context).run
    assert made is not None
    return made, time.perf_counter() - start


def stopped(context: Context, after: int) -> RunView:
    """A run that was stopped after so many studies."""
    try:
        go(context.child(progress=Stops(after)), StudyFilter())
    except Cancelled:
        return run(RetrospectiveRequest(action="runs"), context).runs[0]
    raise AssertionError("the archive is smaller than that")


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__)
    arguments.add_argument("home", type=Path)
    arguments.add_argument("--films", type=int, default=60, help="studies to read anew")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "archive"
        shutil.copytree(given.home, home)
        with Context(load_settings({}, home=home, threads=1)) as context:
            results = measure(context, given.films)
    finish("retrospective", given.out, results=results, harm=HARM, weight=WEIGHT, peak_mb=peak_mb())


def measure(context: Context, films: int) -> list[dict[str, object]]:
    """The figures."""
    go(context, StudyFilter())  # opens the database and reads the vocabulary
    whole, kept = go(context, StudyFilter())
    half = stopped(context, whole.done // 2)
    resumed, rest = go(context, StudyFilter(), half.id)
    again, nothing = go(context, StudyFilter(), resumed.id)
    with context.get(Store).note() as db:
        # Without their vectors these films count as not examined by this model.
        chosen = db.execute(select(ImageVector.image_id).order_by(ImageVector.image_id).limit(films)).scalars().all()
        db.execute(delete(ImageVector).where(ImageVector.image_id.in_(chosen)))
    anew, longer = go(context, StudyFilter())
    return [
        figure("studies with a disagreement", "archive", whole.differing, whole.done),
        figure("studies a second, kept scores", "archive", whole.done / kept, whole.done),
        figure("studies read before the stop", "stopped run", half.done, whole.done),
        figure("studies a second, after the stop", "stopped run", (resumed.done - half.done) / rest,
               resumed.done - half.done),
        figure("seconds to find that nothing is left", "finished run", nothing, again.done),
        figure("films a second, read anew", "archive", len(chosen) / (longer - kept), len(chosen)),
        figure("studies with a disagreement, films read anew", "archive", anew.differing, anew.done),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
