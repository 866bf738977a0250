"""Turns a plain function into a verb: help from the locales, and the options that all verbs share.

A verb's function takes a :class:`Session` and its own arguments, annotated for typer without help texts: the help
of an argument `x` of the verb `read` is the string ``cli.read.x``. The shared options may stand before or after
the verb.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.models import ParameterInfo

from prosvet.app.cli.session import Answer, Session
from prosvet.core.i18n import Lang, text
from prosvet.core.logs import LogFormat

__all__ = ["root", "verb"]

_Parameter = inspect.Parameter


def _show_help(ctx: typer.Context, asked: bool) -> None:
    if asked:
        ctx.get_help()  # prints
        raise typer.Exit


def _shared(
    home: Annotated[Path | None, typer.Option("--home")] = None,
    lang: Annotated[Lang | None, typer.Option("--lang")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, show_default=False)] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q")] = False,
    log_format: Annotated[
        LogFormat | None, typer.Option("--log-format", envvar="PROSVET_LOG_FORMAT", show_default=False)
    ] = None,
    help_: Annotated[bool, typer.Option("--help", "-h", is_eager=True, callback=_show_help)] = False,
) -> None:
    """The options of every verb, as a signature."""


_SHARED = tuple(name for name in inspect.signature(_shared).parameters if name != "help_")


def _worded(function: Callable[..., Any], prefix: str, panel: str | None, lang: Lang) -> list[inspect.Parameter]:
    """The parameters of `function` with their help in `lang`."""
    made = []
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if get_origin(parameter.annotation) is not Annotated:
            continue
        kind, *extras = get_args(parameter.annotation)
        info: ParameterInfo = copy(next(extra for extra in extras if isinstance(extra, ParameterInfo)))
        info.help = text(f"{prefix}.{parameter.name}", lang)
        is_option = type(info).__name__ == "OptionInfo"
        info.rich_help_panel = panel or text(f"cli.panels.{'options' if is_option else 'arguments'}", lang)
        made.append(parameter.replace(kind=_Parameter.KEYWORD_ONLY, annotation=Annotated[kind, info]))
    return made


def _shape(call: Callable[..., Any], parameters: list[inspect.Parameter]) -> Callable[..., Any]:
    """Give `call` the signature that typer is to see."""
    context = _Parameter("ctx", _Parameter.KEYWORD_ONLY, annotation=typer.Context)
    every = [context, *parameters]
    call.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
    return call


def _session(given: dict[str, Any], default: Lang) -> Session:
    return Session(
        lang=given["lang"] or default,
        home=given["home"],
        json=given["as_json"],
        log_format=given["log_format"] or "text",
        verbosity=-1 if given["quiet"] else given["verbose"] or 0,
    )


def verb(name: str, function: Callable[..., Answer], lang: Lang) -> Callable[..., Answer]:
    """The typer command of `function`; `name` is its place in the locales, ``studies.list`` for example."""
    own = _worded(function, f"cli.{name}", None, lang)
    shared = _worded(_shared, "cli.shared", text("cli.panels.shared", lang), lang)
    # A verb may give a shared name a wider meaning of its own (`label --lang auto`): then it answers for it.
    shared = [option for option in shared if option.name not in {parameter.name for parameter in own}]

    def call(**values: Any) -> Answer:
        outer: dict[str, Any] = values.pop("ctx").obj or {}
        # What is said after the verb wins; what is not said there may have been said before it.
        given = {option.name: values.pop(option.name) or outer.get(option.name) for option in shared}
        given = {**dict.fromkeys(_SHARED), **given}
        with _session(given, lang) as session:
            return function(session, **values)

    return _shape(call, own + shared)


def root(lang: Lang) -> Callable[..., None]:
    """The callback of the program and of its groups: keeps the shared options for the verb that follows."""
    shared = _worded(_shared, "cli.shared", text("cli.panels.shared", lang), lang)

    def call(**values: Any) -> None:
        ctx = values.pop("ctx")
        outer: dict[str, Any] = ctx.obj or {}
        ctx.obj = {name: value or outer.get(name) for name, value in values.items()}

    return _shape(call, shared)
