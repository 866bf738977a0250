"""Does the tiny vision-language model look at the film, and does it say more than the templates?

    python benchmarks/tiny_vlm.py DATA [--features DIR] [--out results/tiny_vlm.json]

Its text is read by our labeller and held against the labels of each film. The control gives every film the text of
another film of the same source and of the same class (normal or not), so that knowing the hospital, or that something
is wrong, brings nothing. The rule, set before the test films were looked at: the model has passed when the macro F1 of
its descriptions on NIH's test films exceeds that of exchanged ones in both languages, the 95 % interval of the paired
difference (bootstrap by patient) above 0. The template draft and the encoder's bare scores stand beside it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import figure, file_hash, finish, parser
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.types import Status
from prosvet.evaluation.reports.api import ReportsRequest, run
from prosvet.evaluation.resampling import Weighted, bootstrap, paired
from prosvet.evaluation.result import Figure
from prosvet.language import render
from prosvet.language.labels import report_labels
from prosvet.models.backends.tiny_decode import TinyNetworks, greedy
from prosvet.models.backends.tiny_vlm import PROMPTS
from prosvet.models.card import load_card
from prosvet.models.examine import Examiner
from prosvet.models.findings import FINDINGS
from prosvet.models.vlm.door import load_vlm_card
from prosvet.reading.decide import decide_scores
from prosvet.training.vlm.chain.features import Seen, seen_films
from prosvet.training.vlm.chain.tiny_data import knowns
from prosvet.training.vlm.chain.tiny_texts import answer, prompts

LANGS: tuple[Lang, Lang] = ("ru", "en")
NIH = tuple(c for c in FINDINGS if c not in ("abnormal", "tuberculosis", "covid19_pneumonia"))
SHUFFLES = 20
LEAST = 8  # films with and without a finding; with fewer it has no part in a macro mean
BATCH, MOST = 64, 110
YES_NO: dict[Lang, tuple[str, str]] = {"ru": ("Да", "Нет"), "en": ("Yes", "No")}
Matrix = NDArray[np.float64]


def macro_f1(weights: Matrix, tp: Matrix, fp: Matrix, fn: Matrix) -> Matrix:
    """Mean F1 over findings: columns (N, K) of true positives, false positives, false negatives."""
    top, bottom = 2 * weights @ tp, 2 * weights @ tp + weights @ fp + weights @ fn
    with np.errstate(invalid="ignore"):
        return np.nanmean(top / np.where(bottom > 0, bottom, np.nan), axis=1)


MACRO = Weighted(macro_f1)


def counts(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> tuple[Matrix, Matrix, Matrix]:
    """What :func:`macro_f1` counts, film by film."""
    return tuple(hit.astype(np.float64) for hit in (said & true, said & ~true, ~said & true))  # type: ignore[return-value]


def exchanged(said: NDArray[np.bool_], true: NDArray[np.bool_], groups: Sequence[str], seed: int = 0) -> Any:
    """Counts when films of one group (source and class) exchange their texts, the mean of many exchanges."""
    generator, names = np.random.default_rng(seed), np.array(groups)
    total = None
    for _ in range(SHUFFLES):
        order = np.arange(len(names))
        for name in np.unique(names):
            inside = np.flatnonzero(names == name)
            # A rotation of a random order: nobody keeps a text of his own.
            mixed = generator.permutation(inside)
            order[mixed] = np.roll(mixed, 1)
        found = counts(said[order], true)
        total = found if total is None else tuple(a + b for a, b in zip(total, found, strict=True))
    return tuple(column / SHUFFLES for column in total)


def labelled(texts: Sequence[str], lang: Lang, concepts: Sequence[str], *, doubt: bool = False) -> NDArray[np.bool_]:
    """What texts call present (N, K); with `doubt` what they call possible as well."""
    wanted = {Status.PRESENT, Status.UNCERTAIN} if doubt else {Status.PRESENT}
    rows = []
    for text in texts:
        named = {finding.concept for finding in report_labels(text, lang=lang) if finding.status in wanted}
        rows.append([concept in named for concept in concepts])
    return np.array(rows)


def said_by(networks: TinyNetworks, features: NDArray[np.float32], prompt: str) -> list[str]:
    """The model's answers to one prompt about many films."""
    ids, texts = networks.bpe.encode(prompt), []
    for start in range(0, len(features), BATCH):
        for one in greedy(networks, features[start : start + BATCH], ids, MOST):
            texts.append(networks.bpe.decode(one.tokens).strip())
    return texts


