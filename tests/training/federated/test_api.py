"""The steps in their order, over a real archive: prepare, create, answer, merge, adopt; and who may do them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import FederationError, Forbidden
from prosvet.core.settings import load_settings
from prosvet.models.adapter_files import load_adapter
from prosvet.models.card import load_card
from prosvet.training.federated.api import FederateRequest, run
from prosvet.training.federated.exchange import read_key, read_round

from .conftest import few_rows, pictures


@pytest.fixture(scope="module")
def archive(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Context, Path]]:
    """An archive of real films at the site `north`, and the table of their labels."""
    folder = tmp_path_factory.mktemp("north")
    rows = few_rows(shared_data, "nih")[3:12]
    found = pictures(shared_data, rows)
    (folder / "in").mkdir()
    for row in rows:
        (folder / "in" / f"{row['id']}.jpg").write_bytes(found[Path(row["file"]).name])
    with Context(load_settings({}, home=folder / "home", site="north", threads=1)) as context:
        ingest(IngestRequest(paths=(folder / "in",)), context)
        with context.get(Store).read() as db:
            names = db.execute(select(Image.id, Image.file).order_by(Image.id)).all()
        labels = {row["id"]: row["labels"] for row in rows}
        with (folder / "labels.csv").open("w", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(["id", "abnormal", "pneumonia"])
            for number, file in names:
                said = next(text for name, text in labels.items() if name in file)
                table.writerow([number, int(said != "normal"), "" if said == "normal" else int("pneumonia" in said)])
        yield context, folder


def test_from_an_archive_to_an_adapter(archive: tuple[Context, Path], tmp_path: Path) -> None:
    context, folder = archive
    films = tmp_path / "north.npz"
    prepared = run(FederateRequest(action="prepare", labels=folder / "labels.csv", out=films), context)
    assert prepared.films == 9
    assert sum(prepared.known["abnormal"]) == 9
    assert prepared.known["hernia"] == (0, 0)

    made = run(FederateRequest(action="create", name="pair", sites=("north", "south")), context)
    assert made.federations[0].plan.base == f"compact@{load_card('compact').revision}"
    book = context.settings.home / "federated" / "pair"
    with pytest.raises(FederationError, match="finished round"):
        _adopt(context, book, films)
    for number in range(2):
        updates = []
        for site in ("north", "south"):  # the other site has the same films: it is the road that is tried here
            there = Context(context.settings.model_copy(update={"site": site}))
            updates.append(tmp_path / f"{site}-{number}.npz")
            run(
                FederateRequest(
                    action="answer", round_file=book / f"round-{number:03d}.npz", films=films,
                    key=book / "keys" / f"{site}.key", out=updates[-1],
                ), there,
            )  # fmt: skip
        run(FederateRequest(action="merge", name="pair", updates=tuple(updates)), context)
    (view,) = run(FederateRequest(), context).federations
    assert view.counts["abnormal"] == 18
    assert view.counts["hernia"] == 0

    adopted = _adopt(context, book, films)
    base = load_card("compact")
    adapter = load_adapter(context.settings, adopted.adapter or 0, base)
    assert adapter.card.findings["abnormal"].kind == "residual"
    assert adapter.card.findings["hernia"].kind == "identity"
    assert len(adapter.card.seen) == adapter.card.patients
    state = read_round(book / "round-002.npz", "north", read_key(book / "keys" / "north.key")).state["theta"]
    np.testing.assert_allclose(adapter.weights.vector, state[:, 16:-1], atol=1e-6)


def _adopt(context: Context, book: Path, films: Path):  # type: ignore[no-untyped-def]
    newest = sorted(book.glob("round-*.npz"))[-1]
    return run(
        FederateRequest(action="adopt", round_file=newest, films=films, key=book / "keys" / "north.key"), context
    )


def test_steps_are_in_the_audit_log_and_for_seniors(archive: tuple[Context, Path], tmp_path: Path) -> None:
    context, folder = archive
    run(FederateRequest(action="prepare", labels=folder / "labels.csv", out=tmp_path / "again.npz"), context)
    lines = [json.loads(line) for path in folder.rglob("audit*.jsonl") for line in path.read_text().splitlines()]
    events = [line.get("event") for line in lines]
    assert "federated_prepare" in events
    reader = context.child(actor=Actor("Ivanova", "reader"))
    with pytest.raises(Forbidden):
        run(FederateRequest(action="create", name="other", sites=("a", "b")), reader)
    assert run(FederateRequest(), reader) is not None


def test_what_is_missing_is_named(archive: tuple[Context, Path]) -> None:
    context, _ = archive
    for action in ("prepare", "answer", "merge", "adopt", "join"):
        with pytest.raises((FederationError, OSError)) as caught:
            run(FederateRequest(action=action), context)
        assert isinstance(caught.value, FederationError)
