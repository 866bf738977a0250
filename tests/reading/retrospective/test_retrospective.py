"""A run over an archive: what it keeps, that it goes on after a stop, how rows are judged and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import pytest
from sqlalchemy import insert

from prosvet.archive.schema_work import Opinion, Protocol
from prosvet.archive.store import Store
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import BlindReading, Cancelled, Forbidden, InvalidRequest, NotFound
from prosvet.core.types import ModelRef
from prosvet.models.examine import Examiner
from prosvet.reading.retrospective import runner
from prosvet.reading.retrospective.api import RetrospectiveRequest, RetrospectiveResult, run
from prosvet.reading.retrospective.lists import RunView

from ..conftest import AddStudy, As

T = TypeVar("T")


def act(context: Context, action: str, **fields: Any) -> RetrospectiveResult:
    return run(RetrospectiveRequest.model_validate({"action": action, **fields}), context)


def go(context: Context, **fields: Any) -> RunView:
    made = act(context, "run", **fields).run
    assert made is not None
    return made


@pytest.fixture
def archive(add_study: AddStudy) -> None:
    add_study("S-missed", {"pneumothorax": 0.9}, report="Пневмоторакс не выявлен.", claims={"pneumothorax": "absent"})
    add_study("S-silent", {"pneumothorax": 0.9}, report="Очагов нет.", claims={"focal_opacity": "absent"})
    add_study("S-agreed", {"pneumothorax": 0.9}, report="Пневмоторакс.", claims={"pneumothorax": "present"})
    add_study("S-label", {"pneumothorax": 0.001}, labels={"pneumothorax": "present", "abnormal": "present"})
    add_study("S-text", None, report="Норма.", claims={"normal": "present"})


def test_the_worst_comes_first(archive: None, as_: As) -> None:
    chief = as_("chief", "senior")
    made = go(chief)
    assert (made.state, made.wanted, made.done, made.differing, made.failed) == ("done", 4, 4, 3, 0)
    page = act(chief, "list").page
    assert page is not None
    assert [(row.study, row.disagreements[0].kind) for row in page.rows] == [
        ("S-missed", "denied"), ("S-silent", "silent"), ("S-label", "reverse"),
    ]  # fmt: skip
    assert [row.place for row in page.rows] == [1, 2, 3]
    only = act(chief, "list", kind="silent").page
    assert only is not None and [row.study for row in only.rows] == ["S-silent"]


def test_a_stopped_run_goes_on_and_reads_nothing_twice(
    archive: None, context: Context, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_BATCH", 1)
    read: list[str] = []
    scores_of = runner.scores_of
    monkeypatch.setattr(runner, "scores_of", lambda studies, ctx: (read.extend(studies), scores_of(studies, ctx))[1])

    class Stops:
        def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
            for number, item in enumerate(items):
                if number == 2:
                    raise Cancelled
                yield item

    chief = as_("chief", "senior")
    with pytest.raises(Cancelled):
        act(chief.child(progress=Stops()), "run")
    (stopped,) = act(chief, "runs").runs
    assert (stopped.state, stopped.done) == ("stopped", 2)
    finished = go(chief)
    assert (finished.id, finished.state, finished.done) == (stopped.id, "done", 4)
    assert len(read) == len(set(read)) == 4
    assert go(chief).id != stopped.id  # a finished one is not opened again


def test_a_run_of_another_model_is_not_gone_on_with(archive: None, context: Context, as_: As) -> None:
    chief = as_("chief", "senior")
    first = go(chief)
    examiner = context.get(Examiner)
    examiner.ref = ModelRef(name="compact", revision="2030.1", operating_point="balanced")
    with pytest.raises(InvalidRequest, match="another model"):
        go(chief, number=first.id)
    with pytest.raises(NotFound):
        go(chief, number=99)


def test_films_of_another_revision_are_examined_anew_and_what_cannot_be_read_is_said(
    add_study: AddStudy, as_: As
) -> None:
    add_study("S-old", {"pneumothorax": 0.9}, report="Норма.", claims={"normal": "present"}, revision="2020.1")
    made = go(as_("chief", "senior"))  # its file is not there, and its old scores are not ours
    assert (made.done, made.differing, made.failed) == (1, 0, 1)


def test_a_signed_protocol_stands_for_the_source_report(add_study: AddStudy, as_: As) -> None:
    add_study("S1", {"pneumothorax": 0.9}, report="Пневмоторакс не выявлен.", claims={"pneumothorax": "absent"})
    chief = as_("chief", "senior")
    body = {"kind": "report", "state": "signed", "author": "petrova", "language": "ru", "content": {}}
    with chief.get(Store).note() as db:
        db.execute(
            insert(Protocol).values(
                study_id="S1", number=1, text="Справа пневмоторакс.", created=now(), signed=now(), **body
            )
        )
    assert go(chief).differing == 0


def test_a_row_shows_the_sentence_in_question(archive: None, as_: As) -> None:
    chief = as_("chief", "senior")
    number = go(chief).id
    detail = act(chief, "show", number=number, study="S-missed").detail
    assert detail is not None
    (text,) = detail.texts
    assert [text.text[mark.start : mark.end] for mark in text.marks] == ["Пневмоторакс не выявлен."]
    assert detail.next == "S-silent"
    silent = act(chief, "show", study="S-silent").detail
    assert silent is not None and silent.texts[0].marks == ()
    label = act(chief, "show", study="S-label").detail
    assert label is not None and label.labels["pneumothorax"] == "present"


def test_verdicts_are_kept_counted_and_exported_without_formulas(archive: None, as_: As) -> None:
    chief = as_("chief", "senior")
    number = go(chief).id
    judged = act(chief, "judge", number=number, study="S-missed", verdict="missed", comment="=HYPERLINK()").run
    assert judged is not None and judged.judged == {"missed": 1, "model_wrong": 0, "unclear": 0}
    open_ = act(chief, "list", only="open").page
    assert open_ is not None and [row.study for row in open_.rows] == ["S-silent", "S-label"]
    exported = act(chief, "export").csv
    assert exported is not None
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [row["study"] for row in rows] == ["S-missed", "S-silent", "S-label"]
    assert (rows[0]["verdict"], rows[0]["comment"], rows[0]["judged_by"]) == ("missed", "'=HYPERLINK()", "chief")
    with pytest.raises(InvalidRequest):
        act(chief, "judge", study="S-missed")
    with pytest.raises(NotFound):
        act(chief, "judge", study="S-none", verdict="missed")


def test_it_is_for_seniors_and_hidden_from_who_reads_blind(archive: None, as_: As) -> None:
    chief = as_("chief", "senior")
    with pytest.raises(InvalidRequest, match="no run"):
        act(chief, "list")
    go(chief)
    with pytest.raises(Forbidden):
        act(as_("petrova"), "list")
    opinion = {"part": "first", "reader": "chief", "findings": {}, "comment": "", "begun": now()}
    with chief.get(Store).note() as db:
        db.execute(insert(Opinion).values(study_id="S-missed", **opinion))
    with pytest.raises(BlindReading):
        act(chief, "show", study="S-missed")
    page = act(chief, "list").page
    assert page is not None and "S-missed" not in [row.study for row in page.rows]
