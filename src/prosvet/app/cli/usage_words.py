"""What typer says of a command line that it cannot take, always in English, in the language of the verbs."""

from __future__ import annotations

import re

from prosvet.core.i18n import Lang, text
from prosvet.core.worded import refused_value, worded

__all__ = ["usage_words"]

_VALUE = re.compile(r"Invalid value(?: for (?P<name>'.+?'(?: / '.+?')*))?: (?P<reason>.*)", re.DOTALL)
_SENTENCES = (
    ("missing_argument", r"Missing argument '?(?P<name>[^']+)'?\.(?:\s*Choose from:.*)?"),
    ("missing_option", r"Missing option (?P<name>.+?)\.(?:\s*Choose from:.*)?"),
    ("option_like", r"No such option: (?P<name>\S+) \(Possible options: (?P<known>.+)\)"),
    ("option", r"No such option: (?P<name>.+)"),
    ("verb_like", r"No such command '(?P<name>.+)'\. Did you mean (?P<known>.+)\?"),
    ("verb", r"No such command '(?P<name>.+)'\."),
    ("extra", r"Got unexpected extra argument\(s\) \((?P<words>.+)\)"),
    ("needs_value", r"Option '(?P<name>.+)' requires an argument\."),
    ("takes_none", r"Option '(?P<name>.+)' does not take a value\."),
)


def usage_words(message: str, lang: Lang) -> str:
    """`message`, one of typer's sentences, in `lang`; what is not known here stays as it is.

    Examples
    --------
    >>> usage_words("Missing argument 'FILE'.", "ru")
    'не указано: FILE.'
    >>> usage_words("Invalid value for '--k': Input should be greater than or equal to 1", "ru")
    'неверное значение --k: нужно не меньше 1.'
    """
    value = _VALUE.fullmatch(message)
    if value is None:
        return worded(message, _SENTENCES, "cli.misused", lang) or message
    name, reason = (value["name"] or "").replace("'", ""), refused_value(value["reason"], lang).rstrip(".")
    return text("cli.misused.value" if name else "cli.misused.some_value", lang, name=name, reason=reason)
