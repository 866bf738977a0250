"""Peers that refuse, break off, say one thing and do another, or never end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity

from forked import free_port
from peer_systems import film_file
from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Peer
from prosvet.hospital.peers import commit, find, get, link, send
from prosvet.hospital.peers.query import StudyQuery

CR = "1.2.840.10008.5.1.4.1.1.1"
J2K = "1.2.840.10008.1.2.4.90"
Serve = Callable[..., Peer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A peer of our own: what it supports, and what it does on events."""
    started: list[Any] = []

    def start(contexts: list[tuple[str, list[str]]], *handlers: tuple[Any, Any], known: str = "") -> Peer:
        entity = ApplicationEntity("PEER")
        entity.require_calling_aet = [known] if known else []
        entity.network_timeout = entity.dimse_timeout = 5
        for sop_class, syntaxes in contexts:
            entity.add_supported_context(sop_class, syntaxes, scu_role=True, scp_role=True)
        port = free_port()
        started.append(entity.start_server(("127.0.0.1", port), block=False, evt_handlers=list(handlers)))
        return Peer(name="pacs", aet="PEER", host="127.0.0.1", port=port, may_query=True)

    yield start
    for server in started:
        server.shutdown()


PLAIN = ["1.2.840.10008.1.2.1"]


def test_each_object_has_the_status_that_it_got(serve: Serve, tmp_path: Path) -> None:
    statuses = iter((0x0000, 0xB007, 0xA700, 0xC000, 0x0111))
    peer = serve([(CR, PLAIN)], (evt.EVT_C_STORE, lambda _: next(statuses)))
    nothing = tmp_path / "nothing.dcm"
    nothing.write_bytes(b"no film")
    films = [film_file(tmp_path, number=n) for n in range(1, 6)]
    done = send.store(peer, [*films[:2], nothing, *films[2:]])
    assert [(one.ok, one.again) for one in done] == [
        (True, False), (True, False), (False, False), (False, True), (False, False), (True, False)
    ]  # fmt: skip
    assert done[2].reason == "not_dicom"


def test_a_connection_that_breaks_leaves_the_rest_to_be_sent_again(serve: Serve, tmp_path: Path) -> None:
    taken: list[int] = []

    def cut(event: Any) -> int:
        taken.append(1)
        if len(taken) == 2:
            event.assoc.abort()
        return 0x0000

    peer = serve([(CR, PLAIN)], (evt.EVT_C_STORE, cut))
    done = send.store(peer, [film_file(tmp_path, number=n) for n in range(1, 5)], timeout=5)
    assert [(one.ok, one.again) for one in done] == [(True, False), (False, True), (False, True), (False, True)]


def test_nobody_there_and_a_stranger_are_told_apart(serve: Serve) -> None:
    with pytest.raises(PeerUnreachable) as away:
        link.echo(Peer(name="pacs", aet="PEER", host="127.0.0.1", port=free_port()), "PROSVET")
    assert away.value.details["reason"] == "no_connection"
    with pytest.raises(PeerError) as stranger:
        link.echo(serve([(link.ECHO, PLAIN)], known="FRIEND"), "PROSVET")
    assert not isinstance(stranger.value, PeerUnreachable)
    assert stranger.value.details["reason"] == "calling_aet"
    with pytest.raises(PeerError) as other:
        link.echo(serve([(CR, PLAIN)]), "PROSVET")
    assert other.value.details["reason"] == "no_context"


def test_a_class_that_is_not_taken_is_told_for_its_object(serve: Serve, tmp_path: Path) -> None:
    peer = serve([(CR, PLAIN)], (evt.EVT_C_STORE, lambda _: 0x0000))
    other = film_file(tmp_path, number=2, SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    done = send.store(peer, [film_file(tmp_path), other])
    assert [(one.ok, one.reason) for one in done] == [(True, None), (False, "no_context")]


def test_a_compressed_film_goes_uncompressed_where_it_has_to(serve: Serve, pydicom_data: Path, tmp_path: Path) -> None:
    came: list[Dataset] = []

    def keep(event: Any) -> int:
        made = event.dataset
        made.file_meta = event.file_meta
        came.append(made)
        return 0x0000

    film = pydicom_data / "RG1_J2KR.dcm"
    kind = "1.2.840.10008.5.1.4.1.1.1.1"
    import pydicom

    header = pydicom.dcmread(film)
    kind = str(header.SOPClassUID)
    peer = serve([(kind, PLAIN)], (evt.EVT_C_STORE, keep))
    assert send.store(peer, [film])[0].ok
    assert (came[0].pixel_array == header.pixel_array).all()


def test_answers_for_other_patients_are_sifted_and_endless_ones_cut(serve: Serve) -> None:
    told = threading.Event()  # it hears our C-CANCEL, or, when it goes on all the same, our abort

    def endless(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for number in range(100_000):
            if event.is_cancelled:
                told.set()
                yield 0xFE00, None
                return
            one = Dataset()
            one.StudyInstanceUID, one.PatientID = f"2.25.{number + 1}", "0042" if number % 2 else "0043"
            yield 0xFF00, one

    peer = serve([(find.STUDY_ROOT_FIND, PLAIN)], (evt.EVT_C_FIND, endless), (evt.EVT_ABORTED, lambda _: told.set()))
    found = find.studies(peer, StudyQuery(patient_id="0042"), most=20)
    assert {one.patient_id for one in found} == {"0042"}
    assert len(found) == 10
    assert told.wait(20)


def test_objects_that_were_not_asked_for_are_refused(serve: Serve, tmp_path: Path) -> None:
    import pydicom

    stranger = pydicom.dcmread(film_file(tmp_path, "2.25.9"))

    def give(event: Any) -> Iterator[Any]:
        yield 1
        yield 0xFF00, stranger

    peer = serve([(get.STUDY_ROOT_GET, PLAIN), (CR, PLAIN)], (evt.EVT_C_GET, give))
    folder = tmp_path / "got"
    folder.mkdir()
    with pytest.raises(PeerError):
        get.study(peer, "2.25.10", folder)
    assert list(folder.iterdir()) == []


def test_a_commitment_that_never_comes_is_no_commitment(serve: Serve) -> None:
    peer = serve([(commit.COMMITMENT, PLAIN)], (evt.EVT_N_ACTION, lambda _: (0x0000, None)))
    with pytest.raises(PeerUnreachable) as told:
        commit.ask(peer, [(CR, "2.25.1")], wait=0.5)
    assert told.value.details["reason"] == "no_commitment"


@pytest.mark.parametrize("asked", [{}, {"patient_id": "*"}, {"patient_name": "*"}, {"patient_id": "a\\b"}])
def test_a_question_for_everybody_is_not_asked(asked: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"name a patient|wildcards|backslash"):
        StudyQuery(**asked)  # type: ignore[arg-type]
