"""Adapters put on a pipeline and taken off: a new one is whole before the old one goes, and its memory with it."""

from __future__ import annotations

import logging
from typing import Any

from prosvet.core.errors import SynthesisError
from prosvet.synthesis.sdxl.adapter_file import AdapterFile
from prosvet.synthesis.sdxl.adapter_tensors import tensors_of
from prosvet.synthesis.sdxl.memory import freed

__all__ = ["Wardrobe"]

log = logging.getLogger(__name__)


class Wardrobe:
    """The one adapter that a pipeline wears."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._count = 0
        self._name = ""
        self.worn: AdapterFile | None = None

    def wear(self, adapter: AdapterFile | None) -> None:
        """Put `adapter` on in place of what is worn; when that fails the old one stays on.

        Raises
        ------
        SynthesisError
            When a layer of the file did not arrive, or its numbers are not finite.
        """
        if adapter == self.worn:
            return
        if adapter is None:
            self._pipe.unload_lora_weights()
            self.worn, self._name = None, ""
            freed()
            return
        self._count += 1
        name = f"adapter_{self._count}"
        try:
            self._load(adapter, name)
        except BaseException:
            self._drop(name)
            raise
        before, self.worn, self._name = self._name, adapter, name
        if before:
            self._drop(before)
        log.info("adapter %s is on: %d layers, rank %d..%d", adapter.label, len(adapter.layers), *adapter.ranks)

    def strength(self, strength: float) -> None:
        """How much of what is worn counts; 1 is as it was trained."""
        if self._name:
            self._pipe.set_adapters([self._name], [strength])

    def _load(self, adapter: AdapterFile, name: str) -> None:
        tensors = tensors_of(adapter, self._pipe)
        for part, expected in adapter.counts.items():
            if not expected:
                continue
            model = getattr(self._pipe, part)
            given = {"network_alphas": None, "adapter_name": name, "_pipeline": self._pipe}
            if part == "unet":
                self._pipe.load_lora_into_unet(tensors, unet=model, **given)
            else:
                self._pipe.load_lora_into_text_encoder(tensors, text_encoder=model, prefix=part, **given)
            if _arrived(model, name) != 2 * expected:
                raise SynthesisError(reason="adapter_half", file=adapter.path.name, name=part)

    def _drop(self, name: str) -> None:
        held = {one for names in self._pipe.get_list_adapters().values() for one in names}
        if held == {name}:
            self._pipe.unload_lora_weights()
        elif name in held:
            self._pipe.delete_adapters(name)
        freed()


def _arrived(model: Any, name: str) -> int:
    """How many tensors of the adapter the model has."""
    return sum(".lora_" in key and f".{name}." in key for key, _ in model.named_parameters())
