"""The site's model over an archive: fit, compare, use, go back, and the archive's scores that follow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from prosvet.archive.schema import Finding, Image, ImageVector
from prosvet.archive.schema_site import BaseScores
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import DeploymentError, Forbidden, InvalidRecord, MissingColumns, SiteError
from prosvet.core.settings import load_settings
from prosvet.index.service import Indexes
from prosvet.models.deployed import in_force
from prosvet.models.examine import Examiner
from prosvet.screening.calibrate_api import current_model
from prosvet.training.site import api, compare_api, fit_api
from prosvet.training.site.api import SiteRequest
from prosvet.training.site.compare_api import CompareSiteRequest
from prosvet.training.site.fit_api import FitRequest

from .sites import BASE, LABELS, fill, table, world

WHO = {"by": "petrova", "why": "a test"}
FITTED = world(160, scale=0.5, shift=2.0)
_MORE = world(150, scale=0.5, shift=2.0, seed=1)
OTHERS = replace(_MORE, patients=np.array([f"q{name}" for name in _MORE.patients]))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of :func:`site`, made once."""
    home = tmp_path_factory.mktemp("site")
    with Context(load_settings({}, home=home, threads=1)) as context:
        fill(FITTED, context)
        fill(OTHERS, context)
        fit_api.run(FitRequest(labels=table(FITTED, home / "may.csv"), name="May"), context)
    return home


@pytest.fixture
def site(prepared: Path, own_home: Path) -> Iterator[Context]:
    """An archive of 310 films with one adapter fitted, not in force."""
    shutil.copytree(prepared, own_home)
    with Context(load_settings({}, home=own_home, threads=1)) as context:
        yield context


def _kept(context: Context) -> dict[int, tuple[dict[str, float], str]]:
    query = select(Image.id, Image.scores, ImageVector.revision).join(ImageVector, ImageVector.image_id == Image.id)
    with context.get(Store).read() as db:
        return {row.id: (dict(row.scores), row.revision) for row in db.execute(query)}


def _events(context: Context) -> list[dict[str, object]]:
    return [json.loads(line) for line in (context.settings.home / "audit.jsonl").read_text().splitlines()]


def test_fit_keeps_an_adapter_and_changes_nothing(site: Context) -> None:
    found = api.run(SiteRequest(), site)
    assert found.model == f"compact@{BASE.revision}" and found.history == ()
    (row,) = found.adapters
    assert (row.version, row.name, row.films, row.fits, row.in_force) == (1, "May", 160, True, False)
    assert row.adapted >= 1
    card = api.run(SiteRequest(action="show", adapter=1), site).card
    assert card is not None and card.bytes < 5_000_000 and len(card.seen) == card.patients
    assert not any(name in card.model_dump_json() for name in ('p1"', 's0x1"'))  # neither patients nor studies
    assert {one["event"] for one in _events(site)} >= {"site_fit"}


def test_use_scores_the_archive_again_and_back_restores_every_row(site: Context) -> None:
    before = _kept(site)
    claims = select(Finding.image_id, Finding.concept, Finding.probability, Finding.origin).order_by(
        Finding.image_id, Finding.concept
    )
    with site.get(Store).read() as db:
        said = db.execute(claims).all()
    done = api.run(SiteRequest(action="use", adapter=1, **WHO), site)
    assert done.model == f"compact@{BASE.revision}+local.1" and done.rescored == 310
    after = _kept(site)
    adapter = in_force(site.settings).adapter
    assert adapter is not None
    vector = FITTED.vectors[0].astype("<f2")
    assert after[1] == (adapter.scores(before[1][0], vector), f"{BASE.revision}+local.1")
    assert after != before and all(revision.endswith("+local.1") for _, revision in after.values())
    with site.get(Store).read() as db:
        assert {row.origin for row in db.execute(claims)} == {f"model:compact@{BASE.revision}+local.1"}
        assert len(db.execute(select(BaseScores.image_id)).all()) == 310
    assert current_model(site) == f"compact@{BASE.revision}+local.1"
    undone = api.run(SiteRequest(action="back", **WHO), site)
    assert (undone.model, undone.rescored) == (f"compact@{BASE.revision}", 310)
    assert _kept(site) == before
    with site.get(Store).read() as db:
        assert db.execute(claims).all() == said
        assert db.execute(select(BaseScores.image_id)).all() == []
    events = {one["event"]: one for one in _events(site)}
    assert events["site_use"]["person"] == "petrova" and events["site_use"]["reason"] == "a test"
    assert events["site_back"]["restores"] == 0


def test_from_one_adapter_to_the_next_starts_from_the_models_own_scores(site: Context, tmp_path: Path) -> None:
    own = _kept(site)[1][0]
    api.run(SiteRequest(action="use", adapter=1, **WHO), site)
    fit_api.run(FitRequest(labels=table(OTHERS, tmp_path / "june.csv")), site)
    api.run(SiteRequest(action="use", adapter=2, **WHO), site)
    second = in_force(site.settings).adapter
    assert second is not None and second.card.version == 2
    assert _kept(site)[1][0] == second.scores(own, FITTED.vectors[0].astype("<f2"))


def test_a_running_process_takes_the_adapter_with_its_next_request(site: Context) -> None:
    asked = site.child()
    assert asked.get(Examiner).adapter is None
    api.run(SiteRequest(action="use", adapter=1, **WHO), site)
    assert asked.get(Examiner).adapter is None  # a request ends as it began
    fresh = site.child().get(Examiner)
    assert fresh.ref.revision == f"{BASE.revision}+local.1" and fresh.adapter is not None
    assert fresh.card.operating_points != BASE.operating_points


