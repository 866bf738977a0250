"""Storage commitment: who asks is told what is kept, and what is not."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity

from hospital_node import Receiver, free_place, fresh
from prosvet.hospital.node.classes import COMMITMENT, COMMITMENT_INSTANCE
from prosvet.hospital.node.commitment import judge

Start = Callable[..., Receiver]


def _asked(*films: Dataset, transaction: str = "1.2.3.9") -> Dataset:
    made = Dataset()
    made.TransactionUID = transaction
    made.ReferencedSOPSequence = []
    for film in films:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = film.SOPClassUID, film.SOPInstanceUID
        made.ReferencedSOPSequence.append(item)
    return made


def _ask(one: Receiver, asked: Dataset, action: int = 1) -> int:
    entity = ApplicationEntity("SENDER")
    entity.add_requested_context(COMMITMENT)
    association = entity.associate(one.host, one.port, ae_title="PROSVET")
    status, _ = association.send_n_action(asked, action, COMMITMENT, COMMITMENT_INSTANCE)
    association.release()
    return int(status.Status)


def test_the_answer_comes_over_an_association_of_its_own(receiver: Start, film: Dataset) -> None:
    told: list[tuple[int, Dataset]] = []
    heard = threading.Event()

    def report(event: evt.Event) -> tuple[int, None]:
        told.append((event.event_type, event.event_information))
        heard.set()
        return 0, None

    entity, place = ApplicationEntity("SENDER"), free_place()
    entity.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
    server = entity.start_server(place, block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)])
    words = f'[[peers]]\nname = "pacs"\naet = "SENDER"\nhost = "127.0.0.1"\nport = {place[1]}\nmay_send = true\n'
    try:
        one, other = receiver(words), fresh(film)
        assert one.send(film) == 0
        assert _ask(one, _asked(film)) == 0
        assert heard.wait(20)
        heard.clear()
        assert _ask(one, _asked(film, other)) == 0
        assert heard.wait(20)
    finally:
        server.shutdown()
    (kind, whole), (kind_of_second, part) = told
    assert (kind, kind_of_second) == (1, 2)
    assert [item.ReferencedSOPInstanceUID for item in whole.ReferencedSOPSequence] == [film.SOPInstanceUID]
    assert [item.FailureReason for item in part.FailedSOPSequence] == [0x0112]
    assert one.node.counts.facts(0, running=True).commitments == 2


def test_a_row_without_its_file_is_not_answered_for(receiver: Start, film: Dataset) -> None:
    one = receiver()
    assert one.send(film) == 0
    wanted = [(str(film.SOPClassUID), str(film.SOPInstanceUID))]
    assert judge(one.ledger, "1.2", wanted)[0] == 1
    assert judge(one.ledger, "1.2", [("1.2.3", wanted[0][1])])[1].FailedSOPSequence[0].FailureReason == 0x0119
    path = one.ledger.files.path(one.rows()[0].sha256)
    path.write_bytes(b"short")
    assert judge(one.ledger, "1.2", wanted)[1].FailedSOPSequence[0].FailureReason == 0x0110
    path.unlink()
    assert judge(one.ledger, "1.2", wanted)[1].FailedSOPSequence[0].FailureReason == 0x0112


@pytest.mark.parametrize(("asked", "action"), [(_asked(), 1), (_asked(transaction=""), 1), (_asked(), 2)])
def test_a_request_that_makes_no_sense_is_refused(receiver: Start, asked: Dataset, action: int) -> None:
    assert _ask(receiver(), asked, action) != 0
