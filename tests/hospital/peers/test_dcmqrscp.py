"""dcmtk's own archive as the peer: what is stored there is found, fetched and sent on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from hospital_node import Receiver, soon
from peer_systems import dcmqrscp, film_file
from prosvet.core.context import Context
from prosvet.core.errors import PeerError
from prosvet.hospital.config import Peer
from prosvet.hospital.peers import find, get, link, move, send
from prosvet.hospital.peers.query import StudyQuery


@pytest.fixture
def node(context: Context) -> Iterator[Receiver]:
    made = Receiver(context, "")
    yield made
    made.stop()


@pytest.fixture
def pacs(tmp_path: Path, node: Receiver) -> Iterator[Peer]:
    with dcmqrscp(tmp_path / "qr", node.port) as peer:
        yield peer


def test_films_go_there_are_found_and_come_back_both_ways(pacs: Peer, node: Receiver, tmp_path: Path) -> None:
    link.echo(pacs, "PROSVET")
    films = [film_file(tmp_path, "2.25.501", n) for n in (1, 2)] + [
        film_file(tmp_path, "2.25.502", 3, StudyDate="20250101")
    ]
    done = send.store(pacs, films)
    assert [one.ok for one in done] == [True, True, True]
    found = find.studies(pacs, StudyQuery(patient_id="МК-0042"))
    assert [one.study_uid for one in found] == ["2.25.501", "2.25.502"], "the newest first"
    assert found[0].patient_name == "Иванова^Мария^Петровна"
    assert find.studies(pacs, StudyQuery(patient_id="МК-0043")) == ()
    old = StudyQuery(patient_id="МК-0042", until="2025-12-31")  # type: ignore[arg-type]
    assert [one.study_uid for one in find.studies(pacs, old)] == ["2.25.502"]

    folder = tmp_path / "got"
    folder.mkdir()
    moved = get.study(pacs, "2.25.501", folder)
    assert (moved.completed, moved.failed) == (2, 0)
    kept = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    sent = [pydicom.dcmread(path) for path in films[:2]]
    assert {one.SOPInstanceUID: one.PixelData for one in kept} == {one.SOPInstanceUID: one.PixelData for one in sent}

    assert move.study(pacs, "2.25.502", "PROSVET").completed == 1
    assert soon(lambda: len(node.rows()) == 1)
    assert node.rows()[0].study_uid == "2.25.502"


def test_a_destination_that_is_not_known_is_told(pacs: Peer, tmp_path: Path) -> None:
    send.store(pacs, [film_file(tmp_path)])
    with pytest.raises(PeerError) as told:
        move.study(pacs, "2.25.1001", "NOBODY")
    assert told.value.details["reason"] == "unknown_destination"


def test_another_ae_title_is_refused_and_told(pacs: Peer) -> None:
    with pytest.raises(PeerError) as told:
        link.echo(pacs.model_copy(update={"aet": "OTHER"}), "PROSVET")
    assert told.value.details["reason"] in ("called_aet", "rejected")
