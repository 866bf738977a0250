"""How quick and how right is vector search at a million vectors, on this machine.

The vectors mimic real embeddings. Without `--vectors` (a .npy file of real image vectors, shape (N, 512)) the
embeddings of report sentences of the bilingual encoder serve, which are real but of another kind. From N real
vectors, less those kept as queries, each new one is a point between a vector and one of its ten nearest neighbours
at a place drawn evenly, plus Gaussian noise with a third of the covariance of such neighbour differences, so that the
local and the total covariance are those of the real ones; then unit length. Queries are real vectors that took no
part. `mimicry` reports both covariances' traces and the dimension (participation ratio), real and made.
"""

from __future__ import annotations

import gc
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import Interval, bootstrap, figure, file_hash, finish, latencies, parser, rss_mb
from prosvet.index.base import BACKENDS, choose, unit_rows

Matrix = NDArray[np.float32]
_BLOCK = 25_000


class Mimic:
    """A source of any number of vectors like the real ones."""

    def __init__(self, real: Matrix, seed: int) -> None:
        self.real, self._draw = real, np.random.default_rng(seed)
        index = BACKENDS["faiss_flat"].build(np.arange(len(real)), real, threads=2)
        self.near = index.search(real, 11).ids[:, 1:]
        step = (real[:, None, :] - real[self.near[:, :3]]).reshape(-1, real.shape[1])
        self.local = 0.5 * step.T @ step / len(step)
        values, axes = np.linalg.eigh(self.local)
        # A point evenly drawn on a segment keeps two thirds of the variance along it: a third is given back.
        self._noise = (axes * np.sqrt(np.maximum(values, 0) / 3)).T.astype(np.float32)

    def block(self, count: int) -> Matrix:
        """`count` new unit vectors."""
        one = self._draw.integers(0, len(self.real), count)
        other = self.near[one, self._draw.integers(0, self.near.shape[1], count)]
        share = self._draw.random((count, 1), dtype=np.float32)
        noise = self._draw.standard_normal((count, len(self._noise)), dtype=np.float32) @ self._noise
        return unit_rows(share * self.real[one] + (1 - share) * self.real[other] + noise)

    def check(self, made: Matrix) -> dict[str, float]:
        """How alike the made vectors are."""
        return {
            "variance_real": round(float(self.real.var(axis=0).sum()), 4),
            "variance_made": round(float(made.var(axis=0).sum()), 4),
            "dimension_real": round(_dimension(self.real), 1),
            "dimension_made": round(_dimension(made), 1),
        }


def _dimension(matrix: Matrix) -> float:
    values = np.linalg.eigvalsh(np.cov(matrix.T))
    return float(values.sum() ** 2 / (values**2).sum())


def sentence_vectors(reports: Path, limit: int) -> Matrix:
    """Vectors of distinct sentences of Open-i reports."""
    import tarfile
    from xml.etree import ElementTree

    from prosvet.language.stem import sentences
    from prosvet.models.text import SentenceEncoder

    found: dict[str, None] = {}
    with tarfile.open(reports) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".xml") else None
            if stream is not None:
                for node in ElementTree.parse(stream).iter("AbstractText"):
                    found |= dict.fromkeys(sentences(node.text or ""))
    return SentenceEncoder(2).encode(list(found)[:limit])


def fill(path: Path, mimic: Mimic, count: int, queries: Matrix, k: int) -> tuple[NDArray[np.int64], dict[str, float]]:
    """Write `count` vectors as float16 and find the true neighbours of the queries in the very same pass."""
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    ids = np.full((len(queries), k), -1, dtype=np.int64)
    check: dict[str, float] = {}
    with path.open("wb") as stream:
        for start in range(0, count, _BLOCK):
            block = mimic.block(min(_BLOCK, count - start))
            check = check or mimic.check(block)
            stream.write(block.astype("<f2").tobytes())
            scores = np.concatenate([best, queries @ block.T], axis=1)
            names = np.concatenate(
                [ids, np.broadcast_to(np.arange(start, start + len(block)), (len(queries), len(block)))], axis=1
            )
            top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            best, ids = np.take_along_axis(scores, top, 1), np.take_along_axis(names, top, 1)
    return ids, check


