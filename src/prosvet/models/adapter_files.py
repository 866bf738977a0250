"""Adapters as files: kept whole as the site's next version, and read only where their hashes agree."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from pydantic import ValidationError

from prosvet.core.errors import DeploymentError, NotFound
from prosvet.core.settings import Settings
from prosvet.models.adapter import LARGEST, WIDTH, Adapter, AdapterCard, Weights
from prosvet.models.card import Card

__all__ = ["adapter_path", "adapter_versions", "load_adapter", "load_adapter_card", "save_adapter"]

_NUMBERS, _CARD = "adapter.npz", "card.json"


def _folder(settings: Settings) -> Path:
    return settings.home / "sites" / settings.site / "adapters"


def adapter_path(settings: Settings, version: int) -> Path:
    """The folder of an adapter of the settings' site."""
    return _folder(settings) / str(version)


def adapter_versions(settings: Settings) -> tuple[int, ...]:
    """Versions of the site's adapters, rising."""
    folder = _folder(settings)
    if not folder.is_dir():
        return ()
    return tuple(sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal()))


def save_adapter(settings: Settings, card: AdapterCard, weights: Weights) -> Adapter:
    """Keep an adapter as the site's next version; whole or not at all, with several writers too.

    The card's version, hash and size are filled in here.

    Raises
    ------
    DeploymentError
        When it is larger than :data:`LARGEST`.
    """
    stream = io.BytesIO()
    arrays = {"scale": weights.scale, "shift": weights.shift, "logits": weights.logits, "vector": weights.vector}
    kept = {name: array.astype(np.float32) for name, array in arrays.items()}
    np.savez(stream, active=weights.active, scale=kept["scale"], shift=kept["shift"], logits=kept["logits"],
             vector=kept["vector"])  # fmt: skip
    numbers = stream.getvalue()
    if len(numbers) > LARGEST:
        raise DeploymentError(reason="too_large", size=len(numbers), limit=LARGEST)
    root = _folder(settings)
    root.mkdir(parents=True, exist_ok=True)
    facts = {"sha256": hashlib.sha256(numbers).hexdigest(), "bytes": len(numbers)}
    version = max(adapter_versions(settings), default=0)
    while True:
        version += 1
        made = card.model_copy(update={**facts, "version": version})
        if _placed(root, root / str(version), numbers, made.model_dump_json(indent=1)):
            return _loaded(settings, version)


def load_adapter_card(settings: Settings, version: int) -> AdapterCard:
    """The card of an adapter, its numbers not looked at.

    Raises
    ------
    NotFound
    DeploymentError
        When it cannot be read.
    """
    return _card(settings, version)[0]


def load_adapter(settings: Settings, version: int, base: Card, *, sha256: str | None = None) -> Adapter:
    """Read an adapter for `base`, its hashes checked.

    Parameters
    ----------
    sha256 : str or None
        Of its card when it was deployed; None does not compare.

    Raises
    ------
    NotFound
        When the site has no such adapter.
    DeploymentError
        When it was changed since, is damaged, or was made for another model, revision or list of findings.
    """
    found = _loaded(settings, version)
    card = found.card
    if sha256 is not None and found.sha256 != sha256:
        raise DeploymentError(reason="adapter_changed", version=version)
    if (card.model, card.revision) != (base.name, base.revision) or card.labels != base.labels:
        raise DeploymentError(
            reason="other_base", version=version, made_for=f"{card.model}@{card.revision}",
            base=f"{base.name}@{base.revision}",
        )  # fmt: skip
    return found


def _placed(root: Path, place: Path, numbers: bytes, card: str) -> bool:
    """Put the files in `place` at once; False where another writer has taken it."""
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    try:
        for name, content in ((_NUMBERS, numbers), (_CARD, card.encode())):
            with (made / name).open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        made.chmod(0o755)
        made.rename(place)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        if place.exists():
            return False
        raise
    return True


def _card(settings: Settings, version: int) -> tuple[AdapterCard, str]:
    path = adapter_path(settings, version) / _CARD
    if not path.is_file():
        raise NotFound(kind="adapter", name=str(version))
    content = path.read_bytes()
    try:
        card = AdapterCard.model_validate_json(content)
    except ValidationError:
        raise DeploymentError(reason="adapter_damaged", version=version) from None
    if (card.site, card.version) != (settings.site, version):
        raise DeploymentError(reason="adapter_changed", version=version)
    return card, hashlib.sha256(content).hexdigest()


def _loaded(settings: Settings, version: int) -> Adapter:
    card, digest = _card(settings, version)
    path = adapter_path(settings, version) / _NUMBERS
    if not path.is_file():
        raise DeploymentError(reason="adapter_damaged", version=version)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise DeploymentError(reason="adapter_changed", version=version)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            numbers = {name: kept[name].astype(np.float64) for name in ("scale", "shift", "logits", "vector")}
            weights = Weights(kept["active"].astype(np.bool_), **numbers)
    except (ValueError, KeyError, BadZipFile):
        raise DeploymentError(reason="adapter_damaged", version=version) from None
    k = len(card.labels)
    shapes = [array.shape for array in (weights.active, weights.scale, weights.shift, weights.logits, weights.vector)]
    if shapes != [(k,), (k,), (k,), (k, k), (k, WIDTH)]:
        raise DeploymentError(reason="adapter_damaged", version=version)
    return Adapter(card, weights, digest)
