"""The file store: whole files or none, checked on reading, and a full disk is an error that leaves nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from prosvet.archive.files import FileStore, sha256
from prosvet.core.errors import ArchiveError, DiskFull, NotFound


def test_content_is_kept_once_and_comes_back(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    name = store.add(b"film")
    assert name == sha256(b"film") == store.add(b"film")
    assert store.read(name) == b"film"
    assert store.path(name) == tmp_path / "files" / name[:2] / name[2:]
    assert list(store.names()) == [name]


def test_a_half_file_of_a_power_cut_is_written_anew(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    name = store.add(b"film")
    store.path(name).write_bytes(b"fi")
    store.add(b"film")
    assert store.read(name) == b"film"


def test_damage_and_absence_are_told_apart(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    name = store.add(b"film")
    store.path(name).write_bytes(b"mlif")
    with pytest.raises(ArchiveError):
        store.read(name)
    store.remove([name, name])
    with pytest.raises(NotFound):
        store.read(name)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = FileStore(tmp_path / "files")
    monkeypatch.setattr(os, call, full)
    with pytest.raises(DiskFull):
        store.add(b"film")
    assert list(store.names()) == []
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
