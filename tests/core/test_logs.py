"""The log holds what happened and no patient, whoever writes the line."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from prosvet.core.errors import NotFound
from prosvet.core.logs import LogFormat, set_up, without_identity

UID = "1.2.840.113619.2.55.3.604688.1"
NAME = "Иванова^Мария^Петровна"


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the log has written, in each format."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    form: LogFormat = request.param
    set_up(logging.DEBUG, form, stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def clean(lines: io.StringIO) -> str:
    words = lines.getvalue()
    for trace in (UID, NAME, "Иванова", "Петровна", "77120034"):
        assert trace not in words, words
    return words


def test_what_our_lines_fill_in_is_looked_at(lines: io.StringIO) -> None:
    film = Dataset()
    film.PatientName, film.PatientID = NAME, "77120034"
    log = logging.getLogger("prosvet.hospital.node")
    log.warning("refused %s of %s from %s: %d objects, %s", UID, PersonName(NAME), "10.0.0.5", 3, film)
    log.warning("%(who)s sent %(film)s", {"who": NAME, "film": film["PatientID"]})
    log.warning(f"study {UID}")
    words = clean(lines)
    assert "10.0.0.5: 3 objects" in words
    assert "<uid>" in words
    assert "<Dataset>" in words


def test_of_other_packages_only_the_template_is_written(lines: io.StringIO) -> None:
    logging.getLogger("highdicom").warning("invalid value %r for %s", "77120034", UID)
    words = clean(lines)
    assert "invalid value %r for %s" in words


def test_of_a_warning_its_place_is_written(lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"Invalid value for VR UI: '77120034 {UID}'", UserWarning, stacklevel=1)
    assert "UserWarning at " in clean(lines)


def test_of_an_exception_type_and_places_are_written(lines: io.StringIO) -> None:
    try:
        try:
            raise KeyError("77120034")
        except KeyError as error:
            raise NotFound(kind="study", name=UID) from error
    except NotFound:
        logging.getLogger("prosvet.app").error("unexpected", exc_info=True)
    words = clean(lines)
    assert "NotFound: " in words
    assert "KeyError" in words
    assert "test_logs.py" in words


def test_json_lines_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up(logging.INFO, "json")
    try:
        logging.getLogger("prosvet.x").info("line\nbreak %d", 5)
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("info", "prosvet.x", "line\nbreak 5")
    assert told["at"].endswith("+00:00")


@pytest.mark.parametrize(
    "kept", ["10.0.0.5:104", "version 2.31.4", "took 3.5 s", "file archive.db", "2026-11-22 10:30", "0.165.2.1 is one"]
)
def test_what_is_no_identity_stays(kept: str) -> None:
    assert without_identity(kept) == kept


@pytest.mark.parametrize(
    "gone", [UID, "2.25.310234", f"({UID})", f"study={UID},", NAME, "Smith^John", "O'Neil^Ann^^Dr"]
)
def test_what_looks_like_identity_goes(gone: str) -> None:
    left = without_identity(gone)
    assert "<uid>" in left or "<name>" in left
    assert not any(part in left for part in ("840", "310234", "Иванова", "Smith", "Neil"))
