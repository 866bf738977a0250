"""The blind audit: the queue tells nothing, verdicts are final, and a breach stops the line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from prosvet.archive.blind import blind_studies
from prosvet.archive.store import Store
from prosvet.core.context import Actor, Context
from prosvet.core.errors import NotFound, ScreeningError
from prosvet.screening.archived import ArchivedStudy
from prosvet.screening.audit_api import AuditRequest, run
from prosvet.screening.calibrations import Calibration
from prosvet.screening.decide import Decision
from prosvet.screening.estimate import log_evidence
from prosvet.screening.line import line, open_line
from prosvet.screening.releases import drawn, record


@pytest.fixture
def audited(context: Context, calibrated: Callable[..., Calibration], studies: list[str]) -> list[str]:
    """Fifteen released and five referred studies, all of them drawn."""
    chosen = calibrated()
    open_line(context, "local", "petrova", "looked", audit_share=1.0)
    for n, study in enumerate(studies):
        decision = Decision("normal", None, 0.1, 0.2) if n < 15 else Decision("refer", None, 0.9)
        record(context, "local", ArchivedStudy(study, 50.0, ()), chosen, decision, (), chosen.model)
    return studies


def judge(context: Context, study: str, verdict: str) -> str | None:
    asked = AuditRequest(action="judge", study=study, verdict=verdict, reader="ivanov")  # type: ignore[arg-type]
    return run(asked, context).estimate.breach


def test_the_queue_holds_released_and_referred_alike(audited: list[str], context: Context) -> None:
    found = run(AuditRequest(), context)
    assert [one.study for one in found.queue] == sorted(audited) and found.waiting == 20
    assert set(found.queue[0].model_dump()) == {"study", "image", "drawn"}


def test_findings_in_referred_studies_are_no_misses(audited: list[str], context: Context) -> None:
    for study in audited[15:]:
        assert judge(context, study, "critical") is None
    assert run(AuditRequest(), context).estimate.audited == 0 and line(context).state == "open"


def test_the_bound_tightens_with_every_normal(audited: list[str], context: Context) -> None:
    highs = []
    for study in audited[:10]:
        judge(context, study, "normal")
        highs.append(run(AuditRequest(), context).estimate.high)
    assert highs == sorted(highs, reverse=True) and highs[-1] == pytest.approx(1 - 0.05**0.1)


def test_a_breach_stops_the_line_at_once_and_is_a_miss(audited: list[str], context: Context) -> None:
    stopped = next(study for study in audited[:15] if judge(context, study, "abnormal") is not None)
    assert (line(context).state, line(context).reason, line(context).by) == ("stopped", "audit_breach", "audit")
    assert audited.index(stopped) < 4
    assert stopped in {miss.study for miss in run(AuditRequest(), context).misses}


def test_one_critical_miss_is_enough(audited: list[str], context: Context) -> None:
    assert judge(context, audited[0], "critical") == "audit_critical"
    assert line(context).reason == "audit_critical"
    open_line(context, "local", "petrova", "looked into it")
    assert run(AuditRequest(), context).estimate.audited == 0  # counted anew; the miss stays on the page
    assert len(run(AuditRequest(), context).misses) == 1


def test_a_verdict_is_final_and_only_for_what_was_drawn(audited: list[str], context: Context) -> None:
    judge(context, audited[0], "normal")
    with pytest.raises(ScreeningError):
        judge(context, audited[0], "abnormal")
    with pytest.raises(NotFound):
        judge(context, "S99", "normal")


def test_whoever_begins_is_blind_to_the_study_until_the_verdict(audited: list[str], context: Context) -> None:
    ivanov, orlova = (context.child(actor=Actor(name, "reader")) for name in ("ivanov", "orlova"))
    mine = run(AuditRequest(action="begin"), ivanov).mine
    assert mine == audited[0]
    assert run(AuditRequest(action="begin"), orlova).mine == audited[1]
    with context.get(Store).read() as db:
        assert blind_studies(db, ivanov.actor) == {mine}
    run(AuditRequest(action="judge", study=mine, verdict="normal"), ivanov)
    with context.get(Store).read() as db:
        assert blind_studies(db, ivanov.actor) == frozenset()


def test_the_draw_takes_its_share_and_cannot_be_foreseen_without_the_key() -> None:
    names = [f"S{n}" for n in range(4000)]
    one, two = ([drawn(key * 32, name, 0.1) for name in names] for key in ("ab", "cd"))
    assert 330 < sum(one) < 470 and 15 < sum(a and b for a, b in zip(one, two, strict=True)) < 70
    assert not any(drawn("ab" * 32, name, 0.0) for name in names)
    assert all(drawn("ab" * 32, name, 1.0) for name in names)


def test_looking_after_every_verdict_stops_a_good_line_no_more_often_than_promised() -> None:
    random, limit, stopped = np.random.default_rng(3), 0.02, 0
    for _ in range(200):
        misses = np.cumsum(random.random(300) < limit)
        looks = np.flatnonzero(np.diff(misses, prepend=0))  # the evidence grows with misses alone
        stopped += any(log_evidence(int(misses[n]), int(n) + 1, limit) >= np.log(20) for n in looks)
    assert stopped <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5
    bad = np.cumsum(random.random(400) < 5 * limit)
    assert log_evidence(int(bad[-1]), 400, limit) > np.log(20)
