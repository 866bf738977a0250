"""Receivers over MLLP: those that acknowledge, refuse, keep silent, cut the wire, or speak of something else."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from forked import free_port
from peer_systems import line
from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Hl7
from prosvet.hospital.peers import mllp

MESSAGE = "MSH|^~\\&|PROSVET||||20261122103000||ORU^R01^ORU_R01|P77|P|2.5\rPID|1||МК-0042\r".encode()
Answer = Callable[[bytes, socket.socket], None]


def saying(*parts: str) -> Answer:
    def answer(_: bytes, wire: socket.socket) -> None:
        for part in parts:
            wire.sendall(part.encode())
            time.sleep(0.05)

    return answer


def ack(code: str, control: str = "P77") -> str:
    return f"\x0bMSH|^~\\&|MIS||PROSVET||20261122||ACK|1|P|2.5\rMSA|{code}|{control}|Иванова\r\x1c\r"


@pytest.mark.parametrize("parts", [(ack("AA"),), (ack("CA"),), tuple(ack("AA"))])
def test_an_acknowledged_message_came_whole(parts: tuple[str, ...]) -> None:
    with line(saying(*parts)) as receiver:
        done = mllp.send(MESSAGE, Hl7(host="127.0.0.1", port=receiver.port, timeout=10))
    assert done.code in ("AA", "CA")
    assert receiver.heard == [b"\x0b" + MESSAGE + b"\x1c\r"]


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (saying(ack("AE")), PeerError, "hl7_error"),
        (saying(ack("CE")), PeerError, "hl7_error"),
        (saying(ack("AR")), PeerUnreachable, "hl7_rejected"),
        (saying(ack("AA", "P78")), PeerError, "other_message"),
        (saying(ack("ZZ")), PeerError, "not_understood"),
        (saying("\x0bHTTP/1.1 200 OK\r\x1c\r"), PeerError, "not_understood"),
        (saying("\x0bMSH|", "x" * 70_000), PeerError, "not_understood"),
        (saying("\x0bMSH|^~\\&|"), PeerUnreachable, "no_connection"),
        (lambda *_: time.sleep(1.5), PeerUnreachable, "no_answer"),
        (lambda _, wire: wire.close(), PeerUnreachable, "no_connection"),
        (saying(*("\x0b" for _ in range(40))), PeerUnreachable, "no_answer"),
    ],
)
def test_nothing_else_counts(answer: Answer, kind: type[PeerError], reason: str) -> None:
    with line(answer) as receiver, pytest.raises(PeerError) as told:
        mllp.send(MESSAGE, Hl7(host="127.0.0.1", port=receiver.port, timeout=0.8))
    assert type(told.value) is kind
    assert told.value.details["reason"] == reason
    assert "Иванова" not in told.value.message("ru"), "the receiver's words may name the patient"


def test_nobody_there_is_told() -> None:
    config = Hl7(host="127.0.0.1", port=free_port())
    with pytest.raises(PeerUnreachable):
        mllp.send(MESSAGE, config)
    with pytest.raises(PeerUnreachable):
        mllp.knock(config)
