"""What a file of weights is, told by its header: a LoRA of this very base, or the reason why it is not one."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from prosvet.core.errors import SynthesisError
from prosvet.models.vlm.weights import digest
from prosvet.synthesis.sdxl.headers import Header, read_header

__all__ = ["PARTS", "AdapterFile", "Layer", "base_shapes", "check_adapter", "plain_name"]

PARTS = ("unet", "text_encoder", "text_encoder_2")
_SHORT = {"unet": "unet", "te1": "text_encoder", "te2": "text_encoder_2"}
_PEFT = re.compile(
    r"(?P<part>unet|text_encoder_2|text_encoder)\.(?P<module>.+?)"
    r"(?:\.lora_(?P<ab>[AB])(?:\.default)?\.weight|(?:\.|_)lora\.(?P<way>down|up)\.weight|(?P<alpha>\.alpha))"
)
_KOHYA = re.compile(r"lora_(?P<part>unet|te1|te2)_(?P<module>.+?)\.(?:lora_(?P<way>down|up)\.weight|(?P<alpha>alpha))")
_SGM = re.compile(r"(input_blocks|middle_block|output_blocks)_(\d+)(?:_(\d+))?_(.+)")
_OTHER_KINDS = ("hada_w", "lokr_", "dora_scale", "lora_magnitude_vector", ".oft_", ".boft_", "glora")
_LATER = {768: "SD 1.x", 1024: "SD 2.x", 2048: "SDXL", 4096: "SD 3"}
_SHAPES = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Layer:
    """One adapted layer: the base's `key`, by part and name with ``_`` for dots, and its tensors' names in the file."""

    key: str
    part: str
    rank: int
    down: str
    up: str
    alpha: str | None


@dataclass(frozen=True)
class AdapterFile:
    """A LoRA that fits: where it reaches, how wide it is, what it says of itself.

    Attributes
    ----------
    ranks : tuple of int
        Smallest and largest.
    """

    path: Path
    sha256: str
    bytes: int
    ranks: tuple[int, int]
    layers: tuple[Layer, ...]
    said: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """Adapted layers of each part."""
        return {part: sum(layer.part == part for layer in self.layers) for part in PARTS}

    @property
    def label(self) -> str:
        """Name and hash, for the provenance of a picture."""
        return f"{self.path.name} sha256:{self.sha256[:12]}"


def base_shapes(folder: Path) -> _SHAPES:
    """Weights of layers that a LoRA can reach, by part and name with ``_`` for dots, out of the base's own headers."""
    changed = tuple(p.stat().st_mtime_ns for part in PARTS for p in sorted((folder / part).glob("*.safetensors")))
    return _base_shapes(folder, changed)


@lru_cache(maxsize=8)
def _base_shapes(folder: Path, _changed: tuple[int, ...]) -> _SHAPES:
    return {
        f"{part}_{plain_name(name.removesuffix('.weight'))}": shape
        for part in PARTS
        for path in sorted((folder / part).glob("*.safetensors"))
        for name, shape in read_header(path).shapes.items()
        if name.endswith(".weight") and len(shape) in (2, 4)
    }


def plain_name(module: str) -> str:
    """Names as all notations can be compared: encoders of words are written with and without their own prefix."""
    return module.replace(".processor.", ".").replace(".", "_").removeprefix("text_model_")


def check_adapter(path: Path, base: Path) -> AdapterFile:
    """The LoRA in `path`, by its header alone, if it fits the pipeline in the folder `base`.

    Raises
    ------
    SynthesisError
        With the reason, for all else: a pickle, a whole checkpoint, another kind of adapter, one for another base, a
        layer or a shape that the base does not have, a file that was cut short.
    """
    header = read_header(path)
    pairs = _pairs(header, path)
    shapes = base_shapes(base)
    depth = _depth(shapes)
    layers = []
    for (part, module), ends in pairs.items():
        key = f"{part}_{_of_diffusers(module, depth)}" if part == "unet" else f"{part}_{module}"
        rank = _rank(key, {end: header.shapes[name] for end, name in ends.items()}, shapes, path)
        layers.append(Layer(key, part, rank, ends["down"], ends["up"], ends.get("alpha")))
    ranks = [layer.rank for layer in layers]
    return AdapterFile(
        path=path, sha256=digest(path), bytes=path.stat().st_size, ranks=(min(ranks), max(ranks)), layers=tuple(layers),
        said=header.said,
    )  # fmt: skip


