"""Literal tables of names to ``module:attribute``, imported on use."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from prosvet.core.errors import UnknownName

__all__ = ["Registry"]


class Registry(Mapping[str, Any]):
    """A read-only table whose values are imported when asked for.

    Examples
    --------
    >>> Registry("codec", {"json": "json:loads"})["json"]("[1]")
    [1]
    """

    def __init__(self, kind: str, table: dict[str, str]) -> None:
        self.kind, self._table = kind, dict(table)

    def __getitem__(self, name: str) -> Any:
        if name not in self._table:
            raise UnknownName(kind=self.kind, name=name, known=", ".join(sorted(self._table)))
        module, attribute = self._table[name].split(":")
        return getattr(importlib.import_module(module), attribute)

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)
