"""The language model behind a card, as pydantic-ai speaks to it: a local OpenAI-compatible server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import VlmRefused
from prosvet.core.optional import require
from prosvet.models.backends.served import is_local, key_of
from prosvet.models.vlm.card import REMOTE_ADDRESS, Server, VlmCard
from prosvet.models.vlm.door import load_vlm_card

if TYPE_CHECKING:
    from pydantic_ai.models import Model

__all__ = ["chat_model", "ensure_local", "planner_card"]


def planner_card(name: str, context: Context) -> tuple[VlmCard, Server]:
    """The card `name` and its server; what is said to it will be in the audit log as a fact, without its words.

    Raises
    ------
    ModelNotFound, ModelError
    VlmRefused
        When the card is not of an OpenAI-compatible server, or its address is another machine and the card lacks the
        word for it: a task and a report may hold what is known of a patient.
    """
    card = load_vlm_card(name, context.settings.home)
    if card.backend != "openai" or card.server is None:
        raise VlmRefused(name=name, reason="planner_backend", backend=card.backend)
    ensure_local(card.name, card.server)
    host = urlsplit(card.server.url).hostname or ""
    AuditLog.from_context(context).write("agent_model", model=card.name, address=host)
    return card, card.server


def ensure_local(name: str, server: Server) -> None:
    """Raise unless the server is this machine, or the card carries the word for another.

    Raises
    ------
    VlmRefused

    Examples
    --------
    >>> ensure_local("m", Server(url="http://127.0.0.1:8000/v1"))
    >>> ensure_local("m", Server(url="http://example.org/v1"))
    Traceback (most recent call last):
        ...
    prosvet.core.errors.VlmRefused: ...
    """
    host = urlsplit(server.url).hostname or ""
    if not is_local(server.url) and server.remote != REMOTE_ADDRESS:
        raise VlmRefused(name=name, reason="remote_address_word", address=host, word=REMOTE_ADDRESS)


def chat_model(card: VlmCard, server: Server) -> Model:
    """The model as pydantic-ai asks it. No proxy of the environment stands between us and this machine.

    Raises
    ------
    MissingExtra
    VlmError
        When the key that the card names is not there.
    """
    openai = require("openai", "vlm")
    models, providers = (require(f"pydantic_ai.{name}.openai", "vlm") for name in ("models", "providers"))
    client = openai.AsyncOpenAI(
        base_url=server.url,
        api_key=key_of(card.name, server) or "none",  # a local server asks for none, but the client wants a word
        max_retries=server.retries,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
    )
    made: Model = models.OpenAIChatModel(
        server.model or card.name, provider=providers.OpenAIProvider(openai_client=client)
    )  # fmt: skip
    return made
