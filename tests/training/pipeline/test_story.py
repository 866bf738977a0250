"""From end to end: studies flow in, drift stops the line, films are marked, a model is retrained, the line opens."""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import Finding, Image
from prosvet.archive.store import Store
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import LineStopped, ScreeningError
from prosvet.models.deployed import deploy, deployed
from prosvet.monitoring.api import MonitorRequest
from prosvet.monitoring.api import run as monitor
from prosvet.screening.calibrate_api import CalibrateRequest
from prosvet.screening.calibrate_api import run as calibrate
from prosvet.screening.policy import Policy as Gates
from prosvet.screening.run_api import ScreenRequest, ScreenResult
from prosvet.screening.run_api import run as screen
from prosvet.training.pipeline.api import RetrainRequest
from prosvet.training.pipeline.api import run as retrain
from prosvet.training.pipeline.plan import FreezePlan, Plan, Policy
from prosvet.training.queue.api import MarksRequest
from prosvet.training.queue.api import run as marks
from prosvet.training.queue.shapes import MarkFinding
from prosvet.training.site.rescore_api import RescoreRequest
from prosvet.training.site.rescore_api import run as rescore

from .plans import forgetful

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FINDINGS = ("consolidation", "pleural_effusion")
CHILDREN = 60


@pytest.fixture
def children(shared_data: Path, tmp_path: Path) -> Path:
    """Films of children: another hospital, another device, other patients."""
    with (shared_data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        every = [row for row in csv.DictReader(stream) if row["source"] == "kermany" and row["split"] == "train"]
    wanted = {Path(row["file"]).name for row in every[:CHILDREN]}
    folder = tmp_path / "children"
    folder.mkdir()
    for path in sorted((shared_data / "cxr").glob("train-*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                stream_ = archive.extractfile(member) if Path(member.name).name in wanted else None
                if stream_ is not None:
                    (folder / Path(member.name).name).write_bytes(stream_.read())
    return folder


def truth(context: Context) -> dict[str, set[str]]:
    """What the source says of each study: its findings, none for a normal one."""
    query = select(Finding.study_id, Finding.concept).where(Finding.origin == "manifest", Finding.status == "present")
    said: dict[str, set[str]] = {}
    with context.get(Store).read() as db:
        for study, concept in db.execute(query):
            said.setdefault(study, set()).update({concept} - {"normal", "abnormal"})
    return said


def calibrated(context: Context, said: dict[str, set[str]], folder: Path) -> None:
    """A threshold that the labelled films prove, for the model in force."""
    table = folder / "labels.csv"
    rows = [f"{study},{int(bool(found))}" for study, found in sorted(said.items())]
    table.write_text("\n".join(["id,abnormal", *rows]) + "\n")
    gates = Gates(unknown_age="accept", quality="accept", lateral="accept", repaired="accept", min_age=0)
    calibrate(CalibrateRequest(labels=table, max_missed=0.3, confidence=0.9, policy=gates), context)


def screened(context: Context, studies: list[str]) -> ScreenResult:
    return screen(ScreenRequest(filters=StudyFilter(studies=tuple(studies))), context)


def mark_everything(context: Context, said: dict[str, set[str]]) -> int:
    """Every case of the queue gets the source's labels as a reader's mark."""
    done = 0
    while (case := marks(MarksRequest(action="next"), context).case) is not None:
        found = said[case.study]
        answers = tuple(
            MarkFinding(concept=one, status="present" if one in found else "absent") for one in FINDINGS
        ) + (() if found else (MarkFinding(concept="normal", status="present"),))
        marks(MarksRequest(action="save", case=case.case, findings=answers), context)
        done += 1
    return done


def test_the_line_stops_on_drift_and_opens_on_a_retrained_model(
    films: Path, children: Path, senior: Context, tmp_path: Path
) -> None:
    context, home = senior, senior.settings.home
    # Pseudonyms decide who is kept for checking; with so few films another draw may judge the challenger otherwise.
    home.mkdir(exist_ok=True)
    (home / "secret").write_text(bytes(range(32)).hex())
    forgetful("spoilt", "consolidation", context)
    deploy(context.settings, model="spoilt", by="Orlova", why="what the site begins with")

    # Studies flow in; a threshold is proved on them, a reference is frozen, and the line is opened by name.
    assert ingest(IngestRequest(paths=(films / "cxr",)), context).images == 220
    said = truth(context)
    studies = sorted(said)
    calibrated(context, said, tmp_path)
    monitor(MonitorRequest(action="reference", name="first", studies=200), context)
    monitor(MonitorRequest(action="open", by="Orlova", note="proved on our films"), context)
    assert screened(context, studies[:40]).released > 0

    # Another flow begins: monitoring sees it and stops the line, which then releases nothing.
    ingest(IngestRequest(paths=(children,)), context)
    drifted = monitor(MonitorRequest(action="check"), context)
    assert drifted.alarms and drifted.line.state == "stopped" and drifted.line.reason == "drift"
    held = screened(context, studies[40:80])
    assert held.released == 0 and held.notice

    # Films are drawn and marked, and a model learns from the marks what this one had forgotten.
    marks(MarksRequest(action="queue", n=10_000, random_share=1.0), context.child())
    of_ours = {study: said.get(study, set()) for study in all_studies(context)}
    assert mark_everything(context, of_ours) >= 200
    plan = Plan(freeze=FreezePlan(), policy=Policy(critical=("consolidation",), not_assessed="accept"))
    card = retrain(RetrainRequest(action="run", name="second", plan=plan), context).runs[0].card
    assert card is not None and card.verdict == "may_pass", card and card.against
    retrain(RetrainRequest(action="promote", name="second", by="Orlova", why="finds consolidation again"), context)
    assert deployed(context.settings).model == "second"
    assert rescore(RescoreRequest(), context).examined >= 220

    # The old proof holds for the old model only: the line cannot be opened on it, and opens on a new one.
    monitor_open = MonitorRequest(action="open", by="Orlova", note="retrained, calibrated anew")
    assert opens_on_the_old_proof(context, monitor_open, studies[80:120]) == 0
    calibrated(context, said, tmp_path)
    assert monitor(monitor_open, context).line.state == "open"
    assert screened(context, studies[80:120]).released > 0
    assert verify(home / "audit.jsonl") is None
    events = [json.loads(row)["event"] for row in (home / "audit.jsonl").read_text().splitlines()]
    wanted = ("screen_open", "screen_normal", "screen_stop", "mark", "retrain_promote", "site_rescore", "screen_open")
    assert in_order(events, wanted)


def opens_on_the_old_proof(context: Context, request: MonitorRequest, studies: list[str]) -> int:
    """How many studies a line releases whose calibration was made for the model before."""
    try:
        monitor(request, context)
    except (ScreeningError, LineStopped):
        return 0
    found = screened(context, studies)
    assert set(found.abstained) == {"model_differs"}
    return found.released


def all_studies(context: Context) -> list[str]:
    with context.get(Store).read() as db:
        return list(db.execute(select(Image.study_id).distinct()).scalars())


def in_order(events: list[str], wanted: tuple[str, ...]) -> bool:
    """Whether `wanted` come one after another among `events`."""
    rest: Callable[[], str] = iter(events).__next__
    try:
        for one in wanted:
            while one not in rest():
                pass
    except StopIteration:
        return False
    return True