def drafted(seen: Seen, lang: Lang) -> list[str]:
    """What the templates say by the encoder's scores at the card's thresholds."""
    card, texts = load_card("compact"), []
    for row in seen.features[:, -len(FINDINGS) :]:
        scores = dict(zip(FINDINGS, (1 / (1 + np.exp(-row.astype(np.float64)))).tolist(), strict=True))
        texts.append(render(decide_scores(scores, card, "balanced"), [], lang).text)
    return texts


def likelier_yes(networks: TinyNetworks, features: NDArray[np.float32], concept: str) -> Matrix:
    """Logit of "yes" against "no" as the first word, mean of both languages (N,)."""
    total = np.zeros(len(features))
    for lang in LANGS:
        state = networks.start(features, networks.bpe.encode(prompts("ask", lang, concept)[0]))
        yes, no = (networks.bpe.encode(word)[0] for word in YES_NO[lang])
        total += state.next[:, yes] - state.next[:, no]
    return total / 2


def auroc(weights: Matrix, score: Matrix, label: Matrix) -> Matrix:
    """Area under the curve for many weightings (R, N) of films, ties as half."""
    order = np.argsort(score, kind="stable")
    w, y, s = weights[:, order], label[order], score[order]
    negative = np.cumsum(w * (1 - y), axis=1)
    starts = np.searchsorted(s, s, side="left")
    ends = np.searchsorted(s, s, side="right") - 1
    before = np.where(starts > 0, negative[:, np.maximum(starts - 1, 0)], 0.0)
    area = (w * y * (before + negative[:, ends]) / 2).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return area / ((w * y).sum(1) * (w * (1 - y)).sum(1))


def macro_auroc(weights: Matrix, scores: Matrix, labels: Matrix) -> Matrix:
    """Mean over findings, columns (N, K)."""
    columns = range(scores.shape[1])
    return np.nanmean([auroc(weights, scores[:, k], labels[:, k]) for k in columns], axis=0)


def compared(
    metric: str, data: str, first: Any, second: Any, patients: Any, statistic: Weighted = MACRO
) -> dict[str, Any]:
    """One row: the second run, the first, and the difference with its interval."""
    found = paired(statistic, first, second, patients, 1000)
    row = figure(metric, data, found.difference)
    return row | {"of": round(found.second, 4), "against": round(found.first, 4), "p": round(found.p, 4)}


def truth(seen: Seen) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Labels and whether they are known, both (N, 16)."""
    states = [dict(film) for film in knowns(seen)]
    present = np.array([[state.get(c, False) for c in FINDINGS] for state in states])
    return present, np.array([[c in state for c in FINDINGS] for state in states])


def on_test(networks: TinyNetworks, seen: Seen) -> tuple[list[dict[str, Any]], bool]:
    """Figures on NIH's test films, and whether the rule is met."""
    present, _ = truth(seen)
    true = present[:, [FINDINGS.index(c) for c in NIH]]
    patients = [row["patient"] for row in seen.rows]
    groups = [f"{row['source']} {row['labels'] == 'normal'}" for row in seen.rows]
    rows, passed = [], True
    for lang in LANGS:
        data = f"test (NIH), {lang}"
        texts = said_by(networks, seen.features, PROMPTS[lang]["describe"])
        said = labelled(texts, lang, NIH)
        own, mixed = counts(said, true), exchanged(said, true, groups)
        rows.append(figure("macro F1 of findings, descriptions", data, bootstrap(MACRO, own, patients)))
        rows.append(compared("macro F1 over exchanged films, within source and class", data, mixed, own, patients))
        passed &= rows[-1]["low"] > 0
        rows.append(compared("macro F1 over exchanged films, within source", data,
                             exchanged(said, true, [row["source"] for row in seen.rows]), own, patients))  # fmt: skip
        short = labelled(said_by(networks, seen.features, PROMPTS[lang]["sum_up"]), lang, NIH)
        rows.append(figure("macro F1 of findings, conclusions", data, bootstrap(MACRO, counts(short, true), patients)))
        drafts = drafted(seen, lang)
        for name, doubt in (("present", False), ("present or possible", True)):
            draft = counts(labelled(drafts, lang, NIH, doubt=doubt), true)
            rows.append(
                figure(f"macro F1 of findings, template draft ({name})", data, bootstrap(MACRO, draft, patients))
            )
            rows.append(compared(f"macro F1 over the template draft ({name})", data, draft, own, patients))
        reference = [answer("describe", film, lang) for film in knowns(seen)]
        again = counts(labelled(reference, lang, NIH), true)
        rows.append(figure("macro F1 of the labels' own rendering, read back", data, bootstrap(MACRO, again, patients)))
        blank = said_by(networks, seen.features.mean(0, keepdims=True), PROMPTS[lang]["describe"])[0]
        rows += reported(texts, reference, patients, lang, blank)
    return rows, bool(passed)


