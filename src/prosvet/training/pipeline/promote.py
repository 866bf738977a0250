"""Promote a challenger, in a senior's name, and roll back: the only two steps that change what a site reads with."""

from __future__ import annotations

from pathlib import Path

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import ChallengerNotAssessed, ChallengerWorse, Forbidden, RetrainingError
from prosvet.models.deployed import Deployment, deploy, deployed, roll_back
from prosvet.models.examine import Examiner
from prosvet.training.pipeline.card_step import Challenger, challenger_of
from prosvet.training.pipeline.pack_folder import model_digest
from prosvet.training.pipeline.steps import make_step, read_step, write_text

__all__ = ["back", "promote", "promoted"]

_DONE = "deployment.json"


def promote(run: Path, by: str, why: str, context: Context) -> Deployment:
    """Put the run's challenger in force.

    Raises
    ------
    Forbidden
        For anyone below a senior.
    RetrainingError
        Without a name and a reason; when there is no card yet; when another model is in force than the one that the
        challenger was compared with; when it was promoted once and rolled back (a roll-back leads there again).
    ChallengerWorse, ChallengerNotAssessed
        When the card does not let it pass.
    """
    name = _senior(by, why, context)
    if read_step(run, "card", whole=True) is None:
        raise RetrainingError(reason="no_card", name=run.name)
    card = challenger_of(run)
    standing = deployed(context.settings)
    in_force = standing.evidence.get("run") == run.name and standing.model == card.model
    done = promoted(run)
    if done is not None and not in_force:
        raise RetrainingError(reason="promoted_before", name=run.name, version=done.version)
    if done is not None:
        return done
    if not in_force:  # else the process was killed between the deployment and the record of it
        _ensure_passes(card)
        _ensure_same_opponent(card, context)
    record = read_step(run, "card")
    evidence = {
        "run": run.name, "verdict": card.verdict, "data": card.data.manifest, "against": card.compared.current,
        "card": record.outputs if record else {},
    }  # fmt: skip
    audit = AuditLog.from_context(context)

    def make(folder: Path) -> None:
        if in_force:
            write_text(folder / _DONE, standing.model_dump_json(indent=1))
            return
        made = deploy(context.settings, model=card.model, by=name, why=why.strip(), evidence=evidence)
        audit.write("retrain_promote", run=run.name, model=f"{card.model}@{card.revision}", version=made.version,
                    person=name)  # fmt: skip
        write_text(folder / _DONE, made.model_dump_json(indent=1))

    make_step(run, "promote", {"evidence": evidence}, make)
    made = promoted(run)
    if made is None:
        raise RetrainingError(reason="no_card", name=run.name)
    return made


def promoted(run: Path) -> Deployment | None:
    """The deployment that the run became; None when it has not been promoted."""
    path = run / "promote" / _DONE
    return Deployment.model_validate_json(path.read_text(encoding="utf-8")) if path.is_file() else None


def back(by: str, why: str, to: int | None, context: Context) -> Deployment:
    """Restore an earlier deployment: the one before, or the version `to`.

    Raises
    ------
    Forbidden, RetrainingError
    DeploymentError
        When there is nothing before, or no such version.
    """
    name = _senior(by, why, context)
    made = roll_back(context.settings, to, by=name, why=why.strip())
    AuditLog.from_context(context).write(
        "retrain_back", model=f"{made.model}@{made.revision}", version=made.version, person=name
    )
    return made


def _senior(by: str, why: str, context: Context) -> str:
    """Who answers for it: the account's name, or the one given where nobody signs in."""
    actor = context.actor
    if not actor.may("senior"):
        raise Forbidden(role="senior")
    name = (by if actor.name in ("", "local") else actor.name).strip()
    if name in ("", "local"):
        raise RetrainingError(reason="name_needed")
    if not why.strip():
        raise RetrainingError(reason="why_needed")
    return name


def _ensure_passes(card: Challenger) -> None:
    if card.verdict == "may_pass":
        return
    kind = ChallengerWorse if card.verdict == "worse" else ChallengerNotAssessed
    reasons = {"worse": ("worse", "margin"), "not_assessed": ("not_assessed",)}[card.verdict]
    named = dict.fromkeys(one.concept for one in card.against if one.reason in reasons)
    raise kind(name=card.model, reason=f"verdict_{card.verdict}", findings=", ".join(named))


def _ensure_same_opponent(card: Challenger, context: Context) -> None:
    current = Examiner.from_context(context)
    if model_digest(current.card) != card.compared.current_digest:
        raise RetrainingError(
            reason="other_in_force", was=card.compared.current, now=f"{current.ref.name}@{current.ref.revision}"
        )
