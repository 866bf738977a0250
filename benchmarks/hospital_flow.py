"""The whole road from a device to the PACS: a large hospital's day replayed, and the node killed again and again.

``day`` sends studies to a running node as a day brings them (few at night, most before noon), compressed, and waits
until every result lies at the peer, which is dcmtk's ``storescp``. With ``--studies`` below 3,000 it is a sample of
the day, and what is said of the whole day is an extrapolation. ``kill`` kills the node at random moments meanwhile.
Both tell on standard error how far they are, and with ``--keep DIR`` go on there where they were stopped.
"""

from __future__ import annotations

import itertools
import random
import signal
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from common import ROOT, bootstrap, figure, finish, parser

sys.path.insert(0, str(ROOT / "tests"))

from pydicom.dataset import Dataset

import flow_lives
from conftest import shared_folder
from flow_lives import Home, Peers, Progress, Sender, kill_test, outcome, words
from flow_support import storescp
from forked import free_port, nest
from hospital_films import as_dx, fresh_uid
from prosvet.evaluation.proportions import wilson
from prosvet.hospital.ledger.schema import Exam, Outgoing

_DAY = 3000
_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 16, 15, 12, 12, 11, 9, 7, 5, 4, 3, 3, 2, 2, 1)
"""Studies of each hour of a working day, in proportion: an assumption, not a measurement."""
_KINDS = ("sr", "text_sr", "sc")
_TICK = 10.0  # seconds between two lines of the log
_OF = {
    "acknowledged_lost": "acknowledged", "exams_not_done": "exams", "results_not_made": "results",
    "results_doubled": "results", "missing_at_peer": "results", "doubled_at_peer": "results",
    "differing_at_peer": "results",
}  # fmt: skip
"""What must be nought, and of how many: the rows have the upper end of its share's 95 % interval."""
_FULL_EVERY = 10  # one study in so many has a full-size film


def pictures(place: Path, count: int) -> tuple[list[Path], list[Path]]:
    """Small and full-size films of the development data, unpacked to `place`."""
    if not place.exists():
        with tarfile.open(shared_folder() / "cxr" / "val-000.tar") as archive:
            members = [member for member in archive if member.isfile()][:count]
            archive.extractall(place, members=members, filter="data")
    return sorted(place.rglob("*.jpg")), sorted((shared_folder() / "fullsize").glob("*.png"))


def films(small: Sequence[Path], full: Sequence[Path], studies: int | None) -> Iterator[Dataset]:
    """Studies of one film, each of a patient of its own."""
    numbers = itertools.count() if studies is None else range(studies)
    for number in numbers:
        source = full[number % len(full)] if number % _FULL_EVERY == 0 else small[number % len(small)]
        yield as_dx(source, study=fresh_uid(), patient=f"{number:08d}")


def arrivals(studies: int, seconds: float, seed: int) -> list[float]:
    """When each study of a day comes, in seconds of a day that is `seconds` long."""
    chance, hour = random.Random(seed), seconds / 24
    hours = chance.choices(range(24), weights=_HOURS, k=studies)
    return sorted((one + chance.random()) * hour for one in hours)


