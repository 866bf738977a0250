"""The generator's networks: nothing is lost in the wavelets, and each learns what it is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from prosvet.models.backends.onnx import OnnxGraph
from prosvet.training.generator.coder import LATENT, Coder, CoderRecipe, fit_components, train_decoder
from prosvet.training.generator.conditions import Conditions, drop
from prosvet.training.generator.export import export_decoder, export_encoder, export_flow
from prosvet.training.generator.flow import FlowRecipe, latents_of, train_flow
from prosvet.training.generator.haar import from_planes, to_planes
from prosvet.training.generator.transformer import ASKED, STYLES, Flow

pytestmark = pytest.mark.timeout(600)  # half a minute of training, on a machine that may be busy


def films(count: int) -> torch.Tensor:
    """Soft blobs (N, 256, 256) uint8: easy to learn, unlike noise."""
    rows = torch.linspace(-1, 1, 256)
    random = torch.Generator().manual_seed(3)
    centre = torch.rand(count, 2, 1, 1, generator=random) - 0.5
    far = (rows.view(1, -1, 1) - centre[:, 0]) ** 2 + (rows.view(1, 1, -1) - centre[:, 1]) ** 2
    return (255 * torch.exp(-4 * far)).to(torch.uint8)


def conditions(count: int) -> Conditions:
    random = torch.Generator().manual_seed(5)
    return Conditions(
        torch.randn(count, 6, 512, generator=random).half(), torch.ones(count, 16), torch.ones(count, 16),
        torch.rand(count, 7, generator=random), torch.ones(count, 7), torch.arange(count) % STYLES,
    )  # fmt: skip


def test_wavelets_lose_nothing() -> None:
    some = torch.rand(2, 1, 256, 256)
    planes = to_planes(some)
    assert planes.shape == (2, 64, 32, 32)
    assert torch.allclose(from_planes(planes), some, atol=1e-5)
    assert torch.allclose(planes.square().sum(), some.square().sum(), rtol=1e-4)  # orthonormal


def fitted(pixels: torch.Tensor) -> Coder:
    net = Coder().eval()
    fit_components(pixels, net)
    return net


@torch.no_grad()
def test_components_keep_most_and_the_decoder_learns_to_add(tmp_path: Path) -> None:
    pixels = films(16)
    given = pixels.unsqueeze(1).float() / 255
    plain = fitted(pixels)
    latents = plain.encode(given)
    assert latents.shape == (16, *LATENT) and float(latents.square().mean()) == pytest.approx(1, abs=0.2)
    assert torch.equal(plain.decode(latents), plain.plain(latents))  # untrained, it adds nothing
    assert float((plain.decode(latents) - given).abs().mean()) < 0.01
    with torch.enable_grad():
        train_decoder(pixels, tmp_path, CoderRecipe(images=300, batch=2, lr=2e-3, noise=1.0))
    trained = Coder().eval()
    trained.load_state_dict(torch.load(tmp_path / "last.pt", weights_only=True)["net"])
    noisy = latents + torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))
    assert (trained.decode(noisy) - given).abs().mean() < 0.95 * (plain.decode(noisy) - given).abs().mean()


def test_the_flow_learns_and_leaves_out_what_it_should(tmp_path: Path) -> None:
    latents = latents_of(films(8), fitted(films(8)), copies=2)
    assert latents.shape == (2, 8, *LATENT)
    known = conditions(8)
    train_flow(
        latents, known, torch.ones(8), torch.ones(32, 1, 1), tmp_path, FlowRecipe(images=30 * 16, batch=16, lr=2e-3)
    )
    net = Flow()
    net.load_state_dict(torch.load(tmp_path / "last.pt", weights_only=True)["net"])
    random = torch.Generator().manual_seed(0)
    film = latents[0].float()
    noise = torch.randn(film.shape, generator=random)
    asked, style = drop(known, torch.arange(8), random)
    with torch.no_grad():
        found = net((film + noise) / 2, torch.full((8,), 0.5), asked, style)
    assert float((found - (film - noise)).square().mean()) < 0.8 * float((film - noise).square().mean())


def test_parts_are_left_out_at_the_rates_that_are_said() -> None:
    known = conditions(64)
    rows = torch.arange(64).repeat(100)
    asked, style = drop(known, rows, torch.Generator().manual_seed(1))
    assert asked.shape == (6400, ASKED)
    text, findings = asked[:, 512], asked[:, 513 + 16 : 513 + 32]
    assert float(text.mean()) == pytest.approx(0.9 * 0.75, abs=0.03)
    assert float(findings.mean()) == pytest.approx(0.9 * 0.7, abs=0.03)
    assert float((asked == 0).all(dim=1).float().mean()) == pytest.approx(0.1 + 0.9 * 0.25 * 0.3 * 0.4, abs=0.03)
    assert (asked[text == 0][:, :512] == 0).all()
    kept = style[style != STYLES - 1]
    assert 0.5 < len(kept) / len(style) < 0.7


def test_files_say_what_torch_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, flow = fitted(films(4)), Flow()
    torch.nn.init.normal_(flow.leave.weight, std=0.05)
    for export, graph, name in ((export_encoder, net, "e"), (export_decoder, net, "d"), (export_flow, flow, "f")):
        assert len(export(graph, tmp_path / f"{name}.onnx")) == 64  # type: ignore[operator]
    assert (tmp_path / "f.onnx").stat().st_size < 1.2 * sum(p.numel() for p in flow.parameters())
    graph = OnnxGraph(tmp_path / "f.onnx", 1)
    assert set(graph.inputs) == {"latents", "time", "asked", "style"}
    inputs = {"latents": np.ones((3, *LATENT), np.float32), "time": np.full(3, 0.4, np.float32)}
    (found,) = graph(**inputs, asked=np.zeros((3, ASKED), np.float32), style=np.array([0, 1, 7]))
    with torch.no_grad():
        wanted = flow.eval()(
            torch.ones(3, *LATENT), torch.full((3,), 0.4), torch.zeros(3, ASKED), torch.tensor([0, 1, 7])
        )
    assert np.abs(found - wanted.numpy()).mean() < 0.05 * float(wanted.std())
