"""Self-Refine: generate, check, tell the generator what is wrong, generate again or mend, until the text is clean.

Every round is kept: its text, what was wrong with it, and the edits that made it. After A. Madaan et al., "Self-Refine:
Iterative Refinement with Self-Feedback", NeurIPS 2023, with rules for the feedback, and a critic model if there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from prosvet.core.errors import ProsvetError
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Frozen, Measurement
from prosvet.language.checks.issue import Edit, Issue, apply_edits

if TYPE_CHECKING:
    from prosvet.language.checks.copied import CopyIndex

__all__ = ["Brief", "Critic", "Generator", "Refined", "Round", "refine"]

Stopped = Literal["clean", "rounds", "stuck", "failed"]
_PASSES = 3  # edits may bring out what they hid; more than this is going in circles


class Brief(Frozen):
    """What a report is to be written from.

    Attributes
    ----------
    lang : {"ru", "en"}
    findings, measurements : tuple
        What the image showed; the text may claim nothing else.
    not_assessed, caution : tuple of str
        As :func:`prosvet.language.protocol.render` takes them.
    prior : bool
        An earlier study is there to compare with.
    patient : str or None
        Whose report it is, as the index of copies names them.
    seed : int
        For the generator: the same brief gives the same text.
    """

    lang: Lang
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    not_assessed: tuple[str, ...] = ()
    caution: tuple[str, ...] = ()
    prior: bool = False
    patient: str | None = None
    seed: int = 0


class Generator(Protocol):
    """Whatever writes reports: templates, a language model, a person."""

    def generate(self, brief: Brief, feedback: Sequence[Issue]) -> str:
        """A text for `brief`; `feedback` is what was wrong with the one before, empty at first."""
        ...


class Critic(Protocol):
    """A second opinion on a text, a model's for example; its issues have the rule ``critic``."""

    def criticise(self, brief: Brief, text: str) -> Sequence[Issue]:
        """What is wrong with `text`."""
        ...


class Round(Frozen):
    """One text of the loop.

    Attributes
    ----------
    made : {"generated", "edited"}
    text : str
    issues : tuple of Issue
        What is wrong with it, errors first.
    edits : tuple of Edit
        What made it of the round that it was edited from; places are those of that round's text.
    """

    made: Literal["generated", "edited"]
    text: str
    issues: tuple[Issue, ...]
    edits: tuple[Edit, ...] = ()

    @property
    def errors(self) -> int:
        """How many of the issues are errors."""
        return sum(issue.severity == "error" for issue in self.issues)


class Refined(Frozen):
    """The outcome of the loop.

    Attributes
    ----------
    rounds : tuple of Round
        All of them, in order.
    chosen : int
        Index of the round whose text it is: the one with the fewest errors, of equals the one with fewer warnings,
        then the earlier.
    clean : bool
        That text has no errors; there may be warnings.
    stopped : {"clean", "rounds", "stuck", "failed"}
        Why the loop ended: nothing left to mend; no more rounds; the generator repeated itself; it failed.
    failure : str or None
        Code of the error that a later round failed with. A failure of the first round is raised.
    """

    rounds: tuple[Round, ...]
    chosen: int
    clean: bool
    stopped: Stopped
    failure: str | None = None

    @property
    def text(self) -> str:
        """The text of the chosen round."""
        return self.rounds[self.chosen].text

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is still wrong with it."""
        return self.rounds[self.chosen].issues


def refine(
    generator: Generator,
    brief: Brief,
    *,
    critic: Critic | None = None,
    rounds: int = 3,
    rules: Sequence[str] | None = None,
    corpus: CopyIndex | None = None,
    edit: bool = True,
) -> Refined:
    """Have `generator` write until its text is clean, its rounds are over or it repeats itself; then mend what is sure.

    Parameters
    ----------
    generator : Generator
    brief : Brief
    critic : Critic, optional
    rounds : int, at least 1
        How often the generator may write.
    rules : sequence of str, optional
        Names of :data:`prosvet.language.checks.CHECKS`; those of every draft (all but agreement) when None.
    corpus : CopyIndex, optional
        Reports of other patients.
    edit : bool
        Make the edits that the rules are certain of, where generating again did not help.

    Raises
    ------
    ValueError
        For fewer rounds than one.
    ProsvetError
        When the first round fails: there is no text to fall back on.
    UnknownName
        When there is no such rule.
    """
    # The labeller behind the checks takes a moment to load: only who refines a text waits for it.
    from prosvet.language.checks.registry import DRAFT_CHECKS, check_text
    from prosvet.language.checks.subject import Subject

    if rounds < 1:
        raise ValueError("a report takes at least one round")

    names = DRAFT_CHECKS if rules is None else rules

    def judged(text: str, made: Literal["generated", "edited"], edits: Sequence[Edit] = ()) -> Round:
        subject = Subject(text, brief.lang, brief.findings, brief.measurements, brief.prior, corpus, brief.patient)
        issues = (
            *check_text(subject, names),
            *(critic.criticise(brief, text) if critic else ()),
        )
        return Round(made=made, text=text, issues=issues, edits=tuple(edits))

    done, stopped, failure = _written(generator, brief, rounds, judged)
    if edit:
        done += _mended(done[_best(done)], judged)
    best = _best(done)
    clean = done[best].errors == 0
    return Refined(rounds=tuple(done), chosen=best, clean=clean, stopped="clean" if clean else stopped, failure=failure)


def _written(
    generator: Generator, brief: Brief, rounds: int, judged: _Judge
) -> tuple[list[Round], Stopped, str | None]:
    """The generator's rounds, why they ended, and the code of the error that ended them."""
    done: list[Round] = []
    while len(done) < rounds:
        try:
            text = generator.generate(brief, done[-1].issues if done else ())
        except ProsvetError as error:
            if not done:
                raise
            return done, "failed", error.code
        if any(text == before.text for before in done):
            return done, "stuck", None
        done.append(judged(text, "generated"))
        if not done[-1].errors:
            return done, "clean", None
    return done, "rounds", None


def _best(done: Sequence[Round]) -> int:
    return min(range(len(done)), key=lambda index: (done[index].errors, len(done[index].issues), index))


class _Judge(Protocol):
    def __call__(self, text: str, made: Literal["generated", "edited"], edits: Sequence[Edit] = ()) -> Round: ...


def _mended(start: Round, judged: _Judge) -> list[Round]:
    """Rounds that certain edits make of `start`, as long as each leaves fewer errors than the one before."""
    made: list[Round] = []
    current = start
    while current.errors and len(made) < _PASSES:
        text, edits = apply_edits(current.text, [issue for issue in current.issues if issue.severity == "error"])
        if not edits:
            break
        current, before = judged(text, "edited", edits), current
        made.append(current)
        if current.errors >= before.errors:
            break
    return made