def reported(
    texts: list[str], references: list[str], patients: list[str], lang: Lang, blank: str
) -> list[dict[str, Any]]:
    """Metrics and controls of ``prosvet evaluate reports``; a film of mean features stands for a blank one."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, column in (("said", texts), ("true", references), ("blank", [blank] * len(texts))):
            paths[name] = Path(folder) / f"{name}.jsonl"
            lines = [json.dumps({"id": str(n), "text": text, "patient": patients[n]}) for n, text in enumerate(column)]
            paths[name].write_text("\n".join(lines), encoding="utf-8")
        request = ReportsRequest(predictions=paths["said"], references=paths["true"], blank=paths["blank"], lang=lang,
                                 resamples=500)  # fmt: skip
        found = run(request, Context())
    for metric in ("bleu_4", "rouge_l", "cider", "label_f1_macro", "label_f1_positive"):
        rows.append(told(f"report {metric}", lang, found.metrics[metric]))
    for name, value in found.controls.items():
        if "_over_" in name:
            rows.append(told(f"report control {name}", lang, value))
    return rows


def told(metric: str, lang: Lang, value: Figure) -> dict[str, Any]:
    """A figure of the evaluation as a row."""
    known = {"value": value.value, "low": value.low, "high": value.high}
    rounded = {key: None if number is None else round(number, 4) for key, number in known.items()}
    return {"metric": metric, "data": f"test (NIH), {lang}", **rounded, "n": value.n}


def asked(networks: TinyNetworks, seen: Seen) -> list[dict[str, Any]]:
    """ "Is there ...?" as a score against the encoder's own, macro AUROC on the test films."""
    columns = [FINDINGS.index(c) for c in NIH]
    labels = truth(seen)[0][:, columns].astype(np.float64)
    yes = np.stack([likelier_yes(networks, seen.features, c) for c in NIH], axis=1)
    bare = seen.features[:, -len(FINDINGS) :][:, columns].astype(np.float64)
    patients, area = [row["patient"] for row in seen.rows], Weighted(macro_auroc)
    return [
        figure("macro AUROC of yes", "test (NIH)", bootstrap(area, [yes, labels], patients, 500)),
        figure("macro AUROC of the encoder's scores", "test (NIH)", bootstrap(area, [bare, labels], patients, 500)),
        compared("macro AUROC of yes over the encoder's scores", "test (NIH)", [bare, labels], [yes, labels], patients,
                 area),
    ]  # fmt: skip


def by_source(networks: TinyNetworks, seen: Seen) -> list[dict[str, Any]]:
    """The control on validation films, source by source, over the findings that the source knows of."""
    present, known = truth(seen)
    texts = said_by(networks, seen.features, PROMPTS["ru"]["sum_up"])
    said = labelled(texts, "ru", FINDINGS)
    rows = []
    for source in sorted({row["source"] for row in seen.rows}):
        mine = np.array([row["source"] == source for row in seen.rows])
        with_it, without = (present & known)[mine].sum(0), (~present & known)[mine].sum(0)
        enough = [k for k in range(1, len(FINDINGS)) if min(with_it[k], without[k]) >= LEAST]
        if not enough:
            continue
        chosen = np.flatnonzero(mine)
        true, says = (present & known)[chosen][:, enough], said[chosen][:, enough] & known[chosen][:, enough]
        patients = [seen.rows[n]["patient"] for n in chosen]
        row = compared("macro F1 over exchanged films, within source", f"val ({source}), ru, conclusions",
                       exchanged(says, true, [source] * len(chosen)), counts(says, true), patients)  # fmt: skip
        rows.append(row | {"findings": [FINDINGS[k] for k in enough]})
    return rows


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--features", type=Path, default=Path("runs/cache"), help="where features are kept")
    arguments.add_argument(
        "--files", type=Path, default=None, help="folder of the model; the shipped card's without it"
    )
    given = arguments.parse_args()
    folder = given.files or load_vlm_card("tiny").weights_folder
    networks = TinyNetworks(folder, 1)
    examiner = Examiner(load_card("compact"), 1, "balanced")
    test, val = (seen_films(given.data, (split,), given.features, examiner) for split in ("test", "val"))
    rows, passed = on_test(networks, test)
    rows += asked(networks, test) + by_source(networks, val)
    finish("tiny_vlm", given.out, passed=passed, figures=rows, shuffles=SHUFFLES,
           files={path.name: file_hash(path) for path in sorted(folder.iterdir())})  # fmt: skip


if __name__ == "__main__":
    main()
