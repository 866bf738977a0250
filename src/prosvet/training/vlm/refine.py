"""The self-refining term: what is said should lie close to what is seen.

After SERPENT-VLM (Kapadnis et al., Self-Refining Radiology Report Generation Using Vision Language Models, 2024),
which adds to the language loss the similarity between the pooled representation of the image and the contextual
representation of the generated report. Here both are taken in one forward pass from the language model's own space:
the image is the mean of its projected tokens as they enter the decoder, the report the mean of the decoder's last
states at the places that generate its tokens (teacher-forced, so that the term has a gradient and costs no decoding).

``cosine`` is one less the cosine, as published: its lowest point is also reached by states that all point one way.
``contrastive`` asks that a report be closer to its own image than to the others of the batch, which they cannot.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Watch", "pooled", "refining_loss"]

_IGNORED = -100


class Watch:
    """Keeps what entered and what left the decoder in the last forward pass."""

    def __init__(self, decoder: nn.Module) -> None:
        self.entered: Tensor | None = None
        self.left: Tensor | None = None
        self._handle = decoder.register_forward_hook(self._seen, with_kwargs=True)

    def _seen(self, module: nn.Module, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        self.entered = kwargs.get("inputs_embeds")
        self.left = output.last_hidden_state

    def clear(self) -> None:
        """Let go of the tensors: they hold the graph of a step."""
        self.entered = self.left = None

    def close(self) -> None:
        """Take the hook off."""
        self._handle.remove()


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of `states` (B, T, D) over the places in `mask` (B, T): (B, D), in float32; zero where there are none."""
    weights = mask.to(torch.float32)
    total = torch.einsum("btd,bt->bd", states.float(), weights)
    return total / weights.sum(dim=1, keepdim=True).clamp(min=1)


def refining_loss(
    entered: Tensor,
    left: Tensor,
    input_ids: Tensor,
    labels: Tensor,
    image_token: int,
    *,
    kind: Literal["cosine", "contrastive"] = "cosine",
    temperature: float = 0.07,
) -> Tensor:
    """The term, a scalar: 0..2 for ``cosine``, 0 upwards for ``contrastive`` (0 for a batch of one).

    Parameters
    ----------
    entered, left : Tensor, shape (B, T, D)
        What entered the decoder and its last states.
    input_ids, labels : Tensor, shape (B, T)
        Labels are -100 except at the report's tokens; the state before a token is the one that generates it.
    """
    image = pooled(entered, input_ids == image_token)
    text = pooled(left[:, :-1], labels[:, 1:] != _IGNORED)
    image, text = F.normalize(image, dim=-1), F.normalize(text, dim=-1)
    if kind == "cosine":
        return (1 - (image * text).sum(dim=-1)).mean()
    nearness = text @ image.T / temperature
    return F.cross_entropy(nearness, torch.arange(len(nearness), device=nearness.device))
