"""Names of findings in the user's language."""

from __future__ import annotations

from prosvet.core.i18n import Lang
from prosvet.language.vocabulary import vocabulary

__all__ = ["finding_name"]


def finding_name(finding: str, lang: Lang) -> str:
    """The finding's name; its id where the vocabulary does not know it."""
    known = vocabulary().concepts.get(finding)
    return known.names[lang] if known else finding
