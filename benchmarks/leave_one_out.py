"""A hospital never seen: encoders trained without one source whole, measured on that source.

First train them, a folder each: ``prosvet train encoder DATA --out RUNS/SOURCE --holdout SOURCE --images N``. Each is
measured with the last layer that it was trained with, and with the one that the pack gives it (``training/refit.py``).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from common import bootstrap, figure, finish
from films import arguments
from findings import auroc
from prosvet.models.backends.onnx import OnnxNetwork
from prosvet.training.data import FINDINGS, label_matrix, load_films
from prosvet.training.encoder import squares
from prosvet.training.export import export_member
from prosvet.training.nets import FindingNet
from prosvet.training.pack import head, thinned
from prosvet.training.refit import refit

_SIDE = 192  # pixels
_PER_GROUP = 450  # films of a source and class that the last layer is refitted on, as in the pack
_MOST = 1200  # films of a source, drawn evenly: the interval is narrow enough by then


def network(net: FindingNet) -> Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Logits and features of prepared films by the exported graph, several times as quick as torch."""
    with tempfile.TemporaryDirectory() as place:
        export_member(net, Path(place) / "member.onnx")
        graph = OnnxNetwork(Path(place) / "member.onnx", 2)

    def run(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        parts = [graph(squares(pixels[s : s + 16], _SIDE)) for s in range(0, len(pixels), 16)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    return run


def main() -> None:
    """Print AUROC by held-out source."""
    given, data = arguments(__doc__, runs="folder with one run a held-out source", cache="folder of prepared films")
    if given.runs is None:
        sys.exit("--runs is needed")
    films = load_films(data, ("train",), given.cache), load_films(data, ("val",), given.cache)
    figures = []
    for folder in sorted(path.parent for path in Path(given.runs).glob("*/recipe.json")):
        recipe = json.loads((folder / "recipe.json").read_text())
        if not recipe["holdout"]:
            continue
        held = [part.where(np.char.startswith(part.column("source"), recipe["holdout"])) for part in films]
        pixels = np.concatenate([part.pixels for part in held])
        rows = [row for part in held for row in part.rows]
        step = max(1, len(rows) // _MOST)
        pixels, rows = pixels[::step], rows[::step]
        net = FindingNet(len(FINDINGS))
        net.load_state_dict(torch.load(folder / "encoder.pt", map_location="cpu", weights_only=True))
        run = network(net.eval())
        features = run(pixels)[1]
        thin = thinned(films[0].where(~np.char.startswith(films[0].column("source"), recipe["holdout"])), _PER_GROUP)
        own, fresh = head(net, features), run(thin.pixels)
        refit(net, fresh[1], fresh[0].astype(np.float64), thin)
        labels, weights = label_matrix(rows)
        patients = np.array([row["patient"] or row["id"] for row in rows])
        for words, logits in (("", own), (", refitted", head(net, features))):
            for finding in ("abnormal", "pneumonia", "covid19_pneumonia", "cardiomegaly", "nodule"):
                column = FINDINGS.index(finding)
                known = weights[:, column] > 0
                if min((labels[known, column] == 1).sum(), (labels[known, column] == 0).sum()) < 20:
                    continue
                interval = bootstrap(auroc, labels[known, column], logits[known, column], patients=patients[known])
                where = f"{recipe['holdout']}, held out whole; {recipe['images']:,} films seen"
                figures.append(figure(f"{finding}, AUROC{words}", where, interval, images_seen=recipe["images"]))
    note = "development data, one source at a time kept out of training"
    finish("leave_one_out", given.out, data=note, n=sum(row["n"] for row in figures), figures=figures)


if __name__ == "__main__":
    main()
