"""Typer's own words on a help page ("Usage", "[required]"), in the language of the verbs."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from prosvet.core.i18n import Lang, text

__all__ = ["command_class", "group_class", "places"]

_FIXED = {"REQUIRED_LONG_STRING": "required", "DEFAULT_STRING": "default", "ENVVAR_STRING": "variable"}


def places(lang: Lang, *, group: bool = False) -> dict[str, Any]:
    """What stands for the options and for the verb in the line of usage, as typer's settings."""
    made = {"options_metavar": text("cli.usage.options", lang)}
    return made | {"subcommand_metavar": text("cli.usage.verb", lang)} if group else made


def command_class(lang: Lang) -> type[TyperCommand]:
    """The class of verbs whose help speaks `lang`."""

    class Verb(TyperCommand):
        def format_usage(self, ctx: Any, formatter: Any) -> None:
            _write_usage(self, ctx, formatter, lang)

        def format_help(self, ctx: Any, formatter: Any) -> None:
            _set_fixed(lang)
            super().format_help(ctx, formatter)

    return Verb


def group_class(lang: Lang, default: str = "") -> type[TyperGroup]:
    """The class of groups of verbs whose help speaks `lang`; what names none of its verbs goes to `default`."""

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            named = args[:1] if args and not args[0].startswith("-") else args
            if default and args and args[0] not in ("--help", "-h") and not set(named) & set(self.commands):
                args = [default, *args]
            return super().parse_args(ctx, args)

        def format_usage(self, ctx: Any, formatter: Any) -> None:
            _write_usage(self, ctx, formatter, lang)

        def format_help(self, ctx: Any, formatter: Any) -> None:
            _set_fixed(lang)
            super().format_help(ctx, formatter)

    return Group


def _write_usage(command: TyperCommand | TyperGroup, ctx: typer.Context, formatter: Any, lang: Lang) -> None:
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, prefix=text("cli.usage.line", lang) + " ")


def _set_fixed(lang: Lang) -> None:
    """Typer reads these from its module whenever it shows help, and has no other place for them."""
    from typer import rich_utils

    for constant, key in _FIXED.items():
        setattr(rich_utils, constant, text(f"cli.usage.{key}", lang, value="{}"))
