from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pydicom.dataset import Dataset

from flow_support import Flow
from prosvet.core.clock import now
from prosvet.hospital.flow.assembly import assemble


def test_an_exam_is_whole_after_a_silence(flow: Callable[..., Flow], film: Callable[..., Dataset]) -> None:
    made = flow("[routing]\nend_of_study_seconds = 20")
    uid, start = made.receive(film()), now()
    assert assemble(made.ledger, made.config.routing, start + timedelta(seconds=19)) == 0
    assert made.exam(uid).state == "arriving"
    assert assemble(made.ledger, made.config.routing, start + timedelta(seconds=21)) == 1
    assert made.exam(uid).state == "ready"


def test_as_many_films_as_were_to_come_make_it_whole_at_once(
    flow: Callable[..., Flow], film: Callable[..., Dataset]
) -> None:
    made = flow("[routing]\nend_of_study_seconds = 3600\nend_of_study_count = 2")
    first = film()
    uid = made.receive(first)
    made.receive(film(1, study=uid), passed_by="modality")  # what is passed by is no film to wait for
    assert assemble(made.ledger, made.config.routing, now()) == 0
    made.receive(film(2, study=uid))
    assert assemble(made.ledger, made.config.routing, now()) == 1
