"""The worklist: rows of new studies, priorities, statuses, filters, orders, pages, taking and releasing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.lookup_sources import sources
from prosvet.archive.priority import URGENCY, Worst, worst
from prosvet.archive.schema import Finding, Image, Meta, Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.archive.worklist import ensure_listed, list_studies, opened, relist, set_status
from prosvet.archive.worklist_api import WorklistRequest, WorklistResult, run
from prosvet.archive.worklist_filter import WorkFilter, conditions, seen_by
from prosvet.archive.worklist_page import SORTS, Order, _rows
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, NotFound, Taken, UnknownName
from prosvet.language.vocabulary import vocabulary

STUDIES = 137


@pytest.fixture
def busy(context: Context) -> Context:
    """An archive of many studies with every kind of gap, in an order that no column shares."""
    store = context.get(Store)
    with store.write() as db:
        for number in range(STUDIES):
            study, known = f"S{number * 7919 % 1000:03}", number % 3
            sex = ("F", "M", None)[known]
            age = None if number % 5 == 0 else float(number % 40)
            day = None if number % 4 == 0 else date(2026, 1, 1 + number % 20)
            db.execute(insert(Patient).values(id=f"P{number}", sex=sex))
            db.execute(
                insert(Study).values(
                    id=study, patient_id=f"P{number}", age=age, date=day, date_shifted=False,
                    source=("alpha", "alphabet", "beta")[known], description="",
                )
            )  # fmt: skip
            film(db, study)
            if number % 6 == 0:
                claim(db, study, ("pneumothorax", "edema")[number // 6 % 2], "present")
    relist(store)
    with store.note() as db:
        for number in range(0, STUDIES, 11):
            set_status(db, f"S{number * 7919 % 1000:03}", "signed", reader="petrova")
    return context


def film(db: Connection, study: str) -> None:
    """Something to read."""
    plain = {"format": "png", "view": "frontal", "rows": 9, "cols": 9, "gates": {}, "scores": {}, "state": "examined"}
    names = {"sha256": f"{study}-stored", "source_sha256": f"{study}-source", "file": f"{study}.png"}
    db.execute(insert(Image).values(study_id=study, **names, **plain))


def claim(db: object, study: str, concept: str, status: str, origin: str = "manifest") -> None:
    values = {"study_id": study, "concept": concept, "status": status, "origin": origin}
    db.execute(insert(Finding).values(values))  # type: ignore[attr-defined]


def listed(context: Context, **asked: object) -> WorklistResult:
    return run(WorklistRequest(**asked), context)


def ids(result: WorklistResult) -> list[str]:
    return [row.study for row in result.rows]


# ---------------------------------------------------------------- priority


def test_every_critical_concept_has_its_urgency_and_nothing_else_is_urgent() -> None:
    critical = {concept.id for concept in vocabulary().concepts.values() if concept.critical}
    assert {concept for concept, urgency in URGENCY.items() if urgency.level >= 2} == critical
    assert set(URGENCY) <= set(vocabulary().concepts)
    levels = [urgency.level for urgency in URGENCY.values()]
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([], Worst(0, None)),
        ([("scoliosis", "present")], Worst(0, None)),
        ([("pneumothorax", "absent")], Worst(0, None)),
        ([("pneumothorax", "uncertain")], Worst(2, "pneumothorax")),
        ([("pneumothorax", "uncertain"), ("edema", "present")], Worst(2, "edema")),
        ([("consolidation", "uncertain")], Worst(0, None)),
        ([("edema", "present"), ("tension_pneumothorax", "present"), ("pneumothorax", "present")],
         Worst(3, "tension_pneumothorax")),
    ],
)  # fmt: skip
def test_the_worst_claim_makes_the_priority(claims: list[tuple[str, str]], expected: Worst) -> None:
    assert worst(claims) == expected


# ---------------------------------------------------------------- rows of studies


@pytest.mark.usefixtures("stand_in")
def test_each_new_study_is_listed_with_its_film(context: Context, films: Path) -> None:
    ingest(IngestRequest(paths=(films,)), context)
    result = listed(context)
    with context.get(Store).read() as db:
        films_of = {study: image for image, study in db.execute(select(Image.id, Image.study_id))}
    assert result.total == len(films_of) == 4
    assert {row.study: row.image for row in result.rows} == films_of
    assert {row.status for row in result.rows} == {"new"}


@pytest.mark.usefixtures("stand_in")
def test_films_that_are_examined_later_get_their_priority_then(context: Context, films: Path) -> None:
    ingest(IngestRequest(paths=(films,), encode=False), context)
    with context.get(Store).note() as db:
        db.execute(update(WorkItem).values(priority=3, reason="pneumothorax"))
    ingest(IngestRequest(paths=(films,)), context)
    assert {row.priority for row in listed(context).rows} == {0}


def test_an_archive_of_before_is_listed_once_and_by_itself(context: Context) -> None:
    store = context.get(Store)
    with store.write() as db:
        db.execute(insert(Patient).values(id="P", sex="F"))
        db.execute(insert(Study).values(id="S", patient_id="P", age=50, date_shifted=False, source="x", description=""))
        film(db, "S")
        claim(db, "S", "pneumothorax", "present")
    row = listed(context).rows[0]
    assert (row.priority, row.reason, row.sex, row.age) == (3, "pneumothorax", "F", 50)
    assert relist(store) == 0
    with store.note() as db:
        db.execute(delete(Meta).where(Meta.key == "worklist"))
        set_status(db, "S", "draft", reader="petrova")
    ensure_listed(store)
    row = listed(context).rows[0]
    assert (row.status, row.reader) == ("draft", "petrova")


def test_an_older_database_lists_its_studies_in_the_stored_form_of_times() -> None:
    script = Path("src/prosvet/archive/migrations/versions/0002_work.py").read_text()
    written = sqlite3.connect(":memory:").execute("SELECT strftime('%Y-%m-%d %H:%M:%S.000000', 'now')").fetchone()[0]
    assert "CURRENT_TIMESTAMP" not in script
    assert datetime.fromisoformat(written).strftime("%Y-%m-%d %H:%M:%S.%f") == written


# ---------------------------------------------------------------- statuses, readers


def test_a_status_moves_on_and_an_unknown_one_is_refused(busy: Context) -> None:
    store = busy.get(Store)
    with store.note() as db:
        assert opened(db, "S919")
        assert not opened(db, "S919")
        set_status(db, "S919", "draft", reader="ivanov")
        assert not opened(db, "S919")
    with pytest.raises(InvalidRequest), store.note() as db:
        set_status(db, "S919", "lost")  # type: ignore[arg-type]
    with pytest.raises(NotFound), store.note() as db:
        set_status(db, "nobody", "draft")
    row = listed(busy, filters=WorkFilter(text="S919")).rows[0]
    assert (row.status, row.reader) == ("draft", "ivanov")


def test_a_study_is_taken_by_one_reader_and_freed_by_them_or_a_senior(busy: Context) -> None:
    petrova, ivanov = (busy.child(actor=Actor(name, "reader")) for name in ("petrova", "ivanov"))
    assert listed(petrova, action="take", study="S919").rows[0].reader == "petrova"
    assert listed(petrova, action="take", study="S919").rows[0].reader == "petrova"
    for action in ("take", "release"):
        with pytest.raises(Taken):
            listed(ivanov, action=action, study="S919")
    assert listed(petrova, filters=WorkFilter(mine=True)).total == 1
    assert listed(ivanov, filters=WorkFilter(mine=True)).total == 0
    senior = busy.child(actor=Actor("head", "senior"))
    assert listed(senior, action="release", study="S919").rows[0].reader is None
    with pytest.raises(Forbidden):
        listed(busy.child(actor=Actor("student", "researcher")), action="take", study="S919")
    log = (busy.settings.home / "audit.jsonl").read_text()
    assert log.count('"event": "take"') == 2
    assert '"event": "release", "by": "head"' in log


def test_what_is_somebodys_own_is_there_for_them_and_seniors_only(busy: Context) -> None:
    with busy.get(Store).note() as db:
        db.execute(update(WorkItem).where(WorkItem.study_id == "S919").values(owner="petrova"))
    everything = WorkFilter(status="all")
    owner, other = (busy.child(actor=Actor(name, "reader")) for name in ("petrova", "ivanov"))
    assert listed(owner, filters=everything).total == STUDIES
    assert listed(other, filters=everything).total == STUDIES - 1
    assert sum(listed(other, filters=everything).counts.values()) == STUDIES - 1
    with pytest.raises(NotFound):
        listed(other, action="take", study="S919")
    with busy.get(Store).read() as db:  # the list's own condition and the archive's are one
        for actor in (owner.actor, other.actor, Actor("head", "senior")):
            mine = set(db.execute(select(WorkItem.study_id).where(*seen_by(actor))).scalars())
            assert mine == set(db.execute(select(Study.id).where(visible(actor))).scalars())


# ---------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({}, "status != 'signed' AND status != 'no_film'"),
        ({"status": "signed"}, "status = 'signed'"),
        ({"priority": 2}, "priority >= 2 AND status != 'signed' AND status != 'no_film'"),
        ({"sex": "F", "status": "all"}, "sex = 'F'"),
        ({"age_min": 10, "age_max": 20, "status": "all"}, "age BETWEEN 10 AND 20"),
        ({"date_from": date(2026, 1, 5), "date_to": date(2026, 1, 9), "status": "all"},
         "date BETWEEN '2026-01-05' AND '2026-01-09'"),
        ({"reader": "petrova", "status": "all"}, "reader = 'petrova'"),
        ({"source": "alpha", "status": "all"}, "study_id IN (SELECT id FROM studies WHERE source LIKE 'alpha%')"),
        ({"source": "beta", "status": "all"}, "study_id IN (SELECT id FROM studies WHERE source = 'beta')"),
        ({"finding": "edema", "status": "all"}, "reason = 'edema'"),
        ({"text": "91", "status": "all"}, "study_id LIKE '%91%'"),
        ({"text": "%", "status": "all"}, "0"),
    ],
)  # fmt: skip
def test_a_filter_leaves_what_it_says(busy: Context, filters: dict[str, object], condition: str) -> None:
    result = listed(busy, filters=WorkFilter(**filters), limit=500)
    with busy.get(Store).read() as db:
        expected = set(db.execute(text(f"SELECT study_id FROM worklist WHERE {condition}")).scalars())
    assert set(ids(result)) == expected
    assert result.total == len(expected)


def test_the_counts_by_status_leave_the_status_apart(busy: Context) -> None:
    women = listed(busy, filters=WorkFilter(sex="F", status="signed"))
    assert sum(women.counts.values()) == sum(row % 3 == 0 for row in range(STUDIES))
    assert women.counts["signed"] == women.total


def test_an_unknown_finding_and_a_range_that_ends_before_it_begins_are_refused(busy: Context) -> None:
    with pytest.raises(UnknownName):
        listed(busy, filters=WorkFilter(finding="happiness"))
    with pytest.raises(ValueError, match="age_min"):
        WorkFilter(age_min=50, age_max=40)


# ---------------------------------------------------------------- orders and pages


def pages(context: Context, way: str, **asked: object) -> Iterator[WorklistResult]:
    mark: str | None = None if way == "after" else "end"
    while True:
        page = listed(context, filters=WorkFilter(status="all"), limit=25, **{way: mark}, **asked)
        yield page
        mark = getattr(page, way)
        if mark is None:
            return


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_on_and_back_show_each_study_once_in_its_order(busy: Context, sort: str, down: bool) -> None:
    seen: list[str] = []
    values = []
    for page in pages(busy, "after", sort=sort, down=down):
        assert page.first == len(seen)
        seen += ids(page)
        values += [getattr(row, sort) for row in page.rows]
    assert len(seen) == len(set(seen)) == STUDIES
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=down)
    assert values[len(known) :] == [None] * (STUDIES - len(known))  # what lacks it stands last, up or down
    back: list[str] = []
    for page in pages(busy, "before", sort=sort, down=down):
        back = ids(page) + back
        assert page.first == STUDIES - len(back)
    assert back == seen


def test_a_link_to_a_page_shows_the_same_rows_after_others_have_come(busy: Context) -> None:
    first = listed(busy, limit=20)
    second = listed(busy, limit=20, after=first.after)
    with busy.get(Store).write() as db:
        db.execute(insert(Patient).values(id="new", sex="F"))
        db.execute(insert(Study).values(id="ZZZ", patient_id="new", date_shifted=False, source="x", description=""))
        film(db, "ZZZ")
        claim(db, "ZZZ", "tension_pneumothorax", "present")
    relist(busy.get(Store))
    assert ids(listed(busy))[0] == "ZZZ"
    again = listed(busy, limit=20, after=first.after)
    assert ids(again) == ids(second)
    assert again.first == second.first + 1


@pytest.mark.parametrize("mark", ["rubbish", "!!", "WyJwcmlvcml0eSJd", "eyJhIjoxfQ", "bnVsbA", "WyJhZ2UiLDEsMl0"])
def test_a_mark_that_is_none_of_ours_is_refused(busy: Context, mark: str) -> None:
    for way in ("after", "before"):
        with pytest.raises(InvalidRequest):
            listed(busy, **{way: mark})


def test_the_next_is_the_most_urgent_new_one_that_nobody_else_has(busy: Context) -> None:
    petrova, ivanov = (busy.child(actor=Actor(name, "reader")) for name in ("petrova", "ivanov"))
    first, second = ids(listed(petrova, filters=WorkFilter(status="new")))[:2]
    assert ids(listed(petrova, action="next")) == [first]
    assert ids(listed(petrova, action="next", study=first)) == [second]
    listed(petrova, action="take", study=first)
    assert ids(listed(petrova, action="next")) == [first]
    assert ids(listed(ivanov, action="next")) == [second]
    with pytest.raises(NotFound):
        listed(petrova, action="next", filters=WorkFilter(text="nothing has this name"))


# ---------------------------------------------------------------- plans


_HEADS = ("LIST SUBQUERY", "COMPOUND QUERY", "LEFT-MOST SUBQUERY", "UNION ALL", "CO-ROUTINE", "SCAN anon_1")
"""Of lists that the lines after them read off an index: what somebody reads blind."""


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("actor", [Actor(), Actor("petrova", "reader")])
def test_a_page_is_read_off_an_index_without_sorting(busy: Context, sort: str, actor: Actor) -> None:
    """Each query that makes the rows of a page, as the database plans it: no scan of the table, no sort."""
    plans: list[str] = []
    where = conditions(WorkFilter(), actor)
    with busy.get(Store).read() as db:

        class Asked:
            """A connection that asks for the plan before each query."""

            @staticmethod
            def execute(query: object) -> object:
                words = query.compile(db.engine, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
                plans.extend(row.detail for row in db.execute(text(f"EXPLAIN QUERY PLAN {words}")))
                return db.execute(query)  # type: ignore[call-overload]

        _rows(Asked, where, Order(sort), None, 51, back=False)  # type: ignore[arg-type]
    assert plans
    for plan in plans:
        if plan.startswith(_HEADS):
            continue
        assert "INDEX" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_a_report_without_its_film_is_listed_but_not_as_work(context: Context) -> None:
    store = context.get(Store)
    with store.write() as db:
        db.execute(insert(Patient).values(id="P"))
        db.execute(insert(Study).values(id="S", patient_id="P", date_shifted=False, source="x", description=""))
    relist(store)
    assert listed(context).rows == ()
    assert listed(context).counts["no_film"] == 1
    with store.write() as db:
        film(db, "S")
        list_studies(db, ["S"])
    assert [(row.study, row.status) for row in listed(context).rows] == [("S", "new")]


def test_what_the_model_holds_less_likely_than_not_is_only_suspected(context: Context) -> None:
    store = context.get(Store)
    with store.write() as db:
        for study, sure in (("LESS", 0.2), ("MORE", 0.8)):
            db.execute(insert(Patient).values(id=study))
            db.execute(insert(Study).values(id=study, patient_id=study, date_shifted=False, source="x", description=""))
            film(db, study)
            said = {"concept": "pneumothorax", "status": "present", "probability": sure, "origin": "model:m@1"}
            db.execute(insert(Finding).values(study_id=study, **said))
    relist(store)
    assert [(row.study, row.priority) for row in listed(context).rows] == [("MORE", 3), ("LESS", 2)]


def test_the_choice_of_sources_names_none_of_somebody_elses(busy: Context) -> None:
    store = busy.get(Store)
    assert sources(store, Actor("ivanov", "reader")) == ("alpha", "alphabet", "beta")
    with store.note() as db:
        theirs = select(Study.id).where(Study.source == "alphabet")
        db.execute(update(WorkItem).where(WorkItem.study_id.in_(theirs)).values(owner="petrova"))
    assert sources(store, Actor("ivanov", "reader")) == ("alpha", "beta")
    assert sources(store, Actor("petrova", "reader")) == sources(store, Actor("head", "senior"))
    assert "alphabet" in sources(store, Actor("petrova", "reader"))
