"""Memory that ran out, told by one exception whatever the device, and given back."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["device_memory", "freed", "shortage"]

_SAID = ("out of memory", "can't allocate memory", "not enough memory")


@contextmanager
def shortage() -> Iterator[None]:
    """Turn what torch says of too little memory, on a GPU or a processor, into MemoryError."""
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error).lower() for words in _SAID):
            raise
        traceback.clear_frames(error.__traceback__)  # they hold tensors: the very memory that is short
        raise MemoryError(str(error).splitlines()[0]) from None


def freed() -> None:
    """Give back what nothing refers to any more, of the GPU too."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def device_memory() -> tuple[int, int]:
    """Bytes that this process holds on the GPU now and at most so far; zeros where there is none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return 0, 0
    return int(torch.cuda.memory_allocated()), int(torch.cuda.max_memory_allocated())
