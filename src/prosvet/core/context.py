"""What a capability is given: settings, progress, who asks, and one of each service, built on first use."""

from __future__ import annotations

from threading import RLock
from typing import Any, Protocol, Self, TypeVar

from prosvet.core.actor import Actor
from prosvet.core.i18n import Lang
from prosvet.core.progress import Progress, SilentProgress
from prosvet.core.settings import Settings, load_settings

__all__ = ["Context", "Service"]


class Service(Protocol):
    """Something a context can own: the store, the models, the indexes."""

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Build it for this context's settings."""
        ...


S = TypeVar("S", bound=Service)


class Context:
    """Settings, progress, actor and services of one process or request. Nothing is a mutable global.

    Services are built once, whoever asks first, and shared with every context made by :meth:`child`. One that says it
    is ``stale()`` (the model, after another was deployed) is built anew for the next child; a child keeps what it has
    used, so that one request or job is the work of one model.

    Examples
    --------
    >>> context = Context()
    >>> context.lang, context.child(lang="en").lang
    ('ru', 'en')
    """

    def __init__(
        self, settings: Settings | None = None, progress: Progress | None = None, actor: Actor | None = None
    ) -> None:
        self.settings = settings or load_settings({})
        self.progress: Progress = progress or SilentProgress()
        self.actor = actor or Actor()
        self._services: dict[type, Any] = {}
        self._building = RLock()
        self._used: dict[type, Any] = {}
        self._root = self

    @property
    def lang(self) -> Lang:
        return self.settings.lang

    def child(
        self, *, lang: Lang | None = None, progress: Progress | None = None, actor: Actor | None = None
    ) -> Context:
        """The same services for one request: in its language, with its progress, in its actor's name.

        Only the parent is closed.
        """
        settings = self.settings.model_copy(update={"lang": lang or self.lang})
        made = Context(settings, progress or self.progress, actor or self.actor)
        made._services, made._building, made._root = self._services, self._building, self._root
        return made

    def get(self, kind: type[S]) -> S:
        """The context's one `kind` (``context.get(Store)``), built with ``kind.from_context`` on first use."""
        service = self._used.get(kind)
        if service is None:
            service = self._current(kind)
            if self is not self._root:
                self._used[kind] = service
        made: S = service
        return made

    def _current(self, kind: type[S]) -> Any:
        service = self._services.get(kind)
        if service is None or _stale(service):
            with self._building:
                service = self._services.get(kind)
                if service is None or _stale(service):
                    # Built for all: with the progress and the language of nobody's request.
                    service = self._services[kind] = kind.from_context(self._root)
        return service

    def put(self, kind: type[S], service: S) -> None:
        """Let `service` be the context's one `kind`, before anybody asks for it."""
        self._services[kind] = service

    def close(self) -> None:
        """Close every service that can be closed."""
        for service in self._services.values():
            close = getattr(service, "close", None)
            if close is not None:
                close()
        self._services.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stale(service: Any) -> bool:
    stale = getattr(service, "stale", None)
    return bool(stale()) if stale is not None else False
