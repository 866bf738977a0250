"""A tiny random SDXL pipeline, saved as its publisher saves it; its words are a byte-level BPE trained here.

Import only inside a test or a fixture: torch and diffusers take seconds.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["LINES", "SIZE", "save_sdxl"]

LINES = (
    "Chest x-ray. Normal. Heart size is normal. Lungs are clear. No pleural effusion or pneumothorax.",
    "Chest x-ray. Cardiomegaly. The cardiac silhouette is enlarged. Pneumonia in the left lower lung.",
    "Lung opacity. Chest x-ray. Airspace disease, consolidation, infiltrate. Right pleural effusion.",
)
SIZE = 64
_WIDE, _WIDER, _LENGTH = 32, 48, 77


@cache
def _words() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Pieces of words, ended by ``</w>`` as CLIP has them, and how they are joined."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=letters, end_of_word_suffix="</w>")
    made.train_from_iterator([line.lower().replace(" ", "\n") for line in LINES * 4], trainer)
    body = json.loads(made.to_str())["model"]
    pieces = sorted(set(letters)) + [f"{one}</w>" for one in sorted(set(letters))]
    merges = [tuple(one) if isinstance(one, list) else tuple(one.split(" ")) for one in body["merges"]]
    for left, right in merges:
        pieces.append(left + right)
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    return {piece: n for n, piece in enumerate(dict.fromkeys(pieces))}, merges


def _tokenizer(pad: str) -> Any:
    from transformers import CLIPTokenizer

    vocab, merges = _words()
    return CLIPTokenizer(vocab=vocab, merges=merges, pad_token=pad, model_max_length=_LENGTH)


def _text(kind: str, width: int, tokenizer: Any) -> Any:
    import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=width, num_hidden_layers=3,
        num_attention_heads=4, max_position_embeddings=_LENGTH, projection_dim=width,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return getattr(transformers, kind)(config).eval()


def save_sdxl(folder: Path, seed: int = 0, cross: int = _WIDE + _WIDER) -> Path:
    """Write the pipeline; `cross` is the width of what the UNet hears of the words."""
    import torch
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=SIZE // 2, in_channels=4, out_channels=4, block_out_channels=(16, 32), layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4), use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, transformer_layers_per_block=(1, 1), projection_class_embeddings_input_dim=8 * 6
        + _WIDER, cross_attention_dim=cross, norm_num_groups=8,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(16, 16), in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, sample_size=SIZE,
    )  # fmt: skip
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
        timestep_spacing="leading", prediction_type="epsilon",
    )  # fmt: skip
    one, two = _tokenizer("<|endoftext|>"), _tokenizer("!")
    made = StableDiffusionXLPipeline(
        vae=vae, unet=unet, scheduler=scheduler, tokenizer=one, tokenizer_2=two,
        text_encoder=_text("CLIPTextModel", _WIDE, one),
        text_encoder_2=_text("CLIPTextModelWithProjection", _WIDER, two), add_watermarker=False,
    )  # fmt: skip
    made.save_pretrained(folder)
    return folder
