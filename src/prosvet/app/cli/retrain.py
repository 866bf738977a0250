"""`prosvet retrain run|freeze|train|evaluate|card|promote|back|list|show`: from marks to a model that may pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.training.pipeline.api import RetrainResult, RunView
    from prosvet.training.pipeline.judge import Judged

__all__ = ["back", "card", "evaluate", "freeze", "list_", "promote", "run_", "show", "train"]

_Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
_By = Annotated[str, typer.Option("--by", metavar="NAME", show_default=False)]
_Why = Annotated[str, typer.Option("--why", metavar="TEXT", show_default=False)]
_Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", show_default=False)]
_Splits = Annotated[str, typer.Option("--splits", metavar="NAMES")]
_Sets = Annotated[list[str] | None, typer.Option("--set", metavar="DIR:SPLIT", show_default=False)]
_Synthetic = Annotated[
    list[Path] | None, typer.Option("--synthetic", metavar="DIR", file_okay=False, show_default=False)
]
_NoArchive = Annotated[bool, typer.Option("--no-archive")]
_Share = Annotated[float, typer.Option("--check-share", min=0.1, max=0.9)]
_Seed = Annotated[int, typer.Option("--seed", min=0)]
_Kind = Annotated[Literal["head", "full"], typer.Option("--kind")]
_Images = Annotated[int | None, typer.Option("--images", min=64, show_default=False)]
_Margin = Annotated[float, typer.Option("--margin-auroc", min=0.001, max=0.5)]
_MarginSensitivity = Annotated[float, typer.Option("--margin-sensitivity", min=0.001, max=0.5)]
_Critical = Annotated[str | None, typer.Option("--critical", metavar="CONCEPTS", show_default=False)]
_Accept = Annotated[bool, typer.Option("--accept-not-assessed")]


def run_(
    session: Session, name: _Name, data: _Data = None, splits: _Splits = "train", sets: _Sets = None,
    synthetic: _Synthetic = None, no_archive: _NoArchive = False, check_share: _Share = 0.3, seed: _Seed = 0,
    kind: _Kind = "head", images: _Images = None, margin_auroc: _Margin = 0.05,
    margin_sensitivity: _MarginSensitivity = 0.10, critical: _Critical = None, accept_not_assessed: _Accept = False,
) -> Answer:  # fmt: skip
    """All steps up to the card; what is done from the same inputs is not done again. Status 1 when it may not pass."""
    freezing = _freezing(data, splits, sets, synthetic, no_archive, check_share, seed)
    policy = _policy(margin_auroc, margin_sensitivity, critical, accept_not_assessed)
    result = _asked(session, "run", name, freeze=freezing, train=_training(kind, images), policy=policy)
    return _answer(result, session)


def freeze(
    session: Session, name: _Name, data: _Data = None, splits: _Splits = "train", sets: _Sets = None,
    synthetic: _Synthetic = None, no_archive: _NoArchive = False, check_share: _Share = 0.3, seed: _Seed = 0,
) -> Answer:  # fmt: skip
    """Freeze the films: what is learned from, what is judged by."""
    freezing = _freezing(data, splits, sets, synthetic, no_archive, check_share, seed)
    return _answer(_asked(session, "freeze", name, freeze=freezing), session)


def train(session: Session, name: _Name, kind: _Kind = "head", images: _Images = None) -> Answer:
    """Train on the frozen films."""
    return _answer(_asked(session, "train", name, train=_training(kind, images)), session)


def evaluate(session: Session, name: _Name) -> Answer:
    """Both models on the films kept apart."""
    return _answer(_asked(session, "evaluate", name), session)


def card(
    session: Session, name: _Name, margin_auroc: _Margin = 0.05, margin_sensitivity: _MarginSensitivity = 0.10,
    critical: _Critical = None, accept_not_assessed: _Accept = False,
) -> Answer:  # fmt: skip
    """The paired tests and the verdict. Status 1 when the challenger may not pass."""
    policy = _policy(margin_auroc, margin_sensitivity, critical, accept_not_assessed)
    return _answer(_asked(session, "card", name, policy=policy), session)


def promote(session: Session, name: _Name, by: _By = "", why: _Why = "") -> Answer:
    """Put it in force, in a senior's name."""
    return _answer(_run(session, action="promote", name=name, by=by, why=why), session)


def back(
    session: Session, by: _By = "", why: _Why = "",
    to: Annotated[int | None, typer.Option("--to", min=0, metavar="VERSION", show_default=False)] = None,
) -> Answer:  # fmt: skip
    """Restore an earlier deployment, in a senior's name."""
    result = _run(session, action="back", by=by, why=why, to=to)
    return Answer(result, lambda console: _show_in_force(result, session, console))


def list_(session: Session) -> Answer:
    """Runs, and what is in force."""
    result = _run(session, action="list")

    def shown(console: Console) -> None:
        for one in result.runs:
            _show_steps(one, session, console)
        _show_in_force(result, session, console)

    return Answer(result, shown)


def show(session: Session, name: _Name) -> Answer:
    """One run with the challenger's table."""
    result = _run(session, action="show", name=name)

    def shown(console: Console) -> None:
        _show_run(result.runs[0], session, console)
        _show_in_force(result, session, console)

    return Answer(result, shown)


