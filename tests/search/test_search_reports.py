"""Search over real Open-i reports: right reports for Russian and English, exclusions, conditions, reasons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Patient, Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, QueryError, UnsupportedFile
from prosvet.core.settings import load_settings
from prosvet.core.types import Status
from prosvet.language.mentions import find_mentions
from prosvet.language.vocabulary import vocabulary
from prosvet.search.api import SearchRequest, SearchResult, run

_REPORTS = 300


@pytest.fixture(scope="module")
def archive(openi_reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """Some hundreds of real reports; every other patient made a woman, ages 20 to 89 in turn."""
    home = tmp_path_factory.mktemp("reports") / "archive"
    with Context(load_settings({}, home=home, threads=1)) as context:
        ingest(IngestRequest(paths=(openi_reports,), limit=_REPORTS), context)
        store = context.get(Store)
        with store.write() as db:
            studies = [row.id for row in db.execute(Study.__table__.select().order_by(Study.id))]
            for n, study in enumerate(studies):
                db.execute(update(Study).where(Study.id == study).values(age=20 + n % 70))
            patients = [row.id for row in db.execute(Patient.__table__.select().order_by(Patient.id))]
            for n, patient in enumerate(patients):
                db.execute(update(Patient).where(Patient.id == patient).values(sex="FM"[n % 2]))
        yield context


def ask(archive: Context, text: str, **more: object) -> SearchResult:
    return run(SearchRequest(text=text, **more), archive)  # type: ignore[arg-type]


def statuses(archive: Context, result: SearchResult, concept: str) -> list[set[Status]]:
    """What each hit's own text says of the concept or a kind of it."""
    rows = archive.get(Store).lookup_reports([h.report for h in result.hits if h.report is not None])
    family = {concept, *vocabulary().descendants(concept)}
    return [
        {m.status for m in find_mentions(rows[h.report].text) if m.concept in family}
        | {f.status for f in rows[h.report].findings if f.concept in family}
        for h in result.hits if h.report is not None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("russian", "english", "concept"),
    [
        ("плевральный выпот", "pleural effusion", "pleural_effusion"),
        ("кардиомегалия", "enlarged heart", "cardiomegaly"),
        ("ателектаз", "atelectasis", "atelectasis"),
        ("сколиоз", "scoliosis", "scoliosis"),
        ("кальцинированная гранулёма", "calcified granuloma", "calcified_granuloma"),
        ("эмфизема лёгких", "emphysema", "emphysema"),
    ],
)
def test_right_reports_in_both_languages(archive: Context, russian: str, english: str, concept: str) -> None:
    found = [ask(archive, text, k=5) for text in (russian, english)]
    for result in found:
        assert len(result.hits) == 5
        assert all(Status.PRESENT in said for said in statuses(archive, result, concept))
        assert all(concept in h.concepts or set(h.concepts) & vocabulary().descendants(concept) for h in result.hits)
    shared = {h.report for h in found[0].hits} & {h.report for h in found[1].hits}
    assert len(shared) >= 1, "the language changes words, not the answer"


def test_excluded_findings_are_really_excluded(archive: Context) -> None:
    result = ask(archive, "кардиомегалия без плеврального выпота", k=100)
    assert result.hits and not any(Status.PRESENT in said for said in statuses(archive, result, "pleural_effusion"))
    with_effusion = ask(archive, "кардиомегалия и плевральный выпот", k=5)
    assert all(Status.PRESENT in said for said in statuses(archive, with_effusion, "pleural_effusion")[:2])


def test_denied_findings_are_not_found(archive: Context) -> None:
    result = ask(archive, "pneumothorax", k=1000)
    there = [bool(said & {Status.PRESENT, Status.UNCERTAIN}) for said in statuses(archive, result, "pneumothorax")]
    denied = [said == {Status.ABSENT} for said in statuses(archive, result, "pneumothorax")]
    assert not any(denied) and there[: sum(there)] == [True] * sum(there)


def test_side_matters(archive: Context) -> None:
    result = ask(archive, "выпот справа", k=3)
    first = result.hits[0]
    assert "справа" in first.reasons[0] or "с двух сторон" in first.reasons[0]


def test_reasons_quote_the_report_in_the_users_language(archive: Context) -> None:
    hit = ask(archive, "плевральный выпот", k=1).hits[0]
    assert hit.reasons[0].startswith("плевральный выпот") and "(в отчёте: «" in hit.reasons[0]
    quote = hit.reasons[0].split("«")[1].split("»")[0].strip("…")
    row = archive.get(Store).lookup_reports([hit.report or 0])[hit.report or 0]
    assert quote in " ".join(row.text.split())
    assert ask(archive, "плевральный выпот", k=1, lang="en").hits[0].reasons[0].startswith("pleural effusion")


