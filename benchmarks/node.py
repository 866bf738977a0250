"""The DICOM node under load: images a second beside dcmtk's storescp, memory over many objects, kill -9.

``rate`` sends full-size films with 8 of dcmtk's ``storescu``, first to dcmtk's own ``storescp`` and then to the node.
``memory`` sends many small objects and looks at the node's resident memory. ``kill`` kills the node at random moments
while it receives, and counts what it had acknowledged and has lost. ``full`` lets a disk fill.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import ROOT, figure, finish, parser

sys.path.insert(0, str(ROOT / "tests"))

from forked import free_port, wait_for
from node_lives import Home, kill_test, node_process

_FILM = ROOT / ".data/pydicom-data/RG1_UNCR.dcm"
_SMALL = ROOT / ".data/pydicom-data/SC_rgb.dcm"


def send(film: Path, aet: str, port: int, associations: int, each: int) -> float:
    """Seconds in which `associations` of storescu send `each` copies of `film` with fresh UIDs."""
    command = ["storescu", "-aec", aet, "--max-send-pdu", "131072", "+IS", "1", "--repeat", str(each),
               "127.0.0.1", str(port), str(film)]  # fmt: skip
    start = time.perf_counter()
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(associations)
    ]
    codes = [one.wait() for one in running]
    taken = time.perf_counter() - start
    if any(codes):
        raise SystemExit(f"storescu failed: {codes}")
    return taken


@contextmanager
def storescp(folder: Path) -> Iterator[int]:
    """dcmtk's receiver, one process for each association, writing what it gets as it came; gives the port."""
    port = free_port()
    command = ["storescp", "--fork", "+B", "-pdu", "131072", "-od", str(folder), "-aet", "BARE", str(port)]
    one = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        one.terminate()
        one.wait()


def fsync_ms(folder: Path, size: int, times: int = 10) -> float:
    """Median milliseconds of writing and syncing one file of `size` bytes here."""
    data, taken = os.urandom(size), []
    for number in range(times):
        path = folder / f"sync-{number}"
        start = time.perf_counter()
        with path.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        taken.append((time.perf_counter() - start) * 1000)
        path.unlink()
    return statistics.median(taken)


def rate(each: int, associations: int) -> dict[str, Any]:
    """Full-size films a second, and the same of a bare storescp."""
    size, total = _FILM.stat().st_size, each * associations
    with tempfile.TemporaryDirectory() as place:
        bare_folder = Path(place) / "bare"
        bare_folder.mkdir()
        sync = fsync_ms(Path(place), size)
        with storescp(bare_folder) as port:
            bare = send(_FILM, "BARE", port, associations, each)
        subprocess.run(["rm", "-r", str(bare_folder)], check=True)
        home = Home(Path(place) / "home")
        with node_process(home) as process:
            taken = send(_FILM, "PROSVET", process.port, associations, each)
            spent = process.cpu_seconds()
            peak = process.rss_mb()
        kept, damaged = home.check()
    if kept != total or damaged:
        raise SystemExit(f"{kept} of {total} kept, {damaged} damaged")
    return {
        "films": total, "associations": associations, "film_bytes": size,
        "node_per_s": round(total / taken, 1), "node_mb_per_s": round(total * size / taken / 1e6, 1),
        "storescp_per_s": round(total / bare, 1), "ratio_to_storescp": round(bare / taken, 3),
        "node_cpu_ms_per_film": round(1000 * spent / total, 1), "node_rss_mb": round(peak, 1),
        "write_and_fsync_ms": round(sync, 1), "load_average": os.getloadavg()[0],
    }  # fmt: skip


def memory(objects: int, associations: int) -> dict[str, Any]:
    """Resident memory of the node while it receives many small objects."""
    rounds = 10
    each = max(1, objects // associations // rounds)
    with tempfile.TemporaryDirectory() as place:
        home, seen = Home(Path(place) / "home"), []
        with node_process(home) as process:
            start = time.perf_counter()
            for _ in range(rounds):
                send(_SMALL, "PROSVET", process.port, associations, each)
                seen.append(round(process.rss_mb(), 1))
            taken = time.perf_counter() - start
        kept, damaged = home.check()
    total = rounds * each * associations
    return {
        "objects": total, "object_bytes": _SMALL.stat().st_size, "kept": kept, "damaged": damaged,
        "per_s": round(total / taken, 1), "rss_mb_after_each_tenth": seen,
        "growth_mb_second_half": round(seen[-1] - seen[rounds // 2 - 1], 1),
    }  # fmt: skip


def full(megabytes: int) -> dict[str, Any]:
    """A disk (a tmpfs of its own, so this needs root) that fills while films come, and has room again later."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place], check=True)
        try:
            home, ballast = Home(Path(place) / "home"), Path(place) / "ballast"
            with node_process(home) as process:
                ballast.write_bytes(bytes(8_000_000))
                codes = _until_refused(process.port)
                before = home.check()
                ballast.unlink()
                again = _one(process.port)
            after = home.check()
        finally:
            subprocess.run(["umount", place], check=True)
    accepted = codes.count(True)
    return {
        "disk_mb": megabytes, "acknowledged": accepted, "kept": before[0], "damaged": before[1] + after[1],
        "lost": accepted + int(again) - after[0], "refused_when_full": codes.count(False), "accepted_after": int(again),
    }  # fmt: skip


def _one(port: int) -> bool:
    command = ["storescu", "-aec", "PROSVET", "+IS", "1", "127.0.0.1", str(port), str(_FILM)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _until_refused(port: int) -> list[bool]:
    """Whether each film was acknowledged, up to the third in a row that was not."""
    codes: list[bool] = []
    while codes[-3:] != [False] * 3:
        codes.append(_one(port))
    return codes


def _figures(name: str, result: dict[str, Any], n: int, data: str) -> list[dict[str, Any]]:
    """The numbers of `result` as rows."""
    return [
        figure(f"{name}: {key.replace('_', ' ')}", data, float(value), n)
        for key, value in result.items()
        if isinstance(value, int | float)
    ]


def main() -> None:
    """Run one of them."""
    arguments = parser(__doc__)
    arguments.add_argument("what", choices=["rate", "memory", "kill", "full"])
    arguments.add_argument("--each", type=int, default=40, help="films of each association (rate)")
    arguments.add_argument("--associations", type=int, default=8)
    arguments.add_argument("--objects", type=int, default=20_000, help="objects in all (memory)")
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--longest", type=float, default=1.0, help="seconds that a life lasts at most (kill)")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    result: dict[str, Any]
    if given.what == "rate":
        result = rate(given.each, given.associations)
        n, data = result["films"], "RG1_UNCR.dcm of pydicom-data, fresh UIDs"
    elif given.what == "memory":
        result = memory(given.objects, given.associations)
        n, data = result["objects"], "SC_rgb.dcm of pydicom-data, fresh UIDs"
    elif given.what == "full":
        result = full(64)
        n, data = result["acknowledged"], "RG1_UNCR.dcm of pydicom-data, fresh UIDs"
    else:
        with tempfile.TemporaryDirectory() as place:
            result = kill_test(Path(place), given.kills, 4, given.seed, _FILM, _SMALL, given.longest)
        n, data = result["kills"], "RG1_UNCR.dcm and SC_rgb.dcm of pydicom-data, fresh UIDs"
    finish("node", given.out, data=data, n=n, what=given.what, figures=_figures(given.what, result, n, data),
           **{key: value for key, value in result.items() if isinstance(value, list)})  # fmt: skip


if __name__ == "__main__":
    main()
