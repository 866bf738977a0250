"""What a ZIP may be: honest films are read from it, and every known trick is refused whole, with its reason."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from prosvet.archive.zip_in import Limits, ZipMember, is_zip, members
from prosvet.core.errors import BadZip, TruncatedFile

SMALL = Limits(members=3, inflated=100_000_000, ratio=200)


def packed(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def refusal(path: Path, limits: Limits = SMALL) -> dict[str, object]:
    with pytest.raises(BadZip) as raised:
        members(path, "films.zip", limits)
    return raised.value.details


def test_members_are_read_as_they_were_packed(tmp_path: Path) -> None:
    noise = os.urandom(200_000)
    path = packed(tmp_path / "a.zip", **{"b/Снимок 1.png": noise, "a.dcm": b"bytes"})
    found = members(path, "films.zip", SMALL)
    assert [name for name, _ in found] == ["a.dcm", "b/Снимок 1.png"]
    film = found[1][1]
    assert isinstance(film, ZipMember)
    assert (film.name, film.size, film.read()) == ("Снимок 1.png", len(noise), noise)
    assert is_zip(path)
    assert os.listdir(tmp_path) == ["a.zip"]  # nothing was unpacked


def test_what_an_operating_system_leaves_is_passed_over(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{"__MACOSX/a.png": b"", ".DS_Store": b"", "a.png": b"film"})
    assert [name for name, _ in members(path, "films.zip", SMALL)] == ["a.png"]


def test_an_archive_inside_is_refused_alone(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{"a.png": b"film", "more.ZIP": b"PK", "x.tar.gz": b""})
    found = dict(members(path, "films.zip", SMALL))
    assert isinstance(found["a.png"], ZipMember)
    for name in ("more.ZIP", "x.tar.gz"):
        error = found[name]
        assert isinstance(error, BadZip)
        assert error.details["reason"] == "nested"


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.png", "a/../../up.png", "C:/films/a.png", "..\\up.png"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(packed(tmp_path / "a.zip", **{"good.png": b"film", name: b"x"}))["reason"] == "path"


def test_a_link_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("link.png")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert refusal(tmp_path / "a.zip")["reason"] == "link"


def test_a_password_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{"a.png": b"film"})
    data = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags, in both places that hold them
        data[data.index(magic) + at] |= 1
    path.write_bytes(data)
    assert refusal(path)["reason"] == "encrypted"


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{f"{number}.png": b"" for number in range(4)})
    assert refusal(path) | {"name": ""} == {"name": "", "reason": "members", "members": 4, "limit": 3}


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{"zeros.png": bytes(60_000_000)})
    assert path.stat().st_size < 100_000
    assert refusal(path)["reason"] == "ratio"
    assert refusal(path, Limits(inflated=50_000_000))["reason"] == "inflated"


def test_members_that_share_their_bytes_are_a_bomb_too(tmp_path: Path) -> None:
    """Each member alone is packed modestly; together they are far more than the file could hold."""
    noise = os.urandom(1_000_000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", noise)
        first = archive.getinfo("a.png")
        for number in range(1_000):
            shared = zipfile.ZipInfo(f"{number}.png")
            for name in ("file_size", "compress_size", "CRC", "header_offset", "compress_type"):
                setattr(shared, name, getattr(first, name))
            archive.filelist.append(shared)
    assert refusal(tmp_path / "a.zip", Limits())["reason"] == "ratio"


def test_a_member_that_lies_of_its_size_is_cut_off(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{"a.png": bytes(1_000_000)})
    data = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(magic) + at, 100)
    path.write_bytes(data)
    film = members(path, "films.zip", SMALL)[0][1]
    assert isinstance(film, ZipMember)
    with pytest.raises(TruncatedFile):
        film.read()


@pytest.mark.parametrize("cut", [10, 150])
def test_a_broken_or_an_empty_one_is_refused(tmp_path: Path, cut: int) -> None:
    path = packed(tmp_path / "a.zip", **{"a.png": os.urandom(500)})
    path.write_bytes(path.read_bytes()[:-cut])
    assert refusal(path)["reason"] == "broken"
    assert refusal(packed(tmp_path / "b.zip"))["reason"] == "empty"


def test_a_damaged_member_is_that_members_failure(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{"a.png": os.urandom(5_000)})
    data = bytearray(path.read_bytes())
    data[2_000] ^= 0xFF
    path.write_bytes(data)
    film = members(path, "films.zip", SMALL)[0][1]
    assert isinstance(film, ZipMember)
    with pytest.raises(TruncatedFile):
        film.read()


def test_what_only_has_the_name_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(io.BytesIO(b"notes").getvalue())
    assert not is_zip(tmp_path / "a.zip")
