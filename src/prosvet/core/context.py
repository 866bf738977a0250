"""What a capability is given: settings, progress, and one of each service, built on first use."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar

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
    """Settings, progress and services of one process or request. Nothing is a mutable global.

    Examples
    --------
    >>> context = Context()
    >>> context.lang
    'ru'
    """

    def __init__(self, settings: Settings | None = None, progress: Progress | None = None) -> None:
        self.settings = settings or load_settings({})
        self.progress: Progress = progress or SilentProgress()
        self._services: dict[type, Any] = {}

    @property
    def lang(self) -> Lang:
        return self.settings.lang

    def get(self, kind: type[S]) -> S:
        """The context's one `kind` (``context.get(Store)``), built with ``kind.from_context`` on first use."""
        if kind not in self._services:
            self._services[kind] = kind.from_context(self)
        service: S = self._services[kind]
        return service

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
