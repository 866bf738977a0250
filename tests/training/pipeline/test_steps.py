"""A step is made whole or not at all, and again only when its inputs changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.training.pipeline.steps import make_step, read_step


def writing(text: str, calls: list[str]):  # type: ignore[no-untyped-def]
    def make(folder: Path) -> None:
        calls.append(text)
        (folder / "out").write_text(text)

    return make


def test_a_step_from_the_same_inputs_is_not_made_again(tmp_path: Path) -> None:
    calls: list[str] = []
    first, made = make_step(tmp_path, "train", {"x": 1}, writing("a", calls))
    again, made_again = make_step(tmp_path, "train", {"x": 1}, writing("b", calls))
    assert (made, made_again, calls) == (True, False, ["a"])
    assert first == again


def test_other_inputs_make_it_anew_in_place_of_the_old(tmp_path: Path) -> None:
    calls: list[str] = []
    make_step(tmp_path, "train", {"x": 1}, writing("a", calls))
    make_step(tmp_path, "train", {"x": 2}, writing("b", calls))
    assert (tmp_path / "train" / "out").read_text() == "b"
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_a_changed_output_is_noticed_and_made_again(tmp_path: Path) -> None:
    calls: list[str] = []
    make_step(tmp_path, "train", {"x": 1}, writing("a", calls))
    (tmp_path / "train" / "out").write_text("changed by hand")
    assert read_step(tmp_path, "train", whole=True) is None
    make_step(tmp_path, "train", {"x": 1}, writing("a", calls))
    assert (tmp_path / "train" / "out").read_text() == "a"


def test_a_step_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    calls: list[str] = []
    make_step(tmp_path, "train", {"x": 1}, writing("a", calls))

    def broken(folder: Path) -> None:
        (folder / "out").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_step(tmp_path, "train", {"x": 2}, broken)
    assert (tmp_path / "train" / "out").read_text() == "a"
    make_step(tmp_path, "train", {"x": 2}, writing("c", calls))
    assert (tmp_path / "train" / "out").read_text() == "c"
    assert [path.name for path in tmp_path.iterdir()] == ["train"]