def test_words_that_are_no_concepts_are_found(archive: Context) -> None:
    result = ask(archive, "tortuous XXXX prior examination comparison", k=5, **{"in": "reports"})
    assert any("words of the query: " in reason for reason in result.hits[0].reasons)


def test_conditions_in_words_and_in_where(archive: Context) -> None:
    words, where = (
        ask(archive, "cardiomegaly, women over 60", k=100),
        ask(archive, "cardiomegaly", where="sex=F age>=60", k=100),
    )
    assert [h.report for h in words.hits] == [h.report for h in where.hits] and words.hits
    rows = archive.get(Store).lookup_reports([h.report or 0 for h in words.hits])
    assert all(row.sex == "F" and (row.age or 0) >= 60 for row in rows.values())
    assert any("woman, aged" in reason for reason in words.hits[0].reasons)


def test_conditions_alone_list_what_meets_them(archive: Context) -> None:
    result = run(SearchRequest(where="sex=F age>=80", k=1000), archive)
    assert result.hits and result.total == len(result.hits)


def test_nothing_meets_impossible_conditions(archive: Context) -> None:
    result = ask(archive, "пневмония за 1955 год")
    assert (result.hits, result.total) == ((), 0) and "условиям" in result.note


def test_nonsense_finds_nothing(archive: Context) -> None:
    result = ask(archive, "hello world, quarterly bicycle invoice")
    assert not result.hits and result.note


def test_report_finds_its_like(archive: Context) -> None:
    effusion = "Large left pleural effusion with adjacent atelectasis. The heart is enlarged. No pneumothorax."
    result = run(SearchRequest(report=effusion, k=5), archive)
    assert "pleural_effusion" in result.hits[0].concepts
    assert any("similar content" in reason or "shared findings" in reason for reason in result.hits[0].reasons)
    normal = run(SearchRequest(report="Лёгкие чистые. Сердце не увеличено. Выпота нет.", k=5, lang="ru"), archive)
    for hit in normal.hits:
        assert not {c for c in hit.concepts if "abnormal" in vocabulary().ancestors(c)}


def test_report_from_a_file_in_either_coding(archive: Context, tmp_path: Path) -> None:
    body = "Правосторонний плевральный выпот. Тень сердца расширена."
    answers = []
    for coding in ("utf-8", "cp1251"):
        path = tmp_path / f"{coding}.txt"
        path.write_bytes(body.encode(coding))
        answers.append([h.report for h in run(SearchRequest(report_file=path, k=3), archive).hits])
    assert answers[0] == answers[1] and answers[0]


def test_same_question_same_answer(archive: Context) -> None:
    assert ask(archive, "кардиомегалия", k=50) == ask(archive, "кардиомегалия", k=50)


def test_k_is_kept(archive: Context) -> None:
    for k in (1, 7):
        assert len(ask(archive, "кардиомегалия", k=k).hits) == k
    scores = np.array([h.score for h in ask(archive, "кардиомегалия", k=100).hits])
    assert (np.diff(scores) <= 0).all() and scores.max() <= 1 and scores.min() > 0


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_k_out_of_range_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match="k"):
        SearchRequest(text="выпот", k=k)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (SearchRequest(), "nothing_given"),
        (SearchRequest(text="выпот", report="выпот"), "two_questions"),
        (SearchRequest(text=""), "empty"),
        (SearchRequest(report=" "), "empty"),
        (SearchRequest(report="выпот. " * 3000), "too_long"),
        (SearchRequest(text="выпот", where="colour=red"), "where_key"),
    ],
)
def test_bad_questions_are_refused(context: Context, request_: SearchRequest, reason: str) -> None:
    with pytest.raises(QueryError) as error:
        run(request_, context)
    assert error.value.details["reason"] == reason


def test_bad_report_files_are_refused(context: Context, tmp_path: Path) -> None:
    binary, huge = tmp_path / "a.txt", tmp_path / "b.txt"
    binary.write_bytes(b"MZ\0\0")
    huge.write_text("выпот " * 20_000)
    with pytest.raises(NotFound):
        run(SearchRequest(report_file=tmp_path / "none.txt"), context)
    with pytest.raises(UnsupportedFile):
        run(SearchRequest(report_file=binary), context)
    with pytest.raises(QueryError):
        run(SearchRequest(report_file=huge), context)


def test_empty_archive_says_so(context: Context) -> None:
    for text, word in (("выпот", "Архив пуст"), ("effusion", "archive is empty")):
        result = run(SearchRequest(text=text), context)
        assert result.hits == () and result.total == 0 and word in result.note