def told(what: str, done: int, of: int, seconds: float, more: str = "") -> None:
    """A line of the log."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {what}: {done} of {of} in {seconds:.0f} s{more}\n")


def day(place: Path, studies: int, minutes: float, seed: int) -> dict[str, Any]:
    """Replay `studies` of a day that is compressed to `minutes` for all of its 3,000."""
    seconds = 60 * minutes * studies / _DAY
    small, full = pictures(place / "films", 400)
    home, port = Home(place / "home"), free_port()
    home.path.mkdir(exist_ok=True)
    progress = Progress(place / "progress.json")
    with storescp(place / "pacs") as peer, nest(flow_lives.__file__) as lives:
        (home.path / "hospital.toml").write_text(words(peer.port, _KINDS, 2.0))
        life, sender, peers = (
            lives.life(home.path, port),
            Sender(port, place / "acknowledged"),
            Peers(peer, place / "came"),
        )
        before = len(sender.acknowledged())
        times = [max(0.0, at - progress.seconds) for at in arrivals(studies, seconds, seed)[before:]]
        rest = itertools.islice(films(small, full, None), before, studies)
        sending = threading.Thread(target=sender.send, args=(zip(times, rest, strict=True),), daemon=True)
        spent: dict[int, float] = {}
        try:
            sending.start()
            while sending.is_alive() or not home.settled(studies):
                time.sleep(_TICK)
                peers.take()
                for one in (life, *life.children()):
                    spent[one.pid] = one.cpu_seconds()
                done = sum(row.state == "done" for row in home.rows(Exam))
                told("done", done, studies, progress.tick(), f", {len(sender.acknowledged())} acknowledged")
        finally:
            sender.stop.set()
            life.end(signal.SIGTERM)
            taken = progress.tick()
        found = outcome(home, peers, sender.acknowledged(), len(_KINDS))
        exams, rows = home.rows(Exam), home.rows(Outgoing)
    fresh = max(1, studies - before)
    return {
        **found, "seconds_in_all": round(taken, 1), "studies_per_s": round(studies / taken, 3),
        ("minutes_for_3000" if studies >= _DAY else "extrapolated_minutes_for_3000"):
            round(taken / studies * _DAY / 60, 1),
        "cpu_s_a_study_node_and_workers": round(sum(spent.values()) / fresh, 3),
        "s_to_results": np.array([(row.finished - row.first).total_seconds() for row in exams if row.finished]),
        "s_outbox_to_peer": np.array([(row.sent - row.created).total_seconds() for row in rows if row.sent]),
    }  # fmt: skip


def kill(place: Path, kills: int, seed: int, longest: float, every: float) -> dict[str, Any]:
    """Kill the node at random moments, with a study coming every so many seconds."""
    small, full = pictures(place / "films", 200)
    stream = ((number * every, film) for number, film in enumerate(films(small, full, None)))

    def tell(done: int, seconds: float) -> None:
        if done % 10 == 0:
            told("killed", done, kills, seconds)

    return dict(kill_test(place / "test", stream, kills, kinds=_KINDS, seed=seed, longest=longest, told=tell))


def rows_of(what: str, result: dict[str, Any], data: str, n: int) -> list[dict[str, Any]]:
    """The numbers as rows: shares of what was lost or missing and times with their intervals."""
    rows = []
    for key, value in result.items():
        name = f"{what}: {key.replace('_', ' ')}"
        if isinstance(value, np.ndarray):
            for part, of in (("median", 0.5), ("p95", 0.95)):
                middle = bootstrap(lambda one, of=of: float(np.quantile(one, of)), value)
                rows.append(figure(f"{what}: {part} {key.replace('_', ' ')}", data, middle))
        elif key in _OF and result[_OF[key]]:
            share = wilson(value, result[_OF[key]])
            rows.append(figure(name, data, float(value), result[_OF[key]], share_high=round(share.high, 5)))
        else:
            rows.append(figure(name, data, float(value), n))
    return rows


def main() -> None:
    """Run one of them."""
    arguments = parser(__doc__)
    arguments.add_argument("what", choices=["day", "kill"])
    arguments.add_argument("--studies", type=int, default=_DAY, help="of the day's 3,000")
    arguments.add_argument("--minutes", type=float, default=50.0, help="that the whole day is compressed to")
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument(
        "--longest", type=float, default=15.0, help="seconds that a life lasts at most: its workers take some to start"
    )
    arguments.add_argument("--every", type=float, default=1.5, help="seconds between two studies (kill)")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--keep", type=Path, help="a folder to work in, and to go on in after a stop")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as held:
        place = given.keep or Path(held.enter_context(tempfile.TemporaryDirectory()))
        place.mkdir(parents=True, exist_ok=True)
        if given.what == "day":
            result, n = day(place, given.studies, given.minutes, given.seed), given.studies
        else:
            result, n = kill(place, given.kills, given.seed, given.longest, given.every), given.kills
    data = "films of the development data wrapped as DX: 256 px, every tenth 1024 px"
    rows = rows_of(given.what, result, data, n)
    finish("hospital_flow", given.out, data=data, n=n, what=given.what, whole_day=n >= _DAY, figures=rows)


if __name__ == "__main__":
    main()
