"""One set of services for all threads: eight search and read while an ingest writes."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Lock

import pytest

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import Status
from prosvet.imaging import load_film
from prosvet.index.service import Indexes
from prosvet.models.examine import Examiner
from prosvet.models.text import SentenceEncoder
from prosvet.reading.api import read_film
from prosvet.search.api import SearchRequest
from prosvet.search.api import run as search

QUERIES = ("pleural effusion", "увеличенное сердце", "no pneumothorax", "calcified granuloma", "label=cardiomegaly")


def test_eight_threads_search_and_read_while_an_ingest_writes(
    context: Context, openi_reports: Path, pydicom_data: Path
) -> None:
    ingest(IngestRequest(paths=(openi_reports,), limit=40), context)
    film, done = pydicom_data / "RG1_UNCR.dcm", Event()
    totals: dict[int, list[int]] = {}

    def visitor(number: int) -> None:
        mine, turn = context.child(lang="en" if number % 2 else "ru"), number
        while not done.is_set() or turn == number:
            query = QUERIES[turn % len(QUERIES)]
            asked = SearchRequest(where=query) if "=" in query else SearchRequest(text=query, k=5)
            result = search(asked, mine)
            assert all(hit.reasons or "=" in query for hit in result.hits)
            totals.setdefault(number, []).append(result.total)
            turn += 1

    def reader() -> None:
        while not done.is_set():
            reading, _ = read_film(load_film(film, context.settings), context.child(lang="en"))
            (abnormal,) = [one for one in reading.findings if one.concept == "abnormal"]
            assert abnormal.status is Status.PRESENT

    with ThreadPoolExecutor(8) as pool:
        work: list[Future[None]] = [pool.submit(visitor, number) for number in range(6)]
        work += [pool.submit(reader) for _ in range(2)]
        try:
            for limit in (60, 80, 100):  # a commit each, which makes every index stale
                ingest(IngestRequest(paths=(openi_reports,), limit=limit), context)
            ingest(IngestRequest(paths=(film,)), context)
        finally:
            done.set()
        for one in work:
            one.result()
    assert len(totals) == 6
    assert (
        search(SearchRequest(where="source=open-i", in_="reports"), context).total
        == context.get(Store).counts().reports
    )


@pytest.mark.parametrize("kind", [Store, Indexes, Examiner, SentenceEncoder])
def test_a_service_is_built_once_whoever_asks_first(context: Context, kind: type) -> None:
    start = Barrier(8)

    def ask() -> int:
        start.wait()
        return id(context.child().get(kind))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: ask(), range(8)))) == 1


def test_an_index_is_built_by_one_thread_while_others_use_what_was_there(
    context: Context, openi_reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(IngestRequest(paths=(openi_reports,), limit=5, encode=False), context)
    indexes, store = context.get(Indexes), context.get(Store)
    before = len(indexes.report_text)
    ingest(IngestRequest(paths=(openi_reports,), limit=25, encode=False), context)
    building, go_on, builds = Event(), Event(), Lock()
    build = indexes._text

    def slow(changes: object) -> object:
        assert builds.acquire(blocking=False), "two threads build the same index"
        building.set()
        assert go_on.wait(10)
        return build(changes)  # type: ignore[arg-type]

    monkeypatch.setattr(indexes, "_text", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: len(indexes.report_text))
        assert building.wait(10)
        assert len(indexes.report_text) == before
        go_on.set()
        assert first.result() == store.counts().reports > before


def test_after_an_erasure_nobody_is_given_what_was_there_before(context: Context, openi_reports: Path) -> None:
    ingest(IngestRequest(paths=(openi_reports,), limit=5, encode=False), context)
    indexes, store = context.get(Indexes), context.get(Store)
    held = len(indexes.report_text)
    with store.write(erasing=True):
        pass
    lock = indexes._building["report_text"]
    with ThreadPoolExecutor(1) as pool:
        with lock:
            waiting = pool.submit(lambda: len(indexes.report_text))
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        assert waiting.result(10) == held
