"""Storage commitment: a result counts as delivered when the peer has answered for it, however late, and not before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from sqlalchemy import select, update

from flow_support import Flow, post
from forked import free_port
from hospital_node import Receiver, soon
from peer_systems import orthanc
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.hospital.config import Peer
from prosvet.hospital.flow.committing import Committing, committing
from prosvet.hospital.flow.deliver import Deliverer
from prosvet.hospital.flow.retry import Retry
from prosvet.hospital.flow.send import PeerSender
from prosvet.hospital.ledger.schema import Asked, Outgoing
from prosvet.hospital.node.classes import COMMITMENT, COMMITMENT_INSTANCE
from prosvet.hospital.node.committed import TRIES, settle

QUICK = Retry(first=0.0, longest=0.0, tries=3, checks=(0.0,), answers=(60.0, 60.0))
DX = "1.2.840.10008.5.1.4.1.1.1.1"


def small(film: Dataset) -> Dataset:
    """The film with few pixels."""
    film.Rows = film.Columns = 8
    film.PixelData = bytes(64)
    return film


def deliverer(flow: Flow, port: int, retry: Retry = QUICK, *, linger: float = 2.0, aet: str = "PACS") -> Deliverer:
    """What brings results to a peer on `port` that has to answer for them."""
    peer = Peer(name="pacs", aet=aet, host="127.0.0.1", port=port, commitment=True)
    sender, audit = PeerSender("PROSVET", peer, timeout=3.0, opening=3.0), AuditLog.from_context(flow.context)
    asks = Committing(flow.ledger, peer, "PROSVET", audit, retry, linger=linger)
    return Deliverer(flow.ledger, "pacs", sender, audit, retry, commit=asks.turn)


def state(flow: Flow) -> list[tuple[str, int, str | None]]:
    """State, tries and reason of all results."""
    return [(row.state, row.attempts, (row.error or {}).get("code")) for row in flow.outgoing()]


class Pacs:
    """Takes everything; keeps requests for commitment, and reports when it is told to."""

    def __init__(self, port: int) -> None:
        self.port, self.asked, self.here = port, list[Dataset](), True
        self.refuses: set[str] = set()
        self.reports = True

    def action(self, event: evt.Event) -> tuple[int, None]:
        self.asked.append(event.action_information)
        if self.reports:
            threading.Timer(0.2, self.report, (self.asked[-1], event.assoc)).start()
        return 0x0000, None

    def report(self, asked: Dataset, way: Any) -> int:
        """Report on a request over the association `way`."""
        made = Dataset()
        made.TransactionUID = asked.TransactionUID
        made.ReferencedSOPSequence, made.FailedSOPSequence = [], []
        for item in asked.ReferencedSOPSequence:
            if str(item.ReferencedSOPInstanceUID) in self.refuses:
                item.FailureReason = 0x0112
                made.FailedSOPSequence.append(item)
            else:
                made.ReferencedSOPSequence.append(item)
        kind = 2 if made.FailedSOPSequence else 1
        status, _ = way.send_n_event_report(made, kind, UID(COMMITMENT), UID(COMMITMENT_INSTANCE))
        return int(status.Status)

    def call(self, port: int, asked: Dataset, aet: str = "PACS") -> int | None:
        """Report over an association of its own; None where it is not let in."""
        entity = ApplicationEntity(aet)
        entity.add_requested_context(COMMITMENT)
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid, role.scu_role, role.scp_role = UID(COMMITMENT), False, True
        way = entity.associate("127.0.0.1", port, ae_title="PROSVET", ext_neg=[role])
        if not way.is_established:
            return None
        try:
            return self.report(asked, way)
        finally:
            way.release()


@contextmanager
def a_pacs() -> Iterator[Pacs]:
    entity = ApplicationEntity("PACS")
    entity.add_supported_context(DX)
    entity.add_supported_context(COMMITMENT)
    made = Pacs(0)
    handlers = [(evt.EVT_C_STORE, lambda _: 0x0000), (evt.EVT_N_ACTION, made.action)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    made.port = int(server.server_address[1])
    try:
        yield made
    finally:
        server.shutdown()


@pytest.fixture
def two(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> Flow:
    """An outbox with two results."""
    made = flow()
    for number in range(2):
        post(made, small(film(number)))
    return made


def test_a_report_on_the_same_association_confirms(two: Flow) -> None:
    with a_pacs() as pacs:
        deliverer(two, pacs.port).turn()
    assert state(two) == [("confirmed", 1, None)] * 2
    assert len(pacs.asked) == 1


def test_accepted_is_not_delivered_until_the_report(two: Flow) -> None:
    with a_pacs() as pacs:
        pacs.reports = False
        sends = deliverer(two, pacs.port, linger=0.1)
        sends.turn()
        assert state(two) == [("sent", 1, "asked")] * 2
        assert not sends.turn()  # it waits, and asks for nothing twice
    assert len(pacs.asked) == 1


def test_what_is_not_kept_goes_back_and_is_a_dead_letter_in_the_end(two: Flow) -> None:
    bad = two.outgoing()[1]
    with a_pacs() as pacs:
        pacs.refuses = {bad.sop_uid}
        sends = deliverer(two, pacs.port)
        sends.turn()
        first, second = two.outgoing()
        assert (first.state, second.state, second.error) == (
            "confirmed", "waiting", {"code": "not_committed", "status": "0112"},
        )  # fmt: skip
        assert second.next_at > now()
        with two.ledger.write() as connection:
            due = update(Outgoing).where(Outgoing.id == bad.id)
            connection.execute(due.values(next_at=now(), attempts=TRIES - 1))
        sends.turn()
    assert state(two)[1] == ("dead", TRIES, "not_committed")
    assert '"outbox.not_committed"' in (two.context.settings.home / "audit.jsonl").read_text()


def test_no_report_is_asked_for_again_and_then_sent_again_and_a_late_one_counts(two: Flow) -> None:
    with a_pacs() as pacs:
        pacs.reports = False
        sends = deliverer(two, pacs.port, linger=0.05)
        for _ in range(2):
            _due(two)
            sends.turn()
        assert len(pacs.asked) == 2
        assert pacs.asked[0].TransactionUID != pacs.asked[1].TransactionUID
        late, newer = pacs.asked
        assert settle(two.ledger, ["other"], _report(late)) is None
        _due(two)
        sends.turn()
        assert state(two) == [("waiting", 1, "no_commitment")] * 2
        done = settle(two.ledger, ["pacs"], _report(late))
        assert done is not None
        assert done.confirmed == 2
        assert settle(two.ledger, ["pacs"], _report(newer)) is not None  # known, and nothing more to do
    assert state(two) == [("confirmed", 1, None)] * 2


def _due(flow: Flow) -> None:
    with flow.ledger.write() as connection:
        connection.execute(update(Outgoing).values(next_at=now()))


def _report(asked: Dataset, *failed: str) -> Dataset:
    made = Dataset()
    made.TransactionUID = asked.TransactionUID
    made.ReferencedSOPSequence = [one for one in asked.ReferencedSOPSequence
                                  if one.ReferencedSOPInstanceUID not in failed]  # fmt: skip
    made.FailedSOPSequence = [one for one in asked.ReferencedSOPSequence if one.ReferencedSOPInstanceUID in failed]
    return made


def test_a_report_on_what_was_sent_again_since_says_nothing_of_it(two: Flow) -> None:
    with a_pacs() as pacs:
        pacs.reports = False
        deliverer(two, pacs.port, linger=0.05).turn()
    with two.ledger.write() as connection:
        connection.execute(update(Outgoing).values(sent=now() + timedelta(seconds=1)))
    uids = [row.sop_uid for row in two.outgoing()]
    done = settle(two.ledger, ["pacs"], _report(pacs.asked[0], *uids))
    assert done is not None
    assert done.again == 0
    assert [row.state for row in two.outgoing()] == ["sent", "sent"]


def test_a_peer_that_does_not_do_this_costs_nothing_and_is_asked_later(two: Flow) -> None:
    entity = ApplicationEntity("PACS")
    entity.add_supported_context(DX)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda _: 0)])
    try:
        deliverer(two, server.server_address[1], replace(QUICK, first=30.0, longest=30.0)).turn()
    finally:
        server.shutdown()
    assert state(two) == [("sent", 1, "no_context")] * 2
    assert {row.error["requests"] for row in two.outgoing()} == {0}


def test_after_a_crash_it_is_asked_anew_at_once_and_the_old_request_is_still_known(two: Flow) -> None:
    with a_pacs() as pacs:
        pacs.reports = False
        deliverer(two, pacs.port, linger=0.05).turn()  # the process ends here
        pacs.reports = True
        deliverer(two, pacs.port).turn()
    assert state(two) == [("confirmed", 1, None)] * 2
    with two.ledger.read() as connection:
        assert len(set(connection.execute(select(Asked.transaction_uid)).scalars())) == 2


def test_the_node_takes_a_report_that_comes_later_from_that_peer_alone(two: Flow) -> None:
    with a_pacs() as pacs:
        pacs.reports = False
        deliverer(two, pacs.port, linger=0.05).turn()
        words = (
            f'[[peers]]\nname = "pacs"\naet = "PACS"\nhost = "127.0.0.1"\nport = {pacs.port}\ncommitment = true\n'
            f'[[peers]]\nname = "other"\naet = "OTHER"\nhost = "127.0.0.1"\nport = 104\nmay_send = true\n'
        )
        node = Receiver(two.context, words)
        try:
            assert pacs.call(node.port, pacs.asked[0], "STRANGER") is None
            assert pacs.call(node.port, pacs.asked[0], "OTHER") == 0x0124
            assert state(two) == [("sent", 1, "asked")] * 2
            assert pacs.call(node.port, pacs.asked[0]) == 0
            assert state(two) == [("confirmed", 1, None)] * 2
            assert pacs.call(node.port, pacs.asked[0]) == 0  # told twice
            unknown = pacs.asked[0]
            unknown.TransactionUID = "2.25.1"
            assert pacs.call(node.port, unknown) == 0x0110
        finally:
            node.stop()


def test_orthanc_answers_for_what_it_took_over_an_association_of_its_own(two: Flow, tmp_path: Path) -> None:
    ours = free_port()
    (tmp_path / "pacs").mkdir()
    with orthanc(tmp_path / "pacs", ours) as pacs:
        words = (f'[[peers]]\nname = "pacs"\naet = "ORTHANC"\nhost = "127.0.0.1"\nport = {pacs.peer.port}\n'
                 "commitment = true\n")  # fmt: skip
        node = Receiver(two.context, words, at=ours)
        try:
            assert committing("pacs", node.config, two.ledger, AuditLog.from_context(two.context)) is not None
            deliverer(two, pacs.peer.port, aet="ORTHANC").turn()
            assert soon(lambda: [row.state for row in two.outgoing()] == ["confirmed"] * 2)
            # What it then loses it does not answer for: it is sent again.
            gone = two.outgoing()[0]
            _delete(pacs.url, str(gone.sop_uid), pacs.ask("/instances?expand"))
            with two.ledger.write() as connection:
                connection.execute(
                    update(Outgoing).where(Outgoing.id == gone.id).values(state="sent", next_at=now(), error=None)
                )
            deliverer(two, pacs.peer.port, aet="ORTHANC").turn()
            assert soon(lambda: state(two)[0] == ("waiting", 1, "not_committed"))
        finally:
            node.stop()


def _delete(url: str, sop_uid: str, instances: list[dict[str, Any]]) -> None:
    import urllib.request

    (one,) = [each["ID"] for each in instances if each["MainDicomTags"]["SOPInstanceUID"] == sop_uid]
    urllib.request.urlopen(urllib.request.Request(f"{url}/instances/{one}", method="DELETE"), timeout=20).close()


def test_nobody_is_asked_who_is_not_said_to_be(flow: Callable[..., Flow]) -> None:
    made = flow('[[peers]]\nname = "pacs"\naet = "PACS"\nhost = "127.0.0.1"\nport = 104\n')
    assert committing("pacs", made.config, made.ledger, AuditLog.from_context(made.context)) is None
    assert committing("fhir", made.config, made.ledger, AuditLog.from_context(made.context)) is None
