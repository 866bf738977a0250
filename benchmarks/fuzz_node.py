"""A fuzzer on the node's receiving path: from the bytes on the wire to the ledger, for a bounded time.

Each case is one conversation: what it sends goes through the socket, the PDU decoder, the states, the negotiation,
the spool, the walk over the data set and the keeper, without threads, so that a crash is a crash of its case. With
``atheris`` installed the cases are steered by coverage (``pip install atheris``), else they are mutations of real
conversations. Printed: cases, crashes (an error that no part of the receiving path catches), objects kept.
"""
# ruff: noqa: E402 - what is instrumented has to be imported first

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import queue
import random
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "tests")]

try:
    import atheris
except ModuleNotFoundError:
    atheris = None

with (
    atheris.instrument_imports(include=["prosvet.hospital.node", "pynetdicom"]) if atheris else contextlib.nullcontext()
):
    import pynetdicom

    from prosvet.hospital.node.node import DicomNode
    from prosvet.hospital.node.wire import BoundedSocket, SpoolingDimse, _States

from pydicom import dcmread
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dsutils import encode
from pynetdicom.transport import AddressInformation

from common import ROOT, figure, finish, parser
from hospital_node import ASSOCIATE, fresh
from hospital_pdus import pdv, store_request
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.ledger.store import Ledger

_FILM = ROOT / ".data/pydicom-data/SC_rgb.dcm"
_LONGEST = 64_000  # bytes of one case: what a socket pair holds
_STEPS = 400


def seeds() -> list[bytes]:
    """Real conversations: an echo of a request, films whole and cut, a release, an abort."""
    film = fresh(dcmread(_FILM))
    film.Rows = film.Columns = 8
    film.PixelData = bytes(8 * 8 * 3)
    data = encode(film, False, True) or b""
    release, abort = b"\5\0\0\0\0\4\0\0\0\0", b"\7\0\0\0\0\4\0\0\0\0"
    store = store_request(film) + pdv(2, data)
    parts = store_request(film) + pdv(0, data[:300]) + pdv(2, data[300:])
    return [ASSOCIATE + store + release, ASSOCIATE + parts + store + release, ASSOCIATE + store_request(film) + abort,
            ASSOCIATE + store_request(film) + pdv(2, data[:200]), ASSOCIATE, abort, store]  # fmt: skip


class Conversation:
    """Drives one association over a socket pair, in this thread."""

    def __init__(self, home: Path) -> None:
        self.context = Context(load_settings({}, home=home, threads=1))
        self.node = DicomNode(HospitalConfig(), self.context, self.context.get(Ledger))
        self.node.spool.clean()
        self.node._keeper.start()
        self._entity = ApplicationEntity("PROSVET")
        logging.disable(logging.CRITICAL)

    def hold(self, data: bytes) -> None:
        """Send `data` to the node, and let it act until it has nothing more to do."""
        ours, theirs = socket.socketpair()
        association = self._association(theirs)
        try:
            ours.sendall(data[:_LONGEST])
            ours.shutdown(socket.SHUT_WR)
            for _ in range(_STEPS):
                if not self._step(association):
                    return
                with contextlib.suppress(OSError):
                    ours.recv(65536, socket.MSG_DONTWAIT)  # answers are read, or the wire would fill
        finally:
            ours.close()
            theirs.close()
            association.dimse.discard()  # type: ignore[attr-defined]
            self.node.visits.forget(association)

    def _association(self, theirs: socket.socket) -> Association:
        """As the server makes it (:class:`prosvet.hospital.node.wire._Handler`), without its threads."""
        made = Association(self._entity, "acceptor")
        made.acceptor.maximum_length = self.node.visits.max_pdu
        made.acceptor.ae_title = "PROSVET"
        made.acceptor.supported_contexts = self.node._contexts
        made.acceptor.address_info = made.requestor.address_info = AddressInformation("127.0.0.1", 1)
        made.dul.socket = BoundedSocket(made, theirs, self.node.visits)
        made.dul.state_machine = _States(made, self.node.visits)
        made.dimse = SpoolingDimse(made, self.node.visits)
        made.bind(pynetdicom.evt.EVT_C_STORE, self.node.answering.store)
        made.bind(pynetdicom.evt.EVT_C_ECHO, self.node.answering.echo)
        made.bind(pynetdicom.evt.EVT_N_ACTION, self.node._commitment.answer)
        self.node.visits.opened(made)
        return made

    def _step(self, association: Association) -> bool:
        """One turn of what the two threads of an association do; False when it is over."""
        dul = association.dul
        with contextlib.suppress(queue.Empty):
            while True:
                dul.state_machine.do_action(dul.event_queue.get_nowait())
        if dul._kill_thread:
            return False
        if dul._process_recv_primitive():
            return True
        if not association.is_established and not association.requestor.primitive:
            asked = dul.receive_pdu(wait=False)
            if asked is not None:
                association.requestor.primitive = asked  # type: ignore[assignment]
                self.node.answering.requested(_Event(association))  # type: ignore[arg-type]
                if association.is_aborted or association.is_rejected:
                    return False
                association.acse.negotiate_association()
                return True
        number, message = association.dimse.get_msg(block=False)
        if message:
            association._serve_request(message, number or 0)
            return True
        if dul.socket is None or dul.socket.socket is None:
            return not dul.event_queue.empty()
        return dul._is_transport_event() or not dul.event_queue.empty()


