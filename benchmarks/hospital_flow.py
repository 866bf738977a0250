"""The whole road from a device to the PACS: a large hospital's day replayed, and the node killed again and again.

``day`` sends studies to a running node as a day brings them (few at night, most before noon), compressed, and waits
until every result lies at the peer, which is dcmtk's ``storescp``. With ``--studies`` below 3,000 it is a sample of
the day, and what is said of the whole day is an extrapolation. ``kill`` kills the node at random moments meanwhile.
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
from pathlib import Path
from typing import Any

from common import ROOT, figure, finish, parser

sys.path.insert(0, str(ROOT / "tests"))

from pydicom.dataset import Dataset

import flow_lives
from conftest import shared_folder
from flow_lives import Home, Sender, kill_test, outcome, words
from flow_support import storescp
from forked import free_port, nest
from hospital_films import as_dx, fresh_uid
from prosvet.hospital.ledger.schema import Exam, Outgoing

_DAY = 3000
_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 16, 15, 12, 12, 11, 9, 7, 5, 4, 3, 3, 2, 2, 1)
"""Studies of each hour of a working day, in proportion: an assumption, not a measurement."""
_KINDS = ("sr", "text_sr", "sc")
_FULL_EVERY = 10  # one study in so many has a full-size film


def pictures(place: Path, count: int) -> tuple[list[Path], list[Path]]:
    """Small and full-size films of the development data, unpacked to `place`."""
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


def day(studies: int, minutes: float, seed: int) -> dict[str, Any]:
    """Replay `studies` of a day that is compressed to `minutes` for all of its 3,000."""
    seconds = 60 * minutes * studies / _DAY
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        small, full = pictures(place / "films", 400)
        home, port = Home(place / "home"), free_port()
        home.path.mkdir()
        with storescp(place / "pacs") as peer, nest(flow_lives.__file__) as lives:
            (home.path / "hospital.toml").write_text(words(peer.port, _KINDS, 2.0))
            life, sender = lives.life(home.path, port), Sender(port)
            begun = time.monotonic()
            times = iter(arrivals(studies, seconds, seed))
            sending = threading.Thread(target=sender.send, args=(zip(times, films(small, full, studies), strict=True),))
            try:
                sending.start()
                sending.join()
                sent = time.monotonic() - begun
                while not home.settled(studies):
                    time.sleep(1.0)
            finally:
                sender.stop.set()
                life.end(signal.SIGTERM)
            taken = time.monotonic() - begun
            found = outcome(home, peer, sender.acknowledged, len(_KINDS))
            waits = sorted((row.finished - row.first).total_seconds() for row in home.rows(Exam) if row.finished)
            way = sorted((row.sent - row.created).total_seconds() for row in home.rows(Outgoing) if row.sent)
    whole = studies >= _DAY
    return {
        **found, "seconds_sending": round(sent, 1), "seconds_in_all": round(taken, 1),
        "studies_per_s": round(studies / taken, 3),
        "minutes_for_3000" if whole else "extrapolated_minutes_for_3000": round(taken / studies * _DAY / 60, 1),
        "median_s_to_results": round(waits[len(waits) // 2], 1),
        "p95_s_to_results": round(waits[int(len(waits) * 0.95)], 1),
        "median_s_outbox_to_peer": round(way[len(way) // 2], 2),
    }  # fmt: skip


def kill(kills: int, seed: int, longest: float, every: float) -> dict[str, Any]:
    """Kill the node at random moments, with a study coming every so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        small, full = pictures(place / "films", 200)
        stream = ((number * every, film) for number, film in enumerate(films(small, full, None)))
        return dict(kill_test(place / "test", stream, kills, kinds=_KINDS, seed=seed, longest=longest))


def main() -> None:
    """Run one of them."""
    arguments = parser(__doc__)
    arguments.add_argument("what", choices=["day", "kill"])
    arguments.add_argument("--studies", type=int, default=_DAY, help="of the day's 3,000")
    arguments.add_argument("--minutes", type=float, default=50.0, help="that the whole day is compressed to")
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--longest", type=float, default=6.0, help="seconds that a life lasts at most")
    arguments.add_argument("--every", type=float, default=1.5, help="seconds between two studies (kill)")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    if given.what == "day":
        result, n = day(given.studies, given.minutes, given.seed), given.studies
    else:
        result, n = kill(given.kills, given.seed, given.longest, given.every), given.kills
    data = "films of the development data wrapped as DX: 256 px, every tenth 1024 px"
    rows = [figure(f"{given.what}: {key.replace('_', ' ')}", data, float(value), n) for key, value in result.items()]
    finish("hospital_flow", given.out, data=data, n=n, what=given.what, whole_day=n >= _DAY, figures=rows)


if __name__ == "__main__":
    main()