def _pairs(header: Header, path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Names of the two matrices of every layer, and of its scale, by part and module."""
    names = header.shapes
    if any(kind in name for name in names for kind in _OTHER_KINDS) or _scaled_otherwise(header):
        raise SynthesisError(reason="adapter_other_kind", file=path.name)
    pairs: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    strangers = []
    for name in names:
        found = _PEFT.fullmatch(name) or _KOHYA.fullmatch(name)
        if found is None:
            strangers.append(name)
        else:
            told = found.groupdict()
            end = "alpha" if told["alpha"] else told["way"] or {"A": "down", "B": "up"}[told["ab"]]
            module = re.sub(r"_lora$", "", plain_name(told["module"]))
            module = re.sub(r"(attn\d)_to_out$", r"\1_to_out_0", module)
            pairs[_SHORT.get(told["part"], told["part"]), module][end] = name
    if strangers:
        raise SynthesisError(reason=_stranger(strangers), file=path.name, name=strangers[0])
    if not pairs:
        raise SynthesisError(reason="adapter_not_lora", file=path.name)
    return pairs


def _scaled_otherwise(header: Header) -> bool:
    """Whether layers are scaled in another way than by one alpha for all of a part."""
    try:
        told = json.loads(header.said.get("lora_adapter_metadata", "{}"))
    except ValueError:
        return True
    return any(told.get(f"{part}.{key}") for part in PARTS for key in ("alpha_pattern", "use_rslora", "use_dora"))


def _stranger(names: list[str]) -> str:
    if any(name.startswith(("model.diffusion_model.", "first_stage_model.", "conditioner.")) for name in names):
        return "adapter_checkpoint"
    if any(name.startswith("lora_te_") for name in names):
        return "adapter_sd1"
    if any("lora" in name for name in names):
        return "adapter_other_parts"
    if any(name.startswith(("conv_in.", "down_blocks.", "decoder.", "encoder.")) for name in names):
        return "adapter_checkpoint"
    return "adapter_not_lora"


def _rank(key: str, ends: dict[str, tuple[int, ...]], shapes: _SHAPES, path: Path) -> int:
    layer = key.partition("_")[2] if key.startswith("unet") else key
    down, up = ends.get("down"), ends.get("up")
    if down is None or up is None or min(len(down), len(up)) < 2 or down[0] != up[1] or not down[0]:
        raise SynthesisError(reason="adapter_half", file=path.name, name=layer)
    base = shapes.get(key)
    if base is None:
        raise SynthesisError(reason="adapter_layer", file=path.name, name=layer)
    if down[1] != base[1] and re.search(r"attn2_to_[kv]$", key):
        words = [f"{width} ({_LATER[width]})" if width in _LATER else str(width) for width in (down[1], base[1])]
        raise SynthesisError(reason="adapter_other_base", file=path.name, found=words[0], expected=words[1])
    if (up[0], down[1]) != (base[0], base[1]) or (len(base) == 4 and down[2:] not in ((), base[2:])):
        found, expected = f"{up[0]}×{down[1]}", f"{base[0]}×{base[1]}"
        raise SynthesisError(reason="adapter_shape", file=path.name, name=layer, found=found, expected=expected)
    return down[0]


def _depth(shapes: _SHAPES) -> int:
    """Residual blocks in a block of the UNet."""
    found = re.compile(r"unet_down_blocks_0_resnets_(\d+)_conv1")
    return len([key for key in shapes if found.fullmatch(key)])


def _of_diffusers(module: str, depth: int) -> str:
    """A layer of the UNet in the names of this base, where the file counts blocks as the first publication did.

    Examples
    --------
    >>> _of_diffusers("input_blocks_4_1_transformer_blocks_0_attn1_to_q", 2)
    'down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q'
    """
    found = _SGM.fullmatch(module)
    if found is None:
        return module
    kind, number, rest = found[1], int(found[2]), found[4]
    if kind == "middle_block":
        rest = f"{found[3]}_{rest}" if found[3] else rest
        return f"mid_block_attentions_0_{rest}" if number == 1 else module
    if found[3] != "1":  # not of an attention
        return module
    block, layer = divmod(number - (kind == "input_blocks"), depth + 1)
    return f"{'down' if kind == 'input_blocks' else 'up'}_blocks_{block}_attentions_{layer}_{rest}"