def recalls(found: NDArray[np.int64], true: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of the true neighbours found, of each query."""
    return np.array([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, true, strict=True)])


def measure(arguments: Namespace, folder: Path) -> Iterator[tuple[str, Any]]:
    real = _real(arguments)
    draw = np.random.default_rng(arguments.seed)
    order = draw.permutation(len(real))
    queries, pool = unit_rows(real[order[: arguments.queries]]), unit_rows(real[order[arguments.queries :]])
    yield (
        "data",
        {
            "real_vectors": len(pool),
            "queries": len(queries),
            "count": arguments.count,
            "width": real.shape[1],
            "source": arguments.vectors.name if arguments.vectors else "sentences of Open-i reports",
            "sha256": file_hash(arguments.vectors or arguments.reports),
        },
    )
    true, check = fill(folder / "rows.f16", Mimic(pool, arguments.seed), arguments.count, queries, arguments.k)
    yield "mimicry", check
    name = arguments.backend or choose(arguments.count)
    matrix = np.memmap(folder / "rows.f16", dtype="<f2", mode="r", shape=(arguments.count, real.shape[1]))
    del real, pool
    start = time.perf_counter()
    index = BACKENDS[name].build(np.arange(arguments.count), matrix, threads=arguments.threads)
    built = time.perf_counter() - start
    (folder / "index").mkdir()
    index.save(folder / "index")
    del index, matrix
    gc.collect()
    size = sum(path.stat().st_size for path in (folder / "index").iterdir())
    yield (
        "index",
        {"backend": name, "build_s": round(built, 1), "threads": arguments.threads, "disk_mb": round(size / 2**20, 1)},
    )
    np.savez(folder / "questions.npz", queries=queries, true=true)


def _real(arguments: Namespace) -> Matrix:
    if arguments.vectors is not None:
        loaded: Matrix = np.load(arguments.vectors).astype(np.float32)
        kept: Matrix = loaded[np.isfinite(loaded).all(axis=1) & (np.abs(loaded).sum(axis=1) > 0)]
        return kept
    return sentence_vectors(arguments.reports, 20_000)


def search(folder: Path, name: str, k: int, threads: int) -> dict[str, Any]:
    """Load the index as a fresh process would and ask it one query at a time."""
    with np.load(folder / "questions.npz") as held:
        queries, true = held["queries"], held["true"]
    before = rss_mb()
    start = time.perf_counter()
    index = BACKENDS[name].load(folder / "index", threads=threads)
    loaded = time.perf_counter() - start
    found = [index.search(query[None], k).ids[0] for query in queries]
    n = len(queries)
    timing = latencies(lambda i: index.search(queries[i % n][None], k), times=max(1000, n))
    resident = rss_mb()
    narrow = {}
    for share in (0.001, 0.05, 0.3):
        mask = np.random.default_rng(1).random(len(index)) < share
        narrow[f"{share:g}"] = latencies(lambda i: index.search(queries[i % n][None], k, mask), times=100)  # noqa: B023
    return {
        "recall": bootstrap(lambda r: float(r.mean()), recalls(np.array(found), true)),
        "k": k,
        "latency": timing,
        "latency_when_a_share_is_allowed": narrow,
        "load_s": round(loaded, 2),
        "resident_mb": resident,
        "resident_before_load_mb": before,
        "index_mb": round(index.memory_bytes() / 2**20, 1),
    }


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--vectors", type=Path, default=None, help=".npy of real image vectors (N, 512)")
    made.add_argument("--reports", type=Path, default=Path(".data/torchxrayvision/NLMCXR_reports.tgz"))
    made.add_argument("--count", type=int, default=1_000_000)
    made.add_argument("--queries", type=int, default=500)
    made.add_argument("--k", type=int, default=10)
    made.add_argument("--backend", choices=sorted(BACKENDS), default=None, help="by default the product's own choice")
    made.add_argument("--threads", type=int, default=2)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--only-search", type=Path, default=None, help="(internal) folder of a built index")
    arguments = made.parse_args()
    if arguments.only_search is not None:
        name = arguments.backend or choose(arguments.count)
        finish("search_scale", arguments.out, **search(arguments.only_search, name, arguments.k, arguments.threads))
        return
    with tempfile.TemporaryDirectory(prefix="prosvet-scale-") as folder:
        body = dict(measure(arguments, Path(folder)))
        answers = _in_fresh_process(arguments, Path(folder))
    finish("search_scale", arguments.out, **body, search=answers, figures=_figures(body["data"], answers))


def _figures(data: dict[str, Any], answers: dict[str, Any]) -> list[dict[str, Any]]:
    """What the README quotes."""
    on = f"{data['count']:,} vectors of {data['width']} numbers made from {data['real_vectors']:,} real ones"
    recall, latency = answers["recall"], answers["latency"]
    found = Interval(**recall)
    return [
        figure("recall@10 against exact search", on, found, target="≥ 0.95"),
        figure("vector search, 95th percentile", on, latency["p95_ms"], found.n, unit="ms", target="≤ 20"),
        figure("resident memory with the index loaded", on, answers["resident_mb"] * 2**20 / 1e6, 1, unit="MB",
               target="≤ 1500"),
    ]  # fmt: skip


def _in_fresh_process(arguments: Namespace, folder: Path) -> dict[str, Any]:
    """Search from a process that built nothing, so that its resident memory is what a user sees."""
    import json
    import subprocess
    import sys

    command = [
        sys.executable,
        __file__,
        "--only-search",
        str(folder),
        "--count",
        str(arguments.count),
        "--k",
        str(arguments.k),
        "--threads",
        str(arguments.threads),
    ]
    if arguments.backend:
        command += ["--backend", arguments.backend]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return {key: value for key, value in answer.items() if key not in ("benchmark", "at", "command", "environment")}


if __name__ == "__main__":
    main()
