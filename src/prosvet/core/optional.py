"""Optional packages: imported in one place, with an error that names the extra to install."""

from __future__ import annotations

import importlib
from types import ModuleType

from prosvet.core.errors import MissingExtra

__all__ = ["require"]


def require(package: str, extra: str) -> ModuleType:
    """Import `package`, or say which extra brings it.

    Raises
    ------
    MissingExtra
        When the package is not installed.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] != package.split(".")[0]:
            raise  # the package is there, something it needs is not: the true name matters more
        raise MissingExtra(package=package, extra=extra) from None
