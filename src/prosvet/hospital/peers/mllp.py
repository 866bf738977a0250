"""MLLP: one HL7 v2 message to its receiver, and what the receiver acknowledges."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from contextlib import ExitStack
from dataclasses import dataclass

from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import Hl7
from prosvet.hospital.node.tls import client_context

__all__ = ["NAME", "Acknowledged", "acknowledged", "knock", "send"]

log = logging.getLogger(__name__)

NAME = "hl7"
_START, _END = b"\x0b", b"\x1c\x0d"
_CONNECT = 10.0  # seconds
_MOST = 64 * 1024  # bytes of an acknowledgement
_TAKEN = ("AA", "CA")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The receiver's word: ``AA``, or ``CA`` in the enhanced mode."""

    code: str
    control_id: str


def send(message: bytes, config: Hl7) -> Acknowledged:
    """Send `message` (segments parted by carriage returns), and wait for its acknowledgement.

    Raises
    ------
    PeerUnreachable
        Nobody answers in time, the connection breaks, or the receiver rejects for a reason of its own (AR, CR):
        later it may take it.
    PeerError
        The receiver finds an error in the message (AE, CE), or answers something that acknowledges another; or one
        side does not trust the other's certificate.
    """
    with ExitStack() as stack:
        try:
            wire = stack.enter_context(
                socket.create_connection((config.host, config.port), min(_CONNECT, config.timeout))
            )
            if config.tls is not None:
                secured = client_context(config.tls)
                wire = stack.enter_context(secured.wrap_socket(wire, server_hostname=config.host))
            wire.settimeout(config.timeout)
            wire.sendall(_START + message + _END)
            answer = _answer(wire, config.timeout)
        except TimeoutError:
            raise PeerUnreachable(peer=NAME, reason="no_answer") from None
        except ssl.SSLEOFError:
            raise PeerUnreachable(peer=NAME, reason="no_connection") from None
        except ssl.SSLError:  # one of us does not trust the other: no later try mends that
            raise PeerError(peer=NAME, reason="tls") from None
        except OSError:
            raise PeerUnreachable(peer=NAME, reason="no_connection") from None
    done = acknowledged(answer, control_id(message))
    log.info("an HL7 message was acknowledged with %s", done.code)
    return done


def control_id(message: bytes) -> str:
    """MSH-10."""
    fields = message.split(b"\r", 1)[0].split(b"|")
    return fields[9].decode("ascii", "replace") if len(fields) > 9 else ""


def acknowledged(answer: bytes, control: str) -> Acknowledged:
    """What an acknowledgement of the message `control` says.

    Raises
    ------
    PeerUnreachable, PeerError

    Examples
    --------
    >>> acknowledged(b"MSH|^~\\\\&|A\\rMSA|AA|7\\r", "7").code
    'AA'
    """
    segments = answer.replace(b"\n", b"\r").split(b"\r")
    fields = next((one.split(b"|") for one in segments if one.startswith(b"MSA|")), [])
    code, told = (fields[n].strip().decode("ascii", "replace") if len(fields) > n else "" for n in (1, 2))
    if code not in ("AA", "CA", "AE", "CE", "AR", "CR"):
        raise PeerError(peer=NAME, reason="not_understood")
    if told != control:
        raise PeerError(peer=NAME, reason="other_message")
    if code in _TAKEN:
        return Acknowledged(code, told)
    if code in ("AE", "CE"):
        raise PeerError(peer=NAME, reason="hl7_error", status=code)
    raise PeerUnreachable(peer=NAME, reason="hl7_rejected", status=code)


def _answer(wire: socket.socket, timeout: float) -> bytes:
    until, data = time.monotonic() + timeout, b""
    while _END not in data:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        wire.settimeout(left)
        part = wire.recv(4096)
        if not part:
            raise ConnectionError
        data += part
        if len(data) > _MOST:
            raise PeerError(peer=NAME, reason="not_understood")
    return data[data.find(_START) + 1 : data.index(_END)]


def knock(config: Hl7) -> None:
    """Ask whether somebody listens; MLLP has no question for that.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    with ExitStack() as stack:
        try:
            wire = stack.enter_context(
                socket.create_connection((config.host, config.port), min(_CONNECT, config.timeout))
            )
            if config.tls is not None:
                stack.enter_context(client_context(config.tls).wrap_socket(wire, server_hostname=config.host))
        except ssl.SSLError:
            raise PeerError(peer=NAME, reason="tls") from None
        except OSError:
            raise PeerUnreachable(peer=NAME, reason="no_connection") from None
