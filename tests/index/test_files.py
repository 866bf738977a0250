"""Index files: whole or not there, newest first, and a full disk said plainly."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from prosvet.core.errors import DiskFull
from prosvet.index.files import Stamp, current, publish


def stamp(version: int, model: str = "m@1") -> Stamp:
    return Stamp(backend="faiss_flat", model=model, version=version, erasures=0)


def write(text: str):  # type: ignore[no-untyped-def]
    return lambda folder: (folder / "data").write_text(text)


def test_nothing_is_current_at_first(tmp_path: Path) -> None:
    assert current(tmp_path / "none") is None


def test_published_index_is_current_and_alone(tmp_path: Path) -> None:
    publish(tmp_path, stamp(1), write("old"))
    folder = publish(tmp_path, stamp(2), write("new"))
    assert current(tmp_path) == (folder, stamp(2))
    assert (folder / "data").read_text() == "new"
    assert [p for p in tmp_path.iterdir()] == [folder]


def test_second_build_of_the_same_leaves_the_first(tmp_path: Path) -> None:
    first = publish(tmp_path, stamp(1), write("first"))
    assert publish(tmp_path, stamp(1), write("second")) == first
    assert (first / "data").read_text() == "first"
    assert len(list(tmp_path.iterdir())) == 1


def test_killed_build_is_never_read_and_is_cleared(tmp_path: Path) -> None:
    part = tmp_path / "new-x.part"
    part.mkdir()
    (part / "stamp.json").write_text(stamp(9).model_dump_json())
    assert current(tmp_path) is None
    publish(tmp_path, stamp(1), write("fresh"))
    assert part.exists(), "it may be another process at work"
    os.utime(part, (0, 0))
    publish(tmp_path, stamp(2), write("fresh"))
    assert not part.exists()


@pytest.mark.parametrize("content", ["{", '{"backend": 1}', ""])
def test_damaged_stamp_is_passed_over(tmp_path: Path, content: str) -> None:
    folder = publish(tmp_path, stamp(1), write("x"))
    (folder / "stamp.json").write_text(content)
    assert current(tmp_path) is None


def test_other_format_is_passed_over(tmp_path: Path) -> None:
    publish(tmp_path, stamp(1).model_copy(update={"format": 0}), write("x"))
    assert current(tmp_path) is None


def test_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = publish(tmp_path, stamp(1), write("kept"))
    with pytest.raises(DiskFull):
        publish(tmp_path, stamp(2), fail)
    assert current(tmp_path) == (kept, stamp(1))
    assert [p for p in tmp_path.iterdir()] == [kept]
