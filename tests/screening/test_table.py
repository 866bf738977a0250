"""Tables of scores and labels: what is read, and what is refused and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.core.errors import InvalidRecord, MissingColumns, NotFound, ProsvetError, RecordsDiffer
from prosvet.screening.table import cases, data_hash, read_labels, read_scores


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_a_russian_spreadsheet_is_the_same_table(tmp_path: Path) -> None:
    plain = read_scores(written(tmp_path, "a.csv", "id,score\na,0.5\nb,0.25\n"))
    russian = read_scores(written(tmp_path, "b.csv", "\ufeffID;Score\r\na;0,5\r\nb;0,25\r\n\r\n"))
    assert plain == russian == {"a": 0.5, "b": 0.25}
    labels = read_labels(written(tmp_path, "c.csv", "id;abnormal;critical;patient\na;да;1;p\nb;0;нет;q\n"))
    assert labels["a"].abnormal and labels["a"].critical and labels["b"].patient == "q"
    rows = cases(plain, labels, ("a.csv", "c.csv"))
    assert data_hash(rows) == data_hash(list(rows)) and len(data_hash(rows)) == 64


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("id,score\na,nan\n", "score_not_number", 2),
        ("id,score\na,inf\n", "score_not_number", 2),
        ("id,score\na,\n", "score_not_number", 2),
        ("id,score\na,1\na,2\n", "id_twice", 3),
        ("id,score\n,1\n", "id_empty", 2),
        ("id,score\na,1,2\n", "cells_differ", 2),
    ],
)
def test_a_bad_score_is_named_with_its_line(tmp_path: Path, text: str, kind: str, line: int) -> None:
    with pytest.raises(InvalidRecord) as caught:
        read_scores(written(tmp_path, "s.csv", text))
    assert (caught.value.details["reason"], caught.value.details["line"]) == (kind, line)
    assert kind not in caught.value.message("ru")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("id,abnormal\na,2\n", InvalidRecord),
        ("id,abnormal\na,\n", InvalidRecord),
        ("id,abnormal,critical\na,0,1\n", InvalidRecord),
        ("id,abnormal,patient\na,1,\n", InvalidRecord),
        ("id,sick\na,1\n", MissingColumns),
        ("", MissingColumns),
    ],
)
def test_a_bad_label_is_refused(tmp_path: Path, text: str, error: type[ProsvetError]) -> None:
    with pytest.raises(error):
        read_labels(written(tmp_path, "l.csv", text))


def test_tables_of_different_studies_are_refused_both_ways(tmp_path: Path) -> None:
    labels = read_labels(written(tmp_path, "l.csv", "id,abnormal\na,1\nb,0\n"))
    for scores in ({"a": 0.1}, {"a": 0.1, "b": 0.2, "c": 0.3}):
        with pytest.raises(RecordsDiffer):
            cases(scores, labels, ("s.csv", "l.csv"))
    with pytest.raises(NotFound):
        read_scores(tmp_path / "none.csv")
