"""Training on a handful of real films: the whole road from the manifest to a card that reads, in miniature."""

from __future__ import annotations

import csv
import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from prosvet.training.calibrate import fit_platt, operating_points
from prosvet.training.data import FINDINGS, label_matrix

torch = pytest.importorskip("torch", reason="torch is not installed")

from prosvet.core.context import Context  # noqa: E402
from prosvet.core.errors import NotFound  # noqa: E402
from prosvet.core.settings import load_settings  # noqa: E402
from prosvet.imaging import load_film  # noqa: E402
from prosvet.models.examine import Examiner  # noqa: E402
from prosvet.training.api import TrainRequest, run  # noqa: E402
from prosvet.training.augment import geometric, photometric  # noqa: E402
from prosvet.training.gates import kept_out  # noqa: E402
from prosvet.training.nets import AnatomyNet, FindingNet, GateNet  # noqa: E402
from prosvet.training.runner import Schedule, run_steps  # noqa: E402


@pytest.fixture(scope="module")
def tiny(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few films of every source in the layout of the development data."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "cxr").mkdir()
    with (shared_data / "cxr" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    anatomy_ids = [line.split(",")[0] for line in (shared_data / "cxr" / "anatomy.csv").read_text().splitlines()[1:]]
    first = {row["id"] for row in rows if row["split"] == "train"}
    with_masks = set([i for i in anatomy_ids if i in first][:6])
    seen: dict[str, int] = {}
    chosen = []
    for row in rows:
        key = f"{row['split']}/{row['source']}/{'normal' in row['labels']}"
        most = 14 if row["split"] == "val" or row["source"].startswith("nih") else 3
        if row["split"] != "test" and (row["id"] in with_masks or seen.get(key, 0) < most):
            seen[key] = seen.get(key, 0) + 1
            chosen.append(row)
    wanted = {Path(row["file"]).name: row["split"] for row in chosen}
    found: dict[str, bytes] = {}
    for path in sorted((shared_data / "cxr").glob("*-[0-9]*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                stream_ = archive.extractfile(member) if Path(member.name).name in wanted else None
                if stream_ is not None:
                    found[Path(member.name).name] = stream_.read()
    for split in set(wanted.values()):
        with tarfile.open(folder / "cxr" / f"{split}-000.tar", "w") as archive:
            for name in (name for name, place in wanted.items() if place == split):
                member = tarfile.TarInfo(f"images/{name}")
                member.size = len(found[name])
                archive.addfile(member, io.BytesIO(found[name]))
    with (folder / "cxr" / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(chosen)
    for name in ("teacher_chexnet.csv", "masks-heart-lungs.tar"):
        shutil.copy(shared_data / "cxr" / name, folder / "cxr")
    lines = (shared_data / "cxr" / "anatomy.csv").read_text().splitlines()
    kept = [lines[0], *(line for line in lines[1:] if line.split(",")[0] in with_masks)]
    (folder / "cxr" / "anatomy.csv").write_text("\n".join(kept) + "\n")
    return folder


@pytest.mark.timeout(600)
def test_the_whole_road_in_miniature(tiny: Path, tmp_path: Path, pydicom_data: Path, own_home: Path) -> None:
    runs = tmp_path / "runs"
    with Context(load_settings({}, home=own_home, threads=1)) as context:
        for part, more in (("encoder", {"nih_dev": 0.5}), ("gates", {}), ("anatomy", {})):
            request = TrainRequest.model_validate(
                {"part": part, "data": tiny, "out": runs / part, "images": 64, **more}
            )
            assert run(request, context).path.is_file()
        pack = TrainRequest(part="pack", data=tiny, out=own_home / "models", encoders=[runs / "encoder"],
                            gates=runs / "gates", anatomy=runs / "anatomy", revision="tiny")  # fmt: skip
        card = run(pack, context).path
    # The card stands as models/cards/compact.toml; put where a home keeps its own, it replaces the shipped one.
    card.rename(own_home / "models" / "compact.toml")
    text = (own_home / "models" / "compact.toml").read_text(encoding="utf-8")
    (own_home / "models" / "compact.toml").write_text(text.replace("../weights", "weights"), encoding="utf-8")
    with Context(load_settings({}, home=own_home, threads=1)) as context:
        examiner = context.get(Examiner)
        assert examiner.ref.revision == "tiny"
        assert (own_home / "models" / "cards" / "compact-int8.toml").is_file()
        film = load_film(pydicom_data / "RG1_UNCR.dcm", context.settings)
        answers = examiner._network("gates")(np.zeros((1, 1, 128, 128), dtype=np.float32))[0]
        assert answers.shape == (1, 7)
        examiner.examine(film)


def test_missing_data_are_named(tmp_path: Path, context: Context) -> None:
    with pytest.raises(NotFound):
        run(TrainRequest(part="encoder", data=tmp_path, out=tmp_path / "run"), context)


def test_stopped_run_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    def net() -> torch.nn.Module:
        torch.manual_seed(0)
        return torch.nn.Linear(4, 1)

    def loss_of(model: torch.nn.Module):  # type: ignore[no-untyped-def]
        def loss(step: int, generator: torch.Generator) -> torch.Tensor:
            if step == stop_at:
                raise KeyboardInterrupt
            return model(torch.randn(8, 4, generator=generator)).square().mean()

        return loss

    schedule = Schedule(steps=450, batch=8, lr=0.01, weight_decay=0.0, ema=0.9, seed=3)
    stop_at = -1
    whole = net()
    run_steps(whole, loss_of(whole), schedule, tmp_path / "whole", "net")
    stop_at, broken = 300, net()
    with pytest.raises(KeyboardInterrupt):
        run_steps(broken, loss_of(broken), schedule, tmp_path / "broken", "net")
    stop_at, again = -1, net()
    run_steps(again, loss_of(again), schedule, tmp_path / "broken", "net")
    one, two = (torch.load(tmp_path / name / "net.pt", weights_only=True) for name in ("whole", "broken"))
    assert torch.allclose(one["weight"], two["weight"], atol=1e-6)


def test_absent_label_is_not_a_negative() -> None:
    def row(source: str, labels: str, raw: str = "") -> dict[str, str]:
        return {"source": source, "labels": labels, "raw_label": raw}

    rows = [row("kermany", "pneumonia"), row("nih(a)", "mass"), row("lundis/mendeley_tb", "tuberculosis"),
            row("lundis/mendeley_tb", "normal"), row("wingspan(b)", "")]  # fmt: skip
    labels, weights = label_matrix(rows)
    at = {name: k for k, name in enumerate(FINDINGS)}
    assert weights[0, at["tuberculosis"]] == 0 and weights[0, at["mass"]] == 0
    assert labels[0, at["pneumonia"]] == labels[0, at["abnormal"]] == 1
    assert weights[1, at["hernia"]] == 1 and labels[1, at["hernia"]] == 0  # NIH speaks of all fourteen
    assert weights[1, at["tuberculosis"]] == 0
    assert weights[2, at["pneumonia"]] == 0
    assert weights[3, at["abnormal"]] == 1 and labels[3].sum() == 0
    assert weights[4].sum() == weights[4, at["cardiomegaly"]] == 1


def test_augmentation_is_seeded_and_keeps_its_range() -> None:
    films = torch.rand(4, 1, 64, 64)
    made = []
    for _ in range(2):
        generator = torch.Generator().manual_seed(5)
        moved, masks = geometric(films, 64, generator, masks=(films > 0.5).float())
        made.append(photometric(moved, generator))
        assert masks is not None and masks.shape == (4, 1, 32, 32)
    assert torch.equal(made[0], made[1])
    assert made[0].min() >= 0 and made[0].max() <= 1


@pytest.mark.parametrize("size", [160, 224, 256])
def test_networks_serve_every_resolution(size: int) -> None:
    x = torch.randn(1, 1, size, size)
    logits, maps, features = FindingNet(3).eval()(x)
    assert logits.shape == (1, 3) and maps.shape == (1, 3, size // 32, size // 32) and features.shape == (1, 1280)
    assert AnatomyNet().eval()(x).shape == (1, 3, size // 2, size // 2)
    assert GateNet().eval()(x).shape == (1, 7)


def test_operating_points_are_what_they_say() -> None:
    generator = np.random.default_rng(0)
    labels = np.repeat([1.0, 0.0], [40, 160])
    scores = 1 / (1 + np.exp(-(generator.normal(0, 1, 200) + 2 * labels)))
    points = operating_points(scores, labels)
    assert points["sensitive"][1] >= 0.95
    assert abs((scores >= points["balanced"][0]).sum() - 40) <= 1
    assert operating_points(scores[:5], labels[:5]) == {}


def test_platt_scaling_recovers_the_truth() -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 2, 4000)
    labels = (generator.random(4000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))).astype(float)
    platt = fit_platt(logits, labels, np.ones(4000))
    assert platt.scale == pytest.approx(0.5, abs=0.1)
    assert platt.shift == pytest.approx(-1, abs=0.15)


def test_patients_kept_out_are_whole() -> None:
    patients = np.array(["a", "b", "a", "c", "d", "d", "e"])
    out = kept_out(patients)
    assert out.any() and not out.all()
    assert not set(patients[out]) & set(patients[~out])
