"""What a file is, by its header: LoRAs of this base in both notations are taken, else the reason is told."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from prosvet.core.errors import SynthesisError
from prosvet.core.i18n import LANGS
from prosvet.synthesis.sdxl.adapter_file import check_adapter
from sdxl_adapters import ATTENTION, save_kohya, save_peft


def reason(path: Path, base: Path) -> str:
    """Why `path` is refused; its message must stand in both languages."""
    with pytest.raises(SynthesisError) as caught:
        check_adapter(path, base)
    told = str(caught.value.details["reason"])
    for lang in LANGS:
        message = caught.value.message(lang)
        assert told not in message
        assert "{" not in message
    return told


def test_both_notations_are_understood(sdxl_base: Path, tmp_path: Path) -> None:
    one = check_adapter(save_peft(tmp_path / "one.safetensors", rank=4), sdxl_base)
    assert (one.ranks, one.counts) == ((4, 4), {"unet": 3, "text_encoder": 0, "text_encoder_2": 0})
    other = check_adapter(save_kohya(tmp_path / "other.safetensors", rank=2), sdxl_base)
    assert (other.ranks, other.counts) == ((2, 2), {"unet": 3, "text_encoder": 1, "text_encoder_2": 1})


def test_no_tensor_is_read(sdxl_base: Path, tmp_path: Path) -> None:
    whole = save_peft(tmp_path / "whole.safetensors").read_bytes()
    length = 8 + struct.unpack("<Q", whole[:8])[0]
    hollow = tmp_path / "hollow.safetensors"
    with hollow.open("wb") as stream:
        stream.write(whole[:length])
        stream.truncate(len(whole))
    assert check_adapter(hollow, sdxl_base).ranks == (4, 4)


def test_wrong_files_are_refused_with_their_reason(sdxl_base: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    def saved(name: str, tensors: dict[str, Any], **said: str) -> Path:
        save_file(tensors, str(tmp_path / name), metadata=said or None)
        return tmp_path / name

    good = save_peft(tmp_path / "good.safetensors")
    (tmp_path / "pickle.safetensors").write_bytes(pickle.dumps({"unet": [1.0]}))
    torch.save({"weight": torch.zeros(2)}, tmp_path / "zip.safetensors")
    (tmp_path / "short.safetensors").write_bytes(good.read_bytes()[:-100])
    (tmp_path / "head.safetensors").write_bytes(good.read_bytes()[:60])
    (tmp_path / "text.safetensors").write_text("not weights at all", encoding="utf-8")
    (tmp_path / "tiny.safetensors").write_bytes(b"ab")
    bad = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "offsets.safetensors").write_bytes(struct.pack("<Q", len(bad)) + bad + bytes(4))
    deep = b"[" * 100_000
    (tmp_path / "deep.safetensors").write_bytes(struct.pack("<Q", len(deep)) + deep)
    half = {f"unet.{ATTENTION}.to_out.0.lora_A.weight": torch.zeros(4, 32)}
    wide = {f"unet.{ATTENTION}.to_k.lora_A.weight": torch.zeros(4, 768)}
    shape = {f"unet.{ATTENTION}.to_q.lora_B.weight": torch.zeros(31, 4)}
    stranger = {
        "unet.down_blocks.9.proj_in.lora_A.weight": torch.zeros(4, 32),
        "unet.down_blocks.9.proj_in.lora_B.weight": torch.zeros(32, 4),
    }
    alpha = json.dumps({"unet.alpha_pattern": {"to_q": 3}})
    cases = {
        "adapter_not_found": tmp_path / "absent.safetensors",
        "adapter_pickle": tmp_path / "pickle.safetensors",
        "adapter_not_safetensors": tmp_path / "text.safetensors",
        "adapter_truncated": tmp_path / "short.safetensors",
        "adapter_checkpoint": saved("whole.safetensors", {"model.diffusion_model.out.2.weight": torch.zeros(4, 4)}),
        "adapter_not_lora": saved("other.safetensors", {"classifier.weight": torch.zeros(4, 4)}),
        "adapter_other_kind": saved("loha.safetensors", {"lora_unet_x.hada_w1_a": torch.zeros(4, 4)}),
        "adapter_sd1": saved("sd1.safetensors", {"lora_te_x.lora_down.weight": torch.zeros(4, 4)}),
        "adapter_other_parts": saved("flux.safetensors", {"transformer.x.lora_A.weight": torch.zeros(4, 4)}),
        "adapter_other_base": save_peft(tmp_path / "wide.safetensors", tensors=wide),
        "adapter_layer": save_peft(tmp_path / "layer.safetensors", tensors=stranger),
        "adapter_shape": save_peft(tmp_path / "shape.safetensors", tensors=shape),
        "adapter_half": save_peft(tmp_path / "half.safetensors", tensors=half),
    }
    assert {expected: reason(path, sdxl_base) for expected, path in cases.items()} == {key: key for key in cases}
    assert reason(tmp_path / "zip.safetensors", sdxl_base) == "adapter_pickle"
    assert reason(tmp_path / "head.safetensors", sdxl_base) == "adapter_truncated"
    for name in ("tiny", "offsets", "deep"):
        assert reason(tmp_path / f"{name}.safetensors", sdxl_base) == "adapter_not_safetensors"
    scaled = save_peft(tmp_path / "scaled.safetensors", said={"lora_adapter_metadata": alpha})
    assert reason(scaled, sdxl_base) == "adapter_other_kind"