def test_search_keeps_its_vectors_through_an_adapter(site: Context) -> None:
    vectors = site.get(Indexes).image_vectors
    assert (vectors.model, len(vectors)) == (f"compact@{BASE.revision}", 310)
    api.run(SiteRequest(action="use", adapter=1, **WHO), site)
    again = site.child().get(Indexes).image_vectors
    assert (again.model, len(again)) == (f"compact@{BASE.revision}", 310)


def test_compare_leaves_out_the_patients_it_was_fitted_on(site: Context, tmp_path: Path) -> None:
    own = compare_api.run(CompareSiteRequest(), site)
    assert own.on == "folds" and own.films == 160
    both = table(FITTED, tmp_path / "both.csv")
    both.write_text(both.read_text() + "\n".join(table(OTHERS, tmp_path / "o.csv").read_text().splitlines()[1:]) + "\n")
    found = compare_api.run(CompareSiteRequest(adapter=1, labels=both), site)
    assert (found.on, found.films, found.left_out) == ("held_out", 150, 160)
    row = next(one for one in found.rows if one.finding == "abnormal")
    assert row.n == 150 and row.compared is not None and row.compared.loss_local < row.compared.loss_global
    assert row.verdict == "better" and row.calls is not None
    assert row.calls.right_local > row.calls.right_global and found.worse == ()
    with pytest.raises(SiteError) as refused:
        compare_api.run(CompareSiteRequest(adapter=1, labels=site.settings.home / "may.csv"), site)
    assert refused.value.details["reason"] == "too_few_held_out"


def test_a_changed_adapter_and_one_for_another_base_are_refused(site: Context) -> None:
    folder = site.settings.home / "sites" / "local" / "adapters" / "1"
    whole = (folder / "adapter.npz").read_bytes()
    (folder / "adapter.npz").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    for _ in range(2):
        with pytest.raises(DeploymentError) as refused:
            api.run(SiteRequest(action="use", adapter=1, **WHO), site)
        assert refused.value.details["reason"] == "adapter_changed"
    (folder / "adapter.npz").write_bytes(whole)
    card = (folder / "card.json").read_text()
    (folder / "card.json").write_text(card.replace(f'"revision": "{BASE.revision}"', '"revision": "2020.1"')
                                      .replace(f'"revision":"{BASE.revision}"', '"revision":"2020.1"'))  # fmt: skip
    with pytest.raises(DeploymentError) as refused:
        api.run(SiteRequest(action="use", adapter=1, **WHO), site)
    assert refused.value.details["reason"] == "other_base"
    assert api.run(SiteRequest(), site).history == ()


def test_a_card_changed_after_it_was_deployed_stops_reading_and_back_mends_it(site: Context) -> None:
    api.run(SiteRequest(action="use", adapter=1, **WHO), site)
    path = site.settings.home / "sites" / "local" / "adapters" / "1" / "card.json"
    path.write_text(path.read_text().replace('"May"', '"June"'))
    with pytest.raises(DeploymentError):
        site.child().get(Examiner).stale()
        in_force(site.settings)
    assert "1" in api.run(SiteRequest(), site).problem
    assert api.run(SiteRequest(action="back", **WHO), site).problem == ""


def test_who_may_not_does_not(site: Context) -> None:
    reader = site.child(actor=Actor("ivanov", "reader"))
    for request in (SiteRequest(action="use", adapter=1, why="x"), SiteRequest(action="back", why="x")):
        with pytest.raises(Forbidden):
            api.run(request, reader)
    with pytest.raises(Forbidden):
        fit_api.run(FitRequest(marks=True), reader)
    assert api.run(SiteRequest(), reader).site == "local"
    with pytest.raises(DeploymentError):
        api.run(SiteRequest(action="use", adapter=1, by="petrova"), site)  # no reason
    with pytest.raises(DeploymentError):
        api.run(SiteRequest(action="use", adapter=1, why="x"), site)  # no name


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("id\n", MissingColumns), ("abnormal\n1\n", MissingColumns), ("id,wisdom\ns0x1,1\n", InvalidRecord),
        ("id,abnormal\ns0x1,maybe\n", InvalidRecord), ("id,abnormal\n,1\n", InvalidRecord),
        ("id,abnormal\ns0x1,1\ns0x1,0\n", InvalidRecord), ("id,abnormal\ns0x1\n", InvalidRecord),
        ("id,abnormal\nnowhere,1\n", SiteError), ("id,abnormal\ns0x1,1\n", SiteError),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_changes_nothing(
    site: Context, tmp_path: Path, text: str, error: type[Exception]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(error):
        fit_api.run(FitRequest(labels=path), site)
    assert [row.version for row in api.run(SiteRequest(), site).adapters] == [1]


def test_labels_of_images_and_unknown_ids_are_counted(site: Context, tmp_path: Path) -> None:
    k = LABELS.index("abnormal")
    path = tmp_path / "images.csv"
    path.write_text(
        "id;abnormal\n" + "".join(f"{n + 1};{int(FITTED.labels[n, k])}\n" for n in range(60)) + "900000;1\n"
    )
    done = fit_api.run(FitRequest(labels=path), site)
    assert (done.card.films, done.unknown, set(done.card.findings)) == (60, 1, {"abnormal"})
