"""The reading room as its users meet it: times of pages and pictures, JavaScript, many users at once, memory.

    python benchmarks/web.py --home ARCHIVE [--users 50] [--seconds 120] [--requests 10000] [--out FILE]

Starts ``prosvet serve`` over a copy-free archive at ARCHIVE on a free port of 127.0.0.1 and asks it from this machine,
so that browser, users and server share its processors. Server times are of the whole answer, one request at a time.
The browser is Chromium without a GPU; a picture's times run from the click on its row. Users come from Locust: each
opens the worklist, a study with its thumbnails, a search, with half a second to two between requests.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
from playwright.sync_api import Page, sync_playwright

from common import figure, finish, latencies, parser

LOCUST = """
import random
from locust import FastHttpUser, between, task
STUDIES = {studies!r}
QUERIES = {queries!r}

class Reader(FastHttpUser):
    wait_time = between(0.5, 2.0)

    @task(4)
    def worklist(self):
        self.client.get("/worklist", name="/worklist")

    @task(4)
    def study(self):
        study = random.choice(STUDIES)
        self.client.get(f"/study/{{study}}", name="/study")
        for image in self.client.get(f"/v1/studies/{{study}}/images", name="/v1/studies/images").json()["images"]:
            self.client.get(f"/v1/images/{{image['id']}}/thumbnail?side=256", name="/v1/images/thumbnail")

    @task(2)
    def search(self):
        self.client.get("/search", params={{"q": random.choice(QUERIES)}}, name="/search")

    @task(1)
    def pixels(self):
        images = self.client.get(f"/v1/studies/{{random.choice(STUDIES)}}/images", name="/v1/studies/images").json()
        for image in images["images"][:1]:
            self.client.get(f"/v1/images/{{image['id']}}/pixels", name="/v1/images/pixels")
"""
QUERIES = (
    "выпот справа", "пневмоторакс слева, мужчины старше 50", "туберкулёз верхней доли", "норма, женщины до 40",
    "кардиомегалия без выпота", "узел в лёгком", "right pleural effusion", "cardiomegaly no effusion",
    "bilateral consolidation", "normal chest, women under 40", "nodule left upper lobe", "tuberculosis",
)  # fmt: skip


SEEN = "Chromium, no GPU; films of 256 px but for a few"


@contextmanager
def served(home: Path, workers: int = 1) -> Iterator[tuple[str, int]]:
    """The address and the process id of a server over `home` with so many answering processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "prosvet",
        "--home",
        str(home),
        "serve",
        "--port",
        str(port),
        "--workers",
        str(workers),
    ]
    server = subprocess.Popen(command, env=os.environ | {"PROSVET_THREADS": "2"})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait(20)