# -- what is asked -----------------------------------------------------------------------------------------------------


def _freezing(
    data: Path | None,
    splits: str,
    sets: list[str] | None,
    synthetic: list[Path] | None,
    no_archive: bool,
    share: float,
    seed: int,
) -> dict[str, Any]:
    parts = tuple(part.strip() for part in splits.split(",") if part.strip())
    made = tuple(folder.resolve() for folder in synthetic or ())
    return {"archive": not no_archive, "data": data.resolve() if data else None, "splits": parts,
            "sets": tuple(sets or ()), "synthetic": made, "check_share": share, "seed": seed}  # fmt: skip


def _training(kind: str, images: int | None) -> dict[str, Any]:
    return {"kind": kind, "images": images}


def _policy(auroc: float, sensitivity: float, critical: str | None, accept: bool) -> dict[str, Any]:
    named = None if critical is None else tuple(c.strip() for c in critical.split(",") if c.strip())
    return {"margin_auroc": auroc, "margin_sensitivity": sensitivity, "critical": named,
            "not_assessed": "accept" if accept else "refuse"}  # fmt: skip


def _asked(session: Session, action: str, name: str, **changed: dict[str, Any]) -> RetrainResult:
    """Ask for a step with the options that were given; those of other steps, and those left alone, stay as they were.

    An option that equals its default counts as left alone once the run has a plan.
    """
    from prosvet.training.pipeline.plan import Plan
    from prosvet.training.pipeline.runs import existing_plan

    session.request(_request(), action=action, name=name)
    before = existing_plan(name, session.context)
    plan = (before or Plan()).model_dump()
    usual = Plan().model_dump()
    for part, values in changed.items():
        plan[part] |= {k: v for k, v in values.items() if before is None or v != usual[part][k]}
    wanted = session.request(Plan, **plan) if changed and (before is None or plan != before.model_dump()) else None
    return _run(session, action=action, name=name, plan=wanted)


def _request() -> Any:
    from prosvet.training.pipeline.api import RetrainRequest

    return RetrainRequest


def _run(session: Session, **values: Any) -> RetrainResult:
    from prosvet.training.pipeline.api import run

    return run(session.request(_request(), **values), session.context)


# -- for a person ------------------------------------------------------------------------------------------------------


def _answer(result: RetrainResult, session: Session) -> Answer:
    """Status 1 when the card was asked for and the challenger may not pass."""
    one = result.runs[0]
    judged = any(step.step == "card" for step in result.done)
    status = 1 if judged and one.card is not None and one.card.verdict != "may_pass" else 0

    def shown(console: Console) -> None:
        for step in result.done:
            word = session.say(f"cli.retrain.{'made' if step.repeated else 'stands'}", seconds=f"{step.seconds:.1f}")
            console.print(f"{session.say('retraining.steps.' + step.step)}: {word}", markup=False)
        _show_run(one, session, console, table=judged)
        if result.action == "promote":
            _show_in_force(result, session, console)

    return Answer(result, shown, status)


def _show_steps(one: RunView, session: Session, console: Console) -> None:
    states = ", ".join(
        f"{session.say('retraining.steps.' + s.step)} {session.say('retraining.states.' + s.state)}" for s in one.steps
    )
    console.print(f"{one.name}: {states}", markup=False)


def _show_run(one: RunView, session: Session, console: Console, *, table: bool = True) -> None:
    from prosvet.app.retraining_words import against_words, verdict_words

    if one.data is not None:
        for place, films in sorted(one.data.films.items()):
            said = session.say("retraining.films", n=films, patients=one.data.patients[place])
            console.print(f"{place}: {said}", markup=False)
        for reason, count in one.data.left_out.items():
            console.print(f"  {session.say('retraining.left_out.' + reason)}: {count}", style="dim", markup=False)
    if one.card is None or not table:
        return
    _show_table(one.card.comparisons, session, console)
    passes = one.card.verdict == "may_pass"
    console.print(verdict_words(one.card, session.lang), style="bold green" if passes else "bold red", markup=False)
    for line in against_words(one.card, session.lang):
        console.print(f"  {line}", markup=False)


def _show_table(comparisons: tuple[Judged, ...], session: Session, console: Console) -> None:
    from rich.table import Table

    from prosvet.app.retraining_words import rows_of

    made = Table(box=None, pad_edge=False)
    for column in ("finding", "set", "metric", "n", "current", "challenger", "difference", "p", "verdict"):
        made.add_column(session.say(f"retraining.columns.{column}"))
    for row in rows_of(comparisons, session.lang, told=False):
        made.add_row(row["finding"], row["set"], row["metric"], row["n"], row["current"], row["challenger"],
                     row["difference"], row["p"], row["verdict"])  # fmt: skip
    console.print(made)


def _show_in_force(result: RetrainResult, session: Session, console: Console) -> None:
    one = result.in_force
    words = session.say("cli.retrain.in_force", version=one.version, model=one.model, revision=one.revision)
    console.print(words, style="bold", markup=False)
