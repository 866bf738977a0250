"""How a question is put to a model: messages for a chat template, or one text by a template of the card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import Lang, catalogue
from prosvet.models.vlm.card import Prompt
from prosvet.models.vlm.types import Picture, Question

__all__ = ["messages", "plain", "readable", "role_name", "takes_turns"]

Message = dict[str, Any]


def role_name(role: str, lang: Lang) -> str:
    """The role of a picture in words; one that is not in the catalogue is quoted as it is.

    Examples
    --------
    >>> role_name("prior_frontal", "en")
    'earlier film, frontal view'
    """
    return catalogue(lang).get(f"vlm.roles.{role}", role)


def messages(question: Question, prompt: Prompt, suffix: str = "") -> list[Message]:
    """The conversation, pictures before the words of the last turn, each after the words for its role.

    A part is ``{"type": "text", "text": ...}`` or ``{"type": "image"}``.
    """
    made: list[Message] = []
    if prompt.system:
        made.append({"role": "system", "content": [_words(prompt.system)]})
    for turn in question.history:
        made.append({"role": "user", "content": [_words(turn.prompt)]})
        made.append({"role": "assistant", "content": [_words(turn.answer)]})
    parts: list[dict[str, str]] = []
    for number, picture in enumerate(question.pictures, start=1):
        if prompt.role:
            parts.append(_words(_filled(prompt.role, number, picture, question.lang)))
        parts.append({"type": "image"})
    parts.append(_words(question.prompt + suffix))
    made.append({"role": "user", "content": parts})
    return made


def takes_turns(prompt: Prompt) -> bool:
    """Whether what was asked and answered before can be put to the model."""
    return prompt.style != "plain" or "{history}" in prompt.template


def plain(question: Question, prompt: Prompt, suffix: str = "", *, loose: bool = False) -> str:
    """One text by the template of the card.

    Parameters
    ----------
    loose : bool
        Pictures travel beside the words, so that the template needs no place for them.

    Raises
    ------
    InvalidRequest
        When the template has no place for what is given.

    Examples
    --------
    >>> from prosvet.models.vlm.types import Question
    >>> plain(Question("Is there an effusion?"), Prompt(style="plain", template="[INST] {pictures}{prompt} [/INST]"))
    '[INST] Is there an effusion? [/INST]'
    """
    pictures = "".join(
        _filled(prompt.picture, number, picture, question.lang)
        for number, picture in enumerate(question.pictures, start=1)
    )
    history = "".join(
        prompt.turn.replace("{prompt}", turn.prompt).replace("{answer}", turn.answer) for turn in question.history
    )
    for given, place in ((question.history, "{history}"), (question.pictures, "{pictures}")):
        if given and place not in prompt.template and not (loose and place == "{pictures}"):
            raise InvalidRequest(name=place.strip("{}"), reason="the model's card has no place for them")
    places = {"{system}": prompt.system, "{pictures}": pictures, "{history}": history}
    text = prompt.template
    for place, words in places.items():
        text = text.replace(place, words)
    return text.replace("{prompt}", question.prompt + suffix)


def readable(conversation: Sequence[Message]) -> str:
    """A conversation as one text for the record: what a server with a template of its own was sent."""
    lines = []
    for message in conversation:
        parts = [part["text"] if part["type"] == "text" else "<image>" for part in message["content"]]
        lines.append(f"{message['role']}: " + "\n".join(parts))
    return "\n".join(lines)


def _words(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _filled(template: str, number: int, picture: Picture, lang: Lang) -> str:
    return template.replace("{number}", str(number)).replace("{role}", role_name(picture.role, lang))
