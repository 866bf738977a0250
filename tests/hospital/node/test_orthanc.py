"""Orthanc as the one who asks: it looks here, fetches from here, and asks whether we keep what it has sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forked import free_port
from hospital_node import Receiver, soon
from peer_systems import Orthanc, film_file, orthanc
from prosvet.core.context import Context
from prosvet.hospital.peers import send


@pytest.fixture
def pair(context: Context, tmp_path: Path) -> Iterator[tuple[Orthanc, Receiver]]:
    """A PACS and our node that know each other."""
    ours = free_port()
    with orthanc(tmp_path / "pacs", ours) as pacs:
        words = (
            f'[[peers]]\nname = "pacs"\naet = "ORTHANC"\nhost = "127.0.0.1"\nport = {pacs.peer.port}\n'
            "may_send = true\nmay_query = true\nmay_query_us = true\n"
        )
        node = Receiver(context, words, at=ours)
        try:
            yield pacs, node
        finally:
            node.stop()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "pacs").mkdir()


def test_a_pacs_finds_a_study_here_and_has_it_moved_to_itself(pair: tuple[Orthanc, Receiver], tmp_path: Path) -> None:
    pacs, node = pair
    films = [film_file(tmp_path / "f", "2.25.801", number) for number in (1, 2)]
    # They come to us from the PACS, which then forgets them: C-MOVE the other way brings them back.
    assert all(one.ok for one in send.store(pacs.peer, films))
    (study,) = pacs.ask("/studies")
    assert pacs.ask("/modalities/prosvet/store", [study])["FailedInstancesCount"] == 0
    assert len(node.rows()) == 2
    _delete(pacs, study)
    assert pacs.ask("/studies") == []
    asked = {"Level": "Study", "Query": {"PatientName": "ИВАНОВА*", "StudyDate": ""}}
    query = pacs.ask("/modalities/prosvet/query", asked)["ID"]
    (answer,) = pacs.ask(f"/queries/{query}/answers?expand&simplify")
    assert answer["StudyInstanceUID"] == "2.25.801"
    assert answer["PatientName"] == "Иванова^Мария^Петровна"
    done = pacs.ask(f"/queries/{query}/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
    assert done
    assert soon(lambda: len(pacs.ask("/instances")) == 2)


def test_a_pacs_is_told_truthfully_what_is_kept_here(pair: tuple[Orthanc, Receiver], tmp_path: Path) -> None:
    pacs, node = pair
    send.store(pacs.peer, [film_file(tmp_path / "f", "2.25.802")])
    (study,) = pacs.ask("/studies")
    pacs.ask("/modalities/prosvet/store", [study])
    (row,) = node.rows()
    assert _committed(pacs, [[row.sop_class, row.sop_uid]]) == "Success"
    assert _committed(pacs, [[row.sop_class, row.sop_uid], [row.sop_class, "2.25.9999"]]) == "Failure"
    node.ledger.files.path(row.sha256).unlink()
    assert _committed(pacs, [[row.sop_class, row.sop_uid]]) == "Failure"


def _committed(pacs: Orthanc, instances: list[list[str]]) -> str:
    number = pacs.ask("/modalities/prosvet/storage-commitment", {"DicomInstances": instances})["ID"]
    assert soon(lambda: pacs.ask(f"/storage-commitment/{number}")["Status"] != "Pending", 20.0)
    return str(pacs.ask(f"/storage-commitment/{number}")["Status"])


def _delete(pacs: Orthanc, study: str) -> None:
    import urllib.request

    request = urllib.request.Request(f"{pacs.url}/studies/{study}", method="DELETE")
    urllib.request.urlopen(request, timeout=20).close()
