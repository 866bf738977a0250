"""Strangers on the port: whatever they send, nothing is kept that is no object, and the next film is."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset
from pynetdicom.dsutils import encode

from hospital_node import ASSOCIATE, Receiver, fresh, soon
from hospital_pdus import pdv, store_request

Start = Callable[..., Receiver]


def _talk(one: Receiver, *pieces: bytes) -> bytes:
    """Send, and give what comes back until the other side closes."""
    got = b""
    with one.wire() as wire:
        try:
            for piece in pieces:
                wire.sendall(piece)
                if piece is ASSOCIATE:
                    wire.recv(65536)
            wire.shutdown(socket.SHUT_WR)
            while more := wire.recv(65536):
                got += more
        except ConnectionError:
            pass
    return got


def _answer(one: Receiver, *pieces: bytes) -> bytes:
    """Send, and give what comes back first."""
    with one.wire() as wire:
        for piece in pieces:
            wire.sendall(piece)
            if piece is ASSOCIATE:
                wire.recv(65536)
        return wire.recv(65536)


def _still_well(one: Receiver, film: Dataset) -> None:
    other = fresh(film)
    assert one.send(other) == 0
    assert one.rows()[-1].sop_uid == other.SOPInstanceUID


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        random.Random(1).randbytes(4096),
        b"\0" * 4096,
        b"\1\0\xff\xff\xff\xff",
        b"\1\0\0\0\0\x04abcd",
        b"\4\0\0\0\0\x06\0\0\0\2\1\3",
        b"\5\0\0\0\0\4\0\0\0\0",
        b"\7\0\0\0\0\4\0\0\0\0",
        ASSOCIATE[:40],
        b"",
    ],
)
def test_what_is_no_association_changes_nothing(receiver: Start, film: Dataset, data: bytes) -> None:
    one = receiver()
    _talk(one, data)
    assert one.rows() == []
    _still_well(one, film)


def test_an_object_that_does_not_wait_to_be_let_in_is_cut(receiver: Start, film: Dataset) -> None:
    one = receiver()
    for _ in range(5):
        _talk(one, ASSOCIATE + store_request(film) + pdv(2, encode(film, False, True) or b""))
    assert len(one.rows()) <= 1  # it may just have been let in
    _still_well(one, film)


def test_a_pdu_longer_than_agreed_is_not_read(receiver: Start, film: Dataset) -> None:
    one = receiver(max_pdu=16384)
    _talk(one, ASSOCIATE, b"\4\0" + struct.pack(">I", 0x7FFFFFFF) + bytes(100))
    assert one.refused() == {"pdu_too_long": 1}
    _still_well(one, film)


@pytest.mark.parametrize("uid", [b"../../../../etc/passwd", b"1.2.3/../../4", b"/tmp/x", b"1.2..3"])
def test_a_path_for_a_uid_reaches_no_path(receiver: Start, film: Dataset, uid: bytes) -> None:
    one = receiver()
    before = {path.name for path in one.context.settings.home.rglob("*") if "objects" not in path.parts}
    data = encode(film, False, True) or b""
    assert struct.pack("<HHIH", 0, 0x0900, 2, 0x0117) in _answer(one, ASSOCIATE, store_request(film, uid), pdv(2, data))
    assert one.rows() == []
    after = {path.name for path in one.context.settings.home.rglob("*") if "objects" not in path.parts}
    assert after - before <= {"ledger.db-wal", "ledger.db-shm", "node.json.new"}
    assert one.refused() == {"invalid_uid": 1}
    _still_well(one, film)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_truncated_object_is_refused(receiver: Start, film: Dataset, share: float) -> None:
    one = receiver()
    data = encode(film, False, True) or b""
    got = _answer(one, ASSOCIATE, store_request(film), pdv(2, data[: int(len(data) * share)]))
    assert struct.pack("<HHIH", 0, 0x0900, 2, 0xC000) in got
    assert one.refused() == {"truncated": 1}
    assert one.rows() == []
    assert list(one.ledger.files.names()) == []


def test_another_transfer_syntax_than_agreed_is_refused(receiver: Start, film: Dataset) -> None:
    one = receiver()
    data = encode(film, True, True) or b""
    assert _answer(one, ASSOCIATE, store_request(film), pdv(2, data))
    assert set(one.refused()) <= {"truncated", "not_understood"} and one.refused()
    assert one.rows() == []


def test_a_cut_network_leaves_nothing(receiver: Start, film: Dataset) -> None:
    one = receiver()
    data = encode(film, False, True) or b""
    for end in (10, 5000, 20000):
        _talk(one, ASSOCIATE, store_request(film), pdv(0, data[:end]), pdv(0, data[end:])[:-100])
    assert soon(lambda: not any((one.ledger.folder / "spool").iterdir()))
    assert one.rows() == [] and soon(lambda: one.node.spool.used == 0)
    _still_well(one, film)


def test_a_client_that_sends_a_byte_now_and_then_is_cut(receiver: Start, film: Dataset) -> None:
    one = receiver(idle_timeout=0.6)
    with one.wire() as wire:
        wire.sendall(ASSOCIATE)
        wire.recv(65536)
        wire.sendall(b"\4\0\0\0\x10\0")

        def cut() -> bool:
            try:
                wire.sendall(b"\0")
            except OSError:
                return True
            return False

        assert soon(cut, 10)
    _still_well(one, film)


def test_an_object_that_comes_for_ever_is_cut(receiver: Start, film: Dataset) -> None:
    one = receiver(object_timeout=0.8)
    with one.wire() as wire:
        wire.sendall(ASSOCIATE)
        wire.recv(65536)
        wire.sendall(store_request(film))

        def cut() -> bool:
            try:
                wire.sendall(pdv(0, b"\0" * 100))
            except OSError:
                return True
            return False

        assert soon(cut, 10)
    assert one.refused() == {"object_timeout": 1}
    assert soon(lambda: one.node.spool.used == 0)


def test_an_association_that_never_ends_is_ended(receiver: Start) -> None:
    one = receiver(association_timeout=1.0)
    association = one.associate()
    assert soon(lambda: not (association.is_established and association.send_c_echo()), 10)
    assert one.refused() == {"association_timeout": 1}


def test_silence_is_ended(receiver: Start) -> None:
    one = receiver(idle_timeout=0.5)
    association = one.associate()
    assert soon(lambda: not association.is_established, 10)


def test_an_object_larger_than_the_limit_ends_the_association(receiver: Start, film: Dataset) -> None:
    one = receiver(max_object_bytes=1_000_000)
    large = fresh(film)
    large.PixelData = bytes(1_500_000)
    assert one.send(large) is None
    assert one.refused() == {"object_too_large": 1}
    assert soon(lambda: one.node.spool.used == 0)
    _still_well(one, film)


def test_more_than_may_arrive_at_once_is_told_to_come_again(receiver: Start, film: Dataset) -> None:
    one = receiver(max_spool_bytes=1_000_000)
    large = fresh(film)
    large.PixelData = bytes(1_500_000)
    assert one.send(large) == 0xA700
    assert one.refused() == {"spool_full": 1}
    assert one.node.spool.used == 0
    _still_well(one, film)


def test_a_command_that_never_ends_is_cut(receiver: Start, film: Dataset) -> None:
    one = receiver()
    _talk(one, ASSOCIATE, *(pdv(1, b"\0" * 60000) for _ in range(4)))
    assert one.refused() == {"bad_message": 1}
    _still_well(one, film)


@pytest.mark.parametrize(
    "command",
    [b"", b"\0" * 8, b"\0\0\0\1\2\0\0\0\x77\x77", random.Random(0).randbytes(64)],
    ids=["empty", "zeros", "short", "noise"],
)
def test_a_command_that_is_none_is_cut(receiver: Start, film: Dataset, command: bytes) -> None:
    one = receiver()
    _talk(one, ASSOCIATE, pdv(3, command), pdv(2, b"abc"))
    assert one.rows() == []
    _still_well(one, film)


def test_too_many_associations_are_told_so(receiver: Start, film: Dataset) -> None:
    one = receiver(max_associations=2)
    held = [one.associate(), one.associate()]
    third = one.associate()
    assert third.is_rejected
    assert one.refused() == {"too_many_associations": 1}
    for association in held:
        association.release()
    assert soon(lambda: one.send(film) == 0)


def test_a_crowd_of_silent_connections_is_bounded(receiver: Start) -> None:
    one = receiver(max_associations=1, idle_timeout=2.0)
    crowd = [one.wire() for _ in range(30)]
    assert soon(lambda: one.refused().get("too_many_associations", 0) >= 21)
    for wire in crowd:
        wire.close()
    assert soon(lambda: one.associate().is_established, 15)


_LISTED = '[[peers]]\nname = "ct"\naet = "CT1"\nhost = "127.0.0.1"\nport = 104\nmay_send = true\n'


def test_only_who_is_listed_may_call_and_only_us(receiver: Start, film: Dataset) -> None:
    one = receiver(_LISTED)
    assert one.associate(film, calling="OTHER").is_rejected
    assert one.associate(film, calling="CT1", called="ELSE").is_rejected
    association = one.associate(film, calling="CT1")
    assert association.send_c_store(film).Status == 0
    association.release()
    assert one.refused() == {"calling_aet": 1, "called_aet": 1}
    lines = (one.context.settings.home / "audit.jsonl").read_text
    assert soon(lambda: '"calling_aet"' in lines() and '"called_aet"' in lines())


def test_an_address_that_is_not_listed_is_not_heard(receiver: Start) -> None:
    one = receiver(_LISTED.replace("127.0.0.1", "10.1.2.3"))
    assert not one.associate(calling="CT1").is_established
    assert one.refused() == {"address": 1}
