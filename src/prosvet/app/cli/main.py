"""Builds the commands in the user's language, runs one, and turns every outcome into words and an exit status."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import typer

from prosvet.app.cli.face import root, verb
from prosvet.app.cli.help_words import command_class, group_class, places
from prosvet.app.cli.session import Answer
from prosvet.app.cli.usage_words import usage_words
from prosvet.app.cli.verbs import DEFAULT_VERBS, VERBS
from prosvet.core.errors import Cancelled, DiskFull, InternalError, ProsvetError, UsageError, plain_details
from prosvet.core.i18n import LANGS, Lang, text

__all__ = ["build", "main"]

log = logging.getLogger(__name__)

_BROKEN_PIPE = 141  # 128 + SIGPIPE, as the shell itself says it


def build(lang: Lang) -> typer.Typer:
    """All verbs, with their help in `lang`."""
    settings: dict[str, Any] = {
        "no_args_is_help": True, "context_settings": {"help_option_names": []}, "cls": group_class(lang),
        **places(lang, group=True),
    }  # fmt: skip
    panel = text("cli.panels.commands", lang)
    app = typer.Typer(help=text("cli.help", lang), add_completion=False, pretty_exceptions_enable=False, **settings)
    app.callback()(root(lang))
    groups, made_as = {"": app}, command_class(lang)
    for name, function in VERBS.items():
        group, _, last = name.rpartition(".")
        _open_group(group, groups, settings, lang)
        words = text(f"cli.{name}.help", lang)
        groups[group].command(last, cls=made_as, help=words, rich_help_panel=panel, **places(lang))(
            verb(name, function, lang)
        )
    return app


def _open_group(name: str, groups: dict[str, typer.Typer], settings: dict[str, Any], lang: Lang) -> None:
    """Make the group `name` and those around it (``evaluate.reader-study`` stands in ``evaluate``)."""
    if name in groups:
        return
    outer, _, last = name.rpartition(".")
    _open_group(outer, groups, settings, lang)
    groups[name] = typer.Typer(**settings | {"cls": group_class(lang, DEFAULT_VERBS.get(name, ""))})
    groups[name].callback()(root(lang))
    words, panel = text(f"cli.{name}.help", lang), text("cli.panels.commands", lang)
    groups[outer].add_typer(groups[name], name=last, help=words, rich_help_panel=panel)


def _language(arguments: Sequence[str], environ: Mapping[str, str]) -> Lang:
    """The language asked for on the command line, else in the environment, else Russian."""
    asked = environ.get("PROSVET_LANG", "")
    for position, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--lang" and position + 1 < len(arguments):
            asked = arguments[position + 1]
        elif word.startswith("--lang="):
            asked = word.removeprefix("--lang=")
    return next((lang for lang in LANGS if lang == asked), "ru")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    lang = _language(arguments, os.environ)
    as_json = "--json" in arguments
    out = sys.stdout
    try:
        # In JSON mode the envelope alone goes to standard output, whatever a library may print.
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            outcome = _outcome(arguments, lang)
        if isinstance(outcome, ProsvetError):
            status = outcome.exit_code
            _complain(outcome, lang, out if as_json else None)
        elif isinstance(outcome, Answer):
            status = outcome.status
            _print(outcome, out if as_json else None)
        else:
            status = outcome
        out.flush()
    except BrokenPipeError:
        # The reader has gone, which is its right: leave without a word, and keep the interpreter quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        return _BROKEN_PIPE
    return status


def _outcome(arguments: list[str], lang: Lang) -> Answer | ProsvetError | int:
    """What the command line came to: an answer, an error, or a plain status (help was shown)."""
    command = typer.main.get_command(build(lang))
    try:
        outcome = command.main(args=arguments, prog_name="prosvet", standalone_mode=False)
    except typer.TyperException as error:
        # A bare group has shown its help, and has no words of its own.
        said = usage_words(error.format_message(), lang)
        return UsageError(reason=said or text("cli.no_verb", lang))
    except ProsvetError as error:
        return error
    except (KeyboardInterrupt, typer.Abort):
        return Cancelled()
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return DiskFull(path=str(error.filename or "?"))
        log.error("unexpected %s", type(error).__name__, exc_info=True)
        return InternalError(kind=type(error).__name__)
    except Exception as error:
        # The edge of the process: the one place where anything may be caught, and it is logged.
        log.error("unexpected %s", type(error).__name__, exc_info=True)
        return InternalError(kind=type(error).__name__)
    if outcome == Cancelled.exit_code:
        return Cancelled()
    return outcome if isinstance(outcome, Answer) else int(outcome or 0)


def _print(answer: Answer, out: TextIO | None) -> None:
    if out is not None:
        _envelope({"ok": True, "result": plain(answer.result)}, out)
        return
    from rich.console import Console

    # Into a file or a pipe: a width that does not depend on where it was run from.
    answer.show(Console(highlight=False, width=None if sys.stdout.isatty() else 110))


def _complain(error: ProsvetError, lang: Lang, out: TextIO | None) -> None:
    message, hint = error.message(lang), error.hint(lang)
    if out is not None:
        facts = {"code": error.code, "message": message, "hint": hint, "details": plain_details(error)}
        _envelope({"ok": False, "error": facts}, out)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text(message, style="bold red"))
    console.print(Text(hint, style="dim"))


def plain(value: Any) -> Any:
    """Pydantic models, wherever they stand in `value`, as JSON values."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _envelope(envelope: dict[str, Any], out: TextIO) -> None:
    # JSON is UTF-8 whatever the terminal's locale; a number that is not finite is a defect, not a value.
    line = json.dumps(envelope, ensure_ascii=False, allow_nan=False) + "\n"
    reconfigure = getattr(out, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8")
    out.write(line)