class _Event:
    def __init__(self, association: Association) -> None:
        self.assoc = association


class Tally:
    """Cases and crashes, kept in a file: the engine ends the process in its own way."""

    def __init__(self, talk: Conversation, file: Path) -> None:
        self._talk, self._file = talk, file
        self.cases, self.crashes = 0, Counter[str]()

    def case(self, data: bytes) -> None:
        """One conversation."""
        self.cases += 1
        try:
            self._talk.hold(data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            self.crashes[f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"] += 1
        if self.cases % 50 == 0:
            self.write()

    def write(self) -> None:
        """Keep what was counted."""
        counts = self._talk.node.counts.facts(0, running=True)
        told = {"cases": self.cases, "crashes": dict(self.crashes), "kept": counts.received, "refused": counts.refused}
        self._file.write_text(json.dumps(told))


def mutated(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    """A conversation with some bytes changed, cut, doubled or put elsewhere."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) or 1)
        kind = chance.randrange(5)
        if kind == 0 and data:
            data[at] = chance.randrange(256)
        elif kind == 1:
            data[at : at + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, b"\0\0\0\1", b"\x7f\xff\xff\xff"])
        elif kind == 2:
            del data[at : at + chance.randint(1, 200)]
        elif kind == 3:
            data[at:at] = data[at : at + chance.randint(1, 200)]
        else:
            other = chance.choice(corpus)
            data[at:] = other[chance.randrange(len(other)) :]
    return bytes(data)


def _child(place: Path, seconds: int, seed: int) -> None:
    tally = Tally(Conversation(place / "home"), place / "tally.json")
    corpus = seeds()
    if atheris is None:
        chance, until = random.Random(seed), time.monotonic() + seconds
        while time.monotonic() < until:
            tally.case(mutated(chance, corpus))
        tally.write()
        os._exit(0)
    folder = place / "corpus"
    folder.mkdir()
    for data in corpus:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    limits = [
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST}",
        f"-seed={seed + 1}",
        "-timeout=60",
        "-rss_limit_mb=4096",
    ]
    atheris.Setup([sys.argv[0], *limits, str(folder)], tally.case)
    atheris.Fuzz()


def main() -> None:
    """Fuzz for a while and print what came of it."""
    arguments = parser(__doc__)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--child", type=Path, help="folder to work in (used by the command itself)")
    given = arguments.parse_args()
    if given.child is not None:
        _child(given.child, given.seconds, given.seed)
        return
    with tempfile.TemporaryDirectory() as name:
        command = [
            sys.executable,
            __file__,
            "--child",
            name,
            "--seconds",
            str(given.seconds),
            "--seed",
            str(given.seed),
        ]
        done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
        tally: dict[str, Any] = json.loads((Path(name) / "tally.json").read_text())
    crashes, data = sum(tally["crashes"].values()), "conversations of SC_rgb.dcm of pydicom-data, mutated"
    cases = tally["cases"]
    rows = [figure("fuzz: seconds", data, given.seconds, cases), figure("fuzz: crashes", data, crashes, cases),
            figure("fuzz: objects kept", data, tally["kept"], cases)]  # fmt: skip
    finish("fuzz_node", given.out, data=data, n=tally["cases"], engine="atheris" if atheris else "mutations",
           ended=done.returncode, crashes=tally["crashes"], refused=tally["refused"], figures=rows)  # fmt: skip
    if crashes or done.returncode:
        sys.stderr.buffer.write(done.stderr[-2000:])
        raise SystemExit(1)


if __name__ == "__main__":
    main()
