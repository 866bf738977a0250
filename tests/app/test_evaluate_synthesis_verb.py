"""`prosvet evaluate synthesis` from the shell: a small generator, a small judge, a small data set, everything real."""

from __future__ import annotations

from pathlib import Path

import pytest
from outcome import Cli
from PIL import Image
from tests.drawn_chests import chest
from tests.tiny_generator import install_generator, write_generator

SMALL = ("--likenesses", 20, "--per-finding", 2, "--pairs", 2, "--steps", 2, "--resamples", 100, "--judge-size", 32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a generator, a judge and a data set of drawn films."""
    pytest.importorskip("torch", reason="torch is not installed")
    import torch

    from prosvet.models.findings import FINDINGS
    from prosvet.training.export import export_member
    from prosvet.training.nets import FindingNet

    folder = tmp_path_factory.mktemp("measured")
    write_generator(folder / "generator")
    torch.manual_seed(0)
    export_member(FindingNet(len(FINDINGS)).eval(), folder / "judge.onnx")
    data = folder / "data"
    data.mkdir()
    lines = ["id,file,split,source,labels,patient"]
    for n in range(90):
        Image.fromarray(chest(n)).save(data / f"{n}.png")
        label = ("normal", "pneumonia", "cardiomegaly")[n % 3]
        lines.append(f"{n},{n}.png,{'train' if n < 45 else 'val'},nih,{label},p{n}")
    (data / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_every_measure_stands_on_the_card(made: Path, own_home: Path, cli: Cli, tmp_path: Path) -> None:
    install_generator(made / "generator", own_home)
    keep, sheet = tmp_path / "kept", tmp_path / "sheet.png"
    command = ("evaluate", "synthesis", made / "data", "--judge", made / "judge.onnx", *SMALL, "--keep", keep)
    found = cli(*command, "--sheet", sheet, "--card", tmp_path / "card", "--json").result
    metrics = found["metrics"]
    for name in ("fid", "kid", "image_recall", "density", "adherence.pneumonia", "ms_ssim", "copied", "detected"):
        assert metrics[name]["value"] is not None, name
        assert metrics[name]["n"] > 0
        assert metrics[name]["low"] <= metrics[name]["value"] <= metrics[name]["high"]
    assert metrics["adherence_within.cardiomegaly"]["n"] == 4
    assert metrics["copied"]["high"] < 0.3
    assert found["controls"]["real.fid"]["value"] < metrics["fid"]["value"]
    assert found["settings"]["pictures_likeness"] == 20
    assert found["settings"]["encoder_apart"] is True
    assert found["model"] == {"name": "compact-generator", "revision": "tiny", "operating_point": ""}
    card = (tmp_path / "card" / "card.html").read_text(encoding="utf-8")
    assert "Копии обучающих снимков" in card
    with Image.open(sheet) as picture:
        assert picture.width > 1000
    assert list(keep.glob("*.npy"))


def test_what_cannot_be_measured_is_refused(made: Path, own_home: Path, cli: Cli, tmp_path: Path) -> None:
    data = made / "data"
    assert cli("evaluate", "synthesis", data, "--generator", "nobody", "--json").error["code"] == "model_not_found"
    install_generator(made / "generator", own_home)
    nowhere = cli("evaluate", "synthesis", data, "--judge", tmp_path / "none.onnx", "--json").error
    assert nowhere["code"] == "not_found"
    wrong = next((made / "generator" / "weights").rglob("decoder.onnx"))
    assert cli("evaluate", "synthesis", data, "--judge", wrong, "--json").error["code"] == "model_error"
    few = ("--reference", "test", *SMALL)
    assert cli("evaluate", "synthesis", data, *few, "--json").error["code"] == "invalid_request"
    assert (
        cli("evaluate", "synthesis", data, "--sheet", tmp_path / "a.jpg", "--json").error["code"] == "invalid_request"
    )
