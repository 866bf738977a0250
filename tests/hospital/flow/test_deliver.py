"""Delivery to real receivers, and to receivers that are away, refuse, hang or lie."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import update

from flow_support import Flow, post, storescp
from forked import free_port, wait_for
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.hospital.config import Peer
from prosvet.hospital.flow.deliver import Deliverer
from prosvet.hospital.flow.retry import Retry
from prosvet.hospital.ledger.schema import Outgoing

QUICK = Retry(first=0.0, longest=0.0, tries=3, checks=(0.0, 0.0))


def deliverer(flow: Flow, port: int, retry: Retry = QUICK, *, may_query: bool = False) -> Deliverer:
    """What brings results to a peer on `port`, with little patience."""
    from prosvet.hospital.flow.send import PeerSender

    peer = Peer(name="pacs", aet="PACS", host="127.0.0.1", port=port, may_query=may_query)
    sender = PeerSender("PROSVET", peer, timeout=2.0, opening=2.0)
    return Deliverer(flow.ledger, "pacs", sender, AuditLog.from_context(flow.context), retry)


def small(film: Dataset) -> Dataset:
    """The film with few pixels: here it is the way that counts."""
    film.Rows = film.Columns = 8
    film.PixelData = bytes(64)
    return film


def states(flow: Flow) -> list[str]:
    """The states of all results."""
    return [row.state for row in flow.outgoing()]


def test_what_waits_is_sent_the_urgent_first_and_once(
    flow: Callable[..., Flow], film: Callable[..., Dataset], dcmtk: str, tmp_path: Path
) -> None:
    made = flow()
    films = [small(film(number)) for number in range(3)]
    for number, one in enumerate(films):
        post(made, one, priority=number)
    with storescp(tmp_path / "pacs") as peer:
        sends = deliverer(made, peer.port)
        while sends.turn():
            pass
        assert peer.uids() == sorted(str(one.SOPInstanceUID) for one in films)
    assert states(made) == ["sent"] * 3
    times = [row.sent for row in made.outgoing()]
    assert times == sorted(times, reverse=True)


def test_a_peer_that_is_away_costs_no_tries_and_gets_all_when_it_is_back(
    flow: Callable[..., Flow], film: Callable[..., Dataset], dcmtk: str, tmp_path: Path
) -> None:
    made, port = flow(), free_port()
    for number in range(2):
        post(made, small(film(number)))
    sends = deliverer(made, port)
    for _ in range(5):
        sends.turn()
    assert [(row.state, row.attempts, row.error["code"]) for row in made.outgoing()] == [
        ("waiting", 0, "no_connection")
    ] * 2
    with storescp(tmp_path / "pacs", port) as peer:
        sends.turn()
        assert len(peer.uids()) == 2
    assert states(made) == ["sent", "sent"]


def test_a_peer_that_is_away_for_longer_than_patience_lasts_leaves_dead_letters(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    number = post(made, small(film()))
    sends = deliverer(made, free_port(), replace(QUICK, patience=timedelta(hours=1)))
    sends.turn()
    old = {"code": "no_connection", "since": (now() - timedelta(hours=2)).isoformat()}
    with made.ledger.write() as connection:
        connection.execute(update(Outgoing).where(Outgoing.id == number).values(error=old))
    sends.turn()
    assert states(made) == ["dead"]


def test_a_peer_that_hangs_holds_a_turn_up_for_seconds_only(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    post(made, small(film()))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        begun = time.monotonic()
        deliverer(made, silent.getsockname()[1]).turn()
        assert time.monotonic() - begun < 8
    assert [(row.state, row.attempts) for row in made.outgoing()] == [("waiting", 0)]


@contextmanager
def answering(*statuses: int) -> Iterator[int]:
    """A receiver that answers each object with the next of `statuses`, the last one for ever."""
    from pynetdicom import evt
    from pynetdicom.ae import ApplicationEntity

    waiting = list(statuses)
    entity = ApplicationEntity("PACS")
    entity.add_supported_context("1.2.840.10008.5.1.4.1.1.1.1")

    def answer(_: object) -> int:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, answer)])
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("statuses", "turns", "state", "attempts"),
    [
        ((0xA700, 0x0000), 2, "sent", 2),  # no room, then room
        ((0xA700,), 5, "dead", 3),  # never any room
        ((0xC000,), 1, "dead", 1),  # cannot be understood: no try more
        ((0xB000,), 1, "sent", 1),  # taken, with a warning
        ((0x0111,), 1, "sent", 1),  # was there already
    ],
)
def test_statuses_mean_what_the_standard_says(
    statuses: tuple[int, ...], turns: int, state: str, attempts: int, flow: Callable[..., Flow],
    film: Callable[..., Dataset],
) -> None:  # fmt: skip
    made = flow()
    post(made, small(film()))
    with answering(*statuses) as port:
        sends = deliverer(made, port)
        for _ in range(turns):
            sends.turn()
    assert [(row.state, row.attempts) for row in made.outgoing()] == [(state, attempts)]
    audit = (made.context.settings.home / "audit.jsonl").read_text() if state == "dead" else ""
    assert ("outbox.dead" in audit) == (state == "dead")


def test_a_class_that_the_peer_does_not_take_is_a_dead_letter_and_the_rest_goes(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    other = small(film(1))
    other.SOPClassUID = other.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
    post(made, other)
    post(made, small(film()))
    with answering(0x0000) as port:
        deliverer(made, port).turn()
    assert states(made) == ["dead", "sent"]
    assert made.outgoing()[0].error["code"] == "no_context"


def test_a_connection_that_is_cut_between_two_results_loses_none(
    flow: Callable[..., Flow], film: Callable[..., Dataset], dcmtk: str, tmp_path: Path
) -> None:
    """A relay cuts the wire after so many bytes, at ever later places."""
    made = flow()
    films = [film(number) for number in range(3)]
    for one in films:
        post(made, one)
    with storescp(tmp_path / "pacs") as peer:
        for most in (300, 20_000, 1_200_000, 2_500_000, None):
            with relay(peer.port, most) as port:
                deliverer(made, port).turn()
        assert set(peer.uids()) == {str(one.SOPInstanceUID) for one in films}
    assert states(made) == ["sent"] * 3


@contextmanager
def relay(port: int, most: int | None) -> Iterator[int]:
    """A wire to `port` that is cut after `most` bytes."""
    door = socket.create_server(("127.0.0.1", 0))

    def carry(one: socket.socket, other: socket.socket, bound: int | None) -> None:
        seen = 0
        try:
            while data := one.recv(4096):
                seen += len(data)
                if bound is not None and seen > bound:
                    break
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        try:
            while True:
                near, _ = door.accept()
                far = socket.create_connection(("127.0.0.1", port))
                threading.Thread(target=carry, args=(near, far, most), daemon=True).start()
                threading.Thread(target=carry, args=(far, near, None), daemon=True).start()
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield int(door.getsockname()[1])
    finally:
        door.close()


def test_a_damaged_file_is_not_sent(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made = flow()
    post(made, small(film()))
    path = made.ledger.files.path(made.outgoing()[0].sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with answering(0x0000) as port:
        deliverer(made, port).turn()
    assert [(row.state, row.error["code"]) for row in made.outgoing()] == [("dead", "damaged")]


# ---------------------------------------------------------------- is it there?


@contextmanager
def dcmqrscp(folder: Path) -> Iterator[int]:
    """dcmtk's little PACS: stores, and can be asked."""
    program, port = shutil.which("dcmqrscp"), free_port()
    if program is None:
        pytest.skip("dcmtk is not installed")
    folder.mkdir(parents=True)
    words = f"""NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
PACS {folder} RW (500, 1024mb) ANY
AETable END
"""
    (folder.parent / "dcmqrscp.cfg").write_text(words)
    command = [program, "-c", str(folder.parent / "dcmqrscp.cfg")]
    one = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        one.terminate()
        one.wait(timeout=20)


