"""The agent against its own direct model, question by question: how often each is right, and what the steps cost.

The questions are those of ``vqa.py``, about a sample of the NIH test films. Both are asked through the runners of
``prosvet evaluate vqa``; the difference is of the same questions, films drawn whole. The agent is the fixed plan: what
it can gain over the model that answers directly is the reach of its language and its checks, and what it costs is time.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common import bootstrap, figure, file_hash, finish
from films import arguments, rows_of
from prosvet.agent.answerer import AgentAnswerer
from prosvet.core.context import Context
from prosvet.core.settings import Settings
from prosvet.evaluation.statistics import as_figure, compare_items
from prosvet.evaluation.vqa.answerer import Given, ask
from prosvet.evaluation.vqa.compact import CompactAnswerer
from prosvet.evaluation.vqa.item import Item
from prosvet.evaluation.vqa.loaders import LoadOptions, load
from prosvet.evaluation.vqa.measure import items_of, metrics
from prosvet.evaluation.vqa.score import Scored, score
from vqa import questions, unpack

FILMS, SEED, RESAMPLES = 60, 0, 1000
FIGURES = ("accuracy", "selective_accuracy", "answer_coverage", "abstained")
COMPARED = ("mean:right", "mean:right_if_answered", "mean:answered")


def asked(answerer: Any, items: tuple[Item, ...], context: Context) -> tuple[dict[str, Given], float]:
    """The answers, and seconds a question."""
    begun = time.perf_counter()
    given = ask(answerer, items, context)
    return given, (time.perf_counter() - begun) / len(items)


def figures_of(name: str, scored: list[Scored]) -> list[dict[str, Any]]:
    """The figures of one of the two."""
    found = metrics(scored, RESAMPLES, SEED)
    return [
        figure(f"{name}.{key}", "test (NIH)", found[key].value, found[key].n, low=found[key].low, high=found[key].high)
        for key in FIGURES
        if found[key].value is not None
    ]


def differences(direct: list[Scored], agent: list[Scored]) -> list[dict[str, Any]]:
    """The agent less the direct model, on the same questions."""
    made = []
    for statistic in COMPARED:
        found = compare_items(statistic, items_of(direct), items_of(agent), resamples=RESAMPLES, seed=SEED)
        one = as_figure(found.difference, "bootstrap_patients", "", True)
        if one.value is not None:
            row = figure(f"difference.{statistic}", "test (NIH)", one.value, one.n, low=one.low, high=one.high)
            made.append({**row, "verdict": found.verdict})
    return made


def of_confidence(scored: list[Scored], agent: AgentAnswerer) -> list[dict[str, Any]]:
    """Whether the agent's confidence tells right answers from wrong ones: Brier score, and its mean of either."""
    pairs = [
        (runs[-1].confidence, one.verdict == "right", one.item.group)
        for one in scored
        if one.answered and one.item.question.kind == "yes_no"
        for runs in [agent.done[one.item.question.id]]
        if runs[-1].confidence is not None
    ]
    sure, right, groups = [p[0] for p in pairs], [float(p[1]) for p in pairs], [p[2] for p in pairs]
    brier = bootstrap(
        lambda p, y: float(((p - y) ** 2).mean()), sure, right, patients=groups, resamples=RESAMPLES, seed=SEED
    )  # fmt: skip
    by = {
        name: [p for p, y in zip(sure, right, strict=True) if y == wanted]
        for name, wanted in (("right", 1), ("wrong", 0))
    }
    rows = [figure("agent.brier", "test (NIH), yes or no, answered", brier)]
    rows += [figure(f"agent.mean_confidence.{k}", "test (NIH)", sum(v) / len(v), len(v)) for k, v in by.items() if v]
    return rows


def of_checks(agent: AgentAnswerer) -> Mapping[str, int]:
    """How many runs there were, and in how many the answer disagreed with the evidence or a step failed."""
    runs = [one for many in agent.done.values() for one in many]
    return {
        "runs": len(runs),
        "steps": sum(len(one.trace.steps) for one in runs),
        "with_disagreement": sum(bool(one.agreement.problems) for one in runs),
        "with_failed_step": sum(any(step.failed for step in one.trace.steps) for one in runs),
    }


def main() -> None:
    """Ask both and print."""
    given, data = arguments(__doc__)
    rows = [row for row in rows_of(data, ("test",)) if row["source"].startswith("nih")]
    rows = random.Random(SEED).sample(rows, FILMS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        unpack(data, folder)
        lines = [json.dumps(row, ensure_ascii=False) for row in questions(rows)]
        (folder / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        items = load("jsonl", folder / "questions.jsonl", LoadOptions(images=None, need_images=True)).items
        with Context(Settings(home=folder / "home", threads=1)) as context:
            compact, agent = CompactAnswerer(context), AgentAnswerer(context)
            first, direct_seconds = asked(compact, items, context)
            second, agent_seconds = asked(agent, items, context)
    direct, planned = score(items, first), score(items, second)
    same = sum(first[name] == second[name] or first[name].text == second[name].text for name in first)
    finish(
        "agent",
        given.out,
        figures=[
            *figures_of("direct", direct),
            *figures_of("agent", planned),
            *differences(direct, planned),
            *of_confidence(planned, agent),
            figure("same_answer", "test (NIH)", same / len(items), len(items)),
            figure("direct.seconds", "a question", direct_seconds, len(items)),
            figure("agent.seconds", "a question", agent_seconds, len(items)),
        ],
        checks=of_checks(agent),
        model=agent.model.model_dump() if agent.model is not None else None,
        data={"manifest.csv": file_hash(data / "cxr" / "manifest.csv"), "films": len(rows), "questions": len(items)},
    )


if __name__ == "__main__":
    main()