def memory(pid: int) -> float:
    """Resident memory of a process, MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def some_studies(client: httpx.Client, count: int) -> list[str]:
    """Studies with a film, spread over the archive."""
    total = client.get("/v1/studies", params={"limit": 1}).json()["total"]
    step = max(1, total // (2 * count))
    found: list[str] = []
    for offset in range(0, total, step):
        row = client.get("/v1/studies", params={"limit": 1, "offset": offset}).json()["studies"]
        found += [study["id"] for study in row if study["images"]]
        if len(found) >= count:
            break
    return found[:count]


def server_times(client: httpx.Client, studies: list[str]) -> list[dict[str, Any]]:
    """p95 of the main pages, milliseconds."""
    total = client.get("/readyz").json()["studies"]
    queries = list(QUERIES)
    pages: tuple[tuple[str, int, float | None, Callable[[int], object]], ...] = (
        ("first page (worklist), p95", 200, 150, lambda _: client.get("/worklist").raise_for_status()),
        ("study page, p95", 200, None, lambda i: client.get(f"/study/{studies[i % len(studies)]}").raise_for_status()),
        ("search results, p95", 120, 300,
         lambda i: client.get("/search", params={"q": queries[i % len(queries)]}).raise_for_status()),
    )  # fmt: skip
    rows = []
    for name, times, target, call in pages:
        took = latencies(call, times)
        rows.append(
            figure(name, f"archive of {total:,} studies", took["p95_ms"], times, unit="ms", p50_ms=took["p50_ms"],
                   **({"target": target} if target else {}))
        )  # fmt: skip
    return rows


def browser_times(url: str, studies: list[str]) -> list[dict[str, Any]]:
    """From the click on a row of the worklist to the first pixel and to the whole film; JavaScript of each page."""
    first, full, scripts = [], [], {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        for study in studies:
            page.goto(f"{url}/worklist?text={study}")
            page.click(f'a[href^="/study/{study}"]')
            page.wait_for_selector(".viewer[data-ready]", timeout=60_000)  # no waiting by a function: strict CSP
            full.append(page.evaluate("performance.getEntriesByName('prosvet-full')[0].startTime"))
            first.append(page.evaluate(_FIRST_PIXEL))
        scripts["viewer page"] = script_kb(page, f"{url}/study/{studies[0]}")
        for path in ("/worklist", "/search", "/ask", "/double-reading", "/models", "/jobs", "/help"):
            scripts[path] = script_kb(page, url + path)
        browser.close()
    n = len(studies)
    others = max(size for name, size in scripts.items() if name != "viewer page")
    return [
        figure("study: first pixel after the click, p95", SEEN, float(np.percentile(first, 95)), n,
               unit="ms", target=400, p50_ms=round(float(np.median(first)), 1)),
        figure("study: full-size film after the click, p95", SEEN, float(np.percentile(full, 95)), n,
               unit="ms", target=1500, p50_ms=round(float(np.median(full)), 1)),
        figure("JavaScript of the viewer page, compressed", "gzip -9", scripts["viewer page"] / 1000, 1, unit="MB",
               target=1.5),
        figure("JavaScript of any other page, compressed, most", "gzip -9", others, len(scripts) - 1, unit="kB",
               target="≤ 60"),
    ]  # fmt: skip


_FIRST_PIXEL = """() => new Promise((done) => {
  new PerformanceObserver((list) => {
    const picture = list.getEntries().find((entry) => entry.element?.tagName === "IMG" || entry.url);
    if (picture) done(picture.startTime);
  }).observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => done(performance.getEntriesByName("prosvet-full")[0].startTime), 500);
})"""


def script_kb(page: Page, address: str) -> float:
    """Kilobytes (1,000 bytes) of all scripts that a page loads, compressed by gzip -9."""
    bodies: dict[str, bytes] = {}

    def keep(response: Any) -> None:
        if response.ok and response.url.split("?")[0].endswith(".js"):
            bodies[response.url] = response.body()

    page.on("response", keep)
    page.goto(address, wait_until="networkidle")
    page.remove_listener("response", keep)
    return sum(len(gzip.compress(body, 9)) for body in bodies.values()) / 1000


def warm_up(url: str, workers: int) -> None:
    """Ask until every process has its indexes: each new connection may fall to another one."""
    for _ in range(8 * workers):
        for query in QUERIES[:2]:
            httpx.get(f"{url}/search", params={"q": query}, timeout=60).raise_for_status()


def load(url: str, studies: list[str], users: int, seconds: int, workers: int = 1) -> list[dict[str, Any]]:
    """Many users at once."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "locustfile.py"
        script.write_text(LOCUST.format(studies=studies, queries=list(QUERIES)), encoding="utf-8")
        command = [
            sys.executable, "-m", "locust", "-f", str(script), "--headless", "-u", str(users), "-r", "10",
            "-t", f"{seconds}s", "--host", url, "--csv", str(Path(folder) / "load"), "--only-summary",
        ]  # fmt: skip
        subprocess.run(command, check=False, capture_output=True)
        with (Path(folder) / "load_stats.csv").open(newline="", encoding="utf-8") as stream:
            total = next(row for row in csv.DictReader(stream) if row["Name"] == "Aggregated")
    count, failures = int(total["Request Count"]), int(total["Failure Count"])
    words = f"{users} users, {seconds} s, server of {workers} processes, users and server on the same two processors"
    return [
        figure("load: answers per second", words, float(total["Requests/s"]), count),
        figure("load: failed requests", words, failures, count, target="≤ 0"),
        figure("load: answer, p95", words, float(total["95%"]), count, unit="ms", target=1000),
    ]


def flatness(client: httpx.Client, pid: int, studies: list[str], requests: int) -> dict[str, Any]:
    """How much the server's memory grows over `requests`, after a tenth as many to warm up."""
    paths = itertools.cycle(
        ["/worklist", *(f"/study/{study}" for study in studies[:20]), f"/search?q={QUERIES[0]}", "/v1/studies?limit=20"]
    )

    def ask(count: int) -> None:
        for path in itertools.islice(paths, count):
            client.get(path).raise_for_status()

    ask(requests // 10)
    middle = memory(pid)
    ask(requests)
    grown = memory(pid) - middle
    return figure("memory grown over the requests", f"{requests:,} requests, {middle:.0f} MiB before", grown, requests,
                  unit="MiB", target="≤ 20")  # fmt: skip


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--home", type=Path, required=True)
    arguments.add_argument("--users", type=int, default=50)
    arguments.add_argument("--seconds", type=int, default=120)
    arguments.add_argument("--workers", type=int, default=2, help="answering processes of the server under load")
    arguments.add_argument("--requests", type=int, default=10_000, help="for the memory; 0 leaves it out")
    given = arguments.parse_args()
    with served(given.home) as (url, pid), httpx.Client(base_url=url, timeout=60) as client:
        studies = some_studies(client, 60)
        rows = server_times(client, studies)
        rows += browser_times(url, studies[:20])
        if given.requests:
            rows.append(flatness(client, pid, studies, given.requests))
    with served(given.home, given.workers) as (url, _):
        warm_up(url, given.workers)
        rows += load(url, studies, given.users, given.seconds, given.workers)
    finish("web", given.out, figures=rows)


if __name__ == "__main__":
    main()