def test_what_is_found_at_the_peer_is_confirmed(
    flow: Callable[..., Flow], film: Callable[..., Dataset], tmp_path: Path
) -> None:
    made = flow()
    for number in range(2):
        post(made, small(film(number)))
    with dcmqrscp(tmp_path / "store") as port:
        sends = deliverer(made, port, may_query=True)
        while sends.turn():
            pass
    assert states(made) == ["confirmed", "confirmed"]


def test_stored_and_not_there_is_sent_again(
    flow: Callable[..., Flow], film: Callable[..., Dataset], tmp_path: Path
) -> None:
    """A result that the peer had accepted and does not know: after the last look it waits for sending again."""
    made = flow()
    number = post(made, small(film()))
    with dcmqrscp(tmp_path / "store") as port:
        with made.ledger.write() as connection:
            said = {"state": "sent", "sent": now(), "attempts": 1}
            connection.execute(update(Outgoing).where(Outgoing.id == number).values(said))
        sends = deliverer(made, port, may_query=True)
        sends.turn()
        assert made.outgoing()[0].error == {"code": "not_there_yet", "checks": 1}
        while sends.turn():
            pass
    assert [(row.state, row.attempts) for row in made.outgoing()] == [("confirmed", 2)]


def test_a_peer_that_cannot_be_asked_still_gets_results(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow()
    post(made, small(film()))
    with answering(0x0000) as port:
        sends = deliverer(made, port, replace(QUICK, first=5.0, longest=5.0), may_query=True)
        sends.turn()
        post(made, small(film(1)))
        sends.turn()
    assert states(made) == ["sent", "sent"]
