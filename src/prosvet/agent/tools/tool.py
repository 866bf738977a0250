"""A tool: a capability's request and result, the arguments that a planner chooses, and the result made plain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from prosvet.agent.case import Case, Known
from prosvet.core.context import Context
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Finding, Measurement

__all__ = ["Arguments", "NoArguments", "Told", "Tool"]


class Arguments(BaseModel):
    """What a planner may say to a tool: nothing else, and of the right kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class NoArguments(Arguments):
    """A tool that takes none."""


@dataclass(frozen=True)
class Told:
    """A result as the planner, the trace and the checks get it.

    Attributes
    ----------
    facts : dict
        For the planner and the trace: JSON, small, without pictures.
    said : str
        A sentence for a person.
    findings, measurements : tuple
        Of this film; what an answer is held against.
    """

    facts: dict[str, Any]
    said: str
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    compared: bool = False
    draft: str = ""


@dataclass(frozen=True)
class Tool:
    """One entry of the table.

    Attributes
    ----------
    name : str
        Its description for planners is ``agent.tools.NAME`` in the locales.
    capability : str
        Its name in the table of contents.
    arguments : type of Arguments
    request, result : type
        The capability's own models.
    bind : callable
        Arguments, case and what is known to the request; raises a ProsvetError where that cannot be.
    run : callable
        The capability's function.
    tell : callable
    fits : callable
        Whether the case has what the tool needs.
    """

    name: str
    capability: str
    arguments: type[Arguments]
    request: type[BaseModel]
    result: type[BaseModel]
    bind: Callable[[Any, Case, Known], Any]
    run: Callable[[Any, Context], Any]
    tell: Callable[[Any, Lang], Told]
    fits: Callable[[Case], bool] = field(default=lambda case: True)

    def call(self, arguments: Arguments, case: Case, known: Known, context: Context) -> Told:
        """Run the capability.

        Raises
        ------
        ProsvetError
            Whatever the capability raises.
        """
        request = self.bind(arguments, case, known)
        return self.tell(self.run(request, context), case.lang)

    def description(self, lang: Lang) -> str:
        """What it does, for a planner."""
        return text(f"agent.tools.{self.name}", lang)
