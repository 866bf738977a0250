"""Tiny random models of the real architectures, saved as their publishers save them. Nothing is fetched.

Each ``save_NAME(folder)`` writes configuration, weights (safetensors), tokenizer, chat template and the settings of the
picture processor. Words are byte-level BPE trained on the lines below, so that any text, Russian too, has tokens.
Import torch only through here or inside a test: it takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["VLMS", "causal_tokenizer", "save_clip", "save_dinov2", "save_gemma3", "save_idefics3", "save_llama",
           "save_llava", "save_onevision", "save_paligemma", "save_qwen2_5_vl", "save_qwen3_vl", "save_siglip",
           "save_siglip2", "save_smolvlm"]  # fmt: skip

LINES = (
    "Describe the chest X-ray. Heart size is normal. Lungs are clear. No pleural effusion or pneumothorax.",
    "There is a right pleural effusion with adjacent atelectasis. The cardiac silhouette is enlarged.",
    "На рентгенограмме органов грудной клетки лёгкие без очаговых и инфильтративных теней. Сердце не расширено.",
    "Справа определяется плевральный выпот. Корни структурны. Синусы свободны.",
    '{"answer": "yes", "side": "right", "findings": ["cardiomegaly"]} effusion | Female | 54 | PA view shows effusion.',
)
SPECIAL = (
    "<unk>", "<s>", "</s>", "<pad>", "<|im_start|>", "<|im_end|>", "<image>", "<fake_token_around_image>",
    "<end_of_utterance>", "<global-img>", *(f"<row_{r}_col_{c}>" for r in range(1, 7) for c in range(1, 7)),
    "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>", "<video>", "<start_of_image>",
    "<end_of_image>", "<image_soft_token>", "<start_of_turn>", "<end_of_turn>",
)  # fmt: skip
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}IMAGE_TOKEN{% else %}{{ part['text'] }}"
    "{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_WIDTH, _HEADS, _LAYERS = 64, 4, 2  # 4-bit blocks are of 64


@cache
def _bpe() -> str:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=640, special_tokens=list(SPECIAL), initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator(LINES * 4, trainer)
    return str(made.to_str())


def causal_tokenizer(place: str = "<image>", **named: str) -> Any:
    """A tokenizer with every special token of the families and a chat template that puts `place` in for a picture."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_bpe()), bos_token="<s>", eos_token="<|im_end|>", pad_token="<pad>",
        unk_token="<unk>", chat_template=CHAT.replace("IMAGE_TOKEN", place), padding_side="left",
        additional_special_tokens=[t for t in SPECIAL if t not in ("<s>", "<|im_end|>", "<pad>", "<unk>")],
        extra_special_tokens=named, model_max_length=4096,
    )  # fmt: skip


def _text(tokenizer: Any, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer), "hidden_size": _WIDTH, "intermediate_size": 2 * _WIDTH,
        "num_hidden_layers": _LAYERS, "num_attention_heads": _HEADS, "num_key_value_heads": 2,
        "max_position_embeddings": 4096, "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, **more,
    }  # fmt: skip


def _vision(size: int, patch: int, **more: Any) -> dict[str, Any]:
    return {
        "hidden_size": _WIDTH, "intermediate_size": 2 * _WIDTH, "num_hidden_layers": _LAYERS,
        "num_attention_heads": _HEADS, "image_size": size, "patch_size": patch, **more,
    }  # fmt: skip


def _save(folder: Path, model: Any, tokenizer: Any, processor: dict[str, Any], picture: dict[str, Any]) -> Path:
    """Write a model as its publisher would: processor settings in files of their own, no code."""
    folder.mkdir(parents=True, exist_ok=True)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.generation_config.suppress_tokens = _unspeakable(tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    (folder / "preprocessor_config.json").write_text(json.dumps(picture), encoding="utf-8")
    return folder


def _unspeakable(tokenizer: Any) -> list[int]:
    """Tokens that are no text by themselves: marks and parts of letters, which a random model would say all day."""
    words = [tokenizer.decode([n], skip_special_tokens=True) for n in range(len(tokenizer))]
    bad = [n for n, word in enumerate(words) if not word.strip() or "\ufffd" in word or not word.isprintable()]
    return [n for n in bad if n != tokenizer.eos_token_id]


def _made(kind: str, config: Any, seed: int) -> Any:
    import torch
    import transformers

    torch.manual_seed(seed)
    return getattr(transformers, kind)(config).eval()


def save_llama(folder: Path, seed: int = 0) -> Path:
    """A language model alone."""
    from transformers import LlamaConfig

    words = causal_tokenizer()
    model = _made("LlamaForCausalLM", LlamaConfig(**_text(words)), seed)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _idefics(folder: Path, seed: int, family: str) -> Path:
    import transformers

    words = causal_tokenizer()
    config = getattr(transformers, f"{family}Config")(
        text_config={"model_type": "llama", **_text(words)}, vision_config=_vision(64, 16), scale_factor=2,
        image_token_id=words.convert_tokens_to_ids("<image>"), pad_token_id=words.pad_token_id,
        tie_word_embeddings=False,
    )  # fmt: skip
    picture = {"image_processor_type": f"{family}ImageProcessor", "size": {"longest_edge": 128},
               "max_image_size": {"longest_edge": 64}, "do_image_splitting": True}  # fmt: skip
    return _save(folder, _made(f"{family}ForConditionalGeneration", config, seed), words,
                 {"processor_class": f"{family}Processor", "image_seq_len": 4}, picture)  # fmt: skip


def save_idefics3(folder: Path, seed: int = 0) -> Path:
    """Idefics3, which is what SmolVLM-Instruct is; its own template of words."""
    return _idefics(folder, seed, "Idefics3")


def save_smolvlm(folder: Path, seed: int = 0) -> Path:
    """SmolVLM (of the second generation), whose processor also takes films in motion."""
    return _idefics(folder, seed, "SmolVLM")


def save_llava(folder: Path, seed: int = 0) -> Path:
    """LLaVA 1.5: a CLIP tower and a Llama."""
    from transformers import LlavaConfig

    words = causal_tokenizer()
    config = LlavaConfig(
        text_config={"model_type": "llama", **_text(words)},
        vision_config={"model_type": "clip_vision_model", "projection_dim": _WIDTH, **_vision(56, 14)},
        image_token_index=words.convert_tokens_to_ids("<image>"), image_seq_length=16, vision_feature_layer=-2,
    )  # fmt: skip
    picture = {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 56},
               "crop_size": {"height": 56, "width": 56}}  # fmt: skip
    processor = {"processor_class": "LlavaProcessor", "patch_size": 14, "vision_feature_select_strategy": "default",
                 "num_additional_image_tokens": 1}  # fmt: skip
    return _save(folder, _made("LlavaForConditionalGeneration", config, seed), words, processor, picture)


def save_onevision(folder: Path, seed: int = 0) -> Path:
    """LLaVA-OneVision, which is what RadVLM is: a SigLIP tower, a Qwen2, several tiles a picture."""
    from transformers import LlavaOnevisionConfig

    words = causal_tokenizer()
    pins = [[56, 56], [56, 112], [112, 56], [112, 112]]
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **_text(words)},
        vision_config={"model_type": "siglip_vision_model", "vision_use_head": False, **_vision(56, 14)},
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"), image_grid_pinpoints=pins,
        vision_feature_layer=-1, vision_feature_select_strategy="full",
    )  # fmt: skip
    picture = {"image_processor_type": "LlavaOnevisionImageProcessor", "size": {"height": 56, "width": 56},
               "image_grid_pinpoints": pins}  # fmt: skip
    processor = {"processor_class": "LlavaOnevisionProcessor", "num_image_tokens": 16,
                 "vision_feature_select_strategy": "full"}  # fmt: skip
    return _save(folder, _made("LlavaOnevisionForConditionalGeneration", config, seed), words, processor, picture)


def _qwen(folder: Path, seed: int, family: str, vision: dict[str, Any], rope: dict[str, Any]) -> Path:
    import transformers

    image = "<|vision_start|><|image_pad|><|vision_end|>"
    words = causal_tokenizer(image)
    ids = words.convert_tokens_to_ids
    config = getattr(transformers, f"{family}Config")(
        text_config=_text(words, rope_parameters=rope, **({"head_dim": 8} if "3" in family else {})),
        vision_config=vision, image_token_id=ids("<|image_pad|>"), video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"), vision_end_token_id=ids("<|vision_end|>"),
    )  # fmt: skip
    patch = vision["patch_size"]
    picture = {"image_processor_type": "Qwen2VLImageProcessor", "patch_size": patch, "merge_size": 2,
               "temporal_patch_size": 2, "size": {"shortest_edge": 56 * 56, "longest_edge": 112 * 112}}  # fmt: skip
    return _save(folder, _made(f"{family}ForConditionalGeneration", config, seed), words,
                 {"processor_class": f"{family}Processor"}, picture)  # fmt: skip


def save_qwen2_5_vl(folder: Path, seed: int = 0) -> Path:
    """Qwen2.5-VL: pictures of any shape, windowed attention."""
    vision = {"depth": _LAYERS, "hidden_size": _WIDTH, "out_hidden_size": _WIDTH, "intermediate_size": 64,
              "num_heads": _HEADS, "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2,
              "window_size": 56, "fullatt_block_indexes": [1], "tokens_per_second": 2}  # fmt: skip
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    return _qwen(folder, seed, "Qwen2_5_VL", vision, rope)


def save_qwen3_vl(folder: Path, seed: int = 0) -> Path:
    """Qwen3-VL: features of several depths of the tower enter the language model."""
    vision = {"depth": _LAYERS, "hidden_size": _WIDTH, "out_hidden_size": _WIDTH, "intermediate_size": 64,
              "num_heads": _HEADS, "patch_size": 16, "spatial_merge_size": 2, "temporal_patch_size": 2,
              "num_position_embeddings": 16, "deepstack_visual_indexes": [0, 1]}  # fmt: skip
    rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 10000.0, "mrope_interleaved": True}
    return _qwen(folder, seed, "Qwen3VL", vision, rope)


def save_gemma3(folder: Path, seed: int = 0) -> Path:
    """Gemma 3 with pictures, which is what MedGemma 4B is."""
    from transformers import Gemma3Config

    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    words = causal_tokenizer("<start_of_image>", **named)
    ids = words.convert_tokens_to_ids
    config = Gemma3Config(
        text_config=_text(words, head_dim=8, sliding_window=512),
        vision_config={"model_type": "siglip_vision_model", "vision_use_head": False, **_vision(56, 14)},
        mm_tokens_per_image=4, boi_token_index=ids("<start_of_image>"), eoi_token_index=ids("<end_of_image>"),
        image_token_index=ids("<image_soft_token>"),
    )  # fmt: skip
    picture = {"image_processor_type": "Gemma3ImageProcessor", "size": {"height": 56, "width": 56}}
    return _save(folder, _made("Gemma3ForConditionalGeneration", config, seed), words,
                 {"processor_class": "Gemma3Processor", "image_seq_length": 4}, picture)  # fmt: skip


def save_paligemma(folder: Path, seed: int = 0) -> Path:
    """PaliGemma: a prompt without a chat template."""
    from transformers import PaliGemmaConfig

    words = causal_tokenizer()
    # Its processor adds a thousand places and colours to the words; the table of the model must hold them.
    words.add_tokens([f"<loc{n:04d}>" for n in range(1024)] + [f"<seg{n:03d}>" for n in range(128)])
    words.chat_template = None
    config = PaliGemmaConfig(
        text_config={"model_type": "gemma", **_text(words, head_dim=8)},
        vision_config={"model_type": "siglip_vision_model", "vision_use_head": False, **_vision(56, 14)},
        projection_dim=_WIDTH, image_token_index=words.convert_tokens_to_ids("<image>"), hidden_size=_WIDTH,
    )  # fmt: skip
    picture = {"image_processor_type": "SiglipImageProcessor", "size": {"height": 56, "width": 56},
               "image_seq_length": 16}  # fmt: skip
    return _save(folder, _made("PaliGemmaForConditionalGeneration", config, seed), words,
                 {"processor_class": "PaliGemmaProcessor"}, picture)  # fmt: skip


VLMS: dict[str, Callable[[Path], Path]] = {
    "idefics3": save_idefics3, "smolvlm": save_smolvlm, "llava": save_llava, "onevision": save_onevision,
    "qwen2_5_vl": save_qwen2_5_vl, "qwen3_vl": save_qwen3_vl, "gemma3": save_gemma3, "paligemma": save_paligemma,
}  # fmt: skip
"""Every family that can be asked about a picture."""


# ---------------------------------------------------------------- encoders


def _save_encoder(folder: Path, model: Any, picture: dict[str, Any], words: Any = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(picture), encoding="utf-8")
    if words is not None:
        words.save_pretrained(folder)
    return folder


def _towers(words: Any, vision: dict[str, Any], length: int) -> dict[str, Any]:
    text = {"vocab_size": len(words), "hidden_size": _WIDTH, "intermediate_size": 64, "num_hidden_layers": _LAYERS,
            "num_attention_heads": _HEADS, "max_position_embeddings": length, "projection_size": _WIDTH,
            "pad_token_id": words.pad_token_id, "eos_token_id": words.eos_token_id,
            "bos_token_id": words.bos_token_id}  # fmt: skip
    return {"text_config": text, "vision_config": vision}


def save_siglip(folder: Path, seed: int = 0) -> Path:
    """SigLIP: two towers, one space."""
    from transformers import SiglipConfig

    words = causal_tokenizer()
    words.padding_side, words.model_max_length = "right", 64
    config = SiglipConfig(**_towers(words, _vision(56, 14), 64))
    picture = {"image_processor_type": "SiglipImageProcessor", "size": {"height": 56, "width": 56}}
    return _save_encoder(folder, _made("SiglipModel", config, seed), picture, words)


def save_siglip2(folder: Path, seed: int = 0) -> Path:
    """SigLIP 2 NaFlex: pictures keep their proportions, as patches with a mask."""
    from transformers import Siglip2Config

    words = causal_tokenizer()
    words.padding_side, words.model_max_length = "right", 64
    vision = _vision(56, 14)
    del vision["image_size"]
    config = Siglip2Config(**_towers(words, vision | {"num_patches": 16}, 64))
    picture = {"image_processor_type": "Siglip2ImageProcessor", "patch_size": 14, "max_num_patches": 16}
    return _save_encoder(folder, _made("Siglip2Model", config, seed), picture, words)


def save_clip(folder: Path, seed: int = 0) -> Path:
    """CLIP: two towers with projections."""
    from transformers import CLIPConfig

    words = causal_tokenizer()
    words.padding_side, words.model_max_length = "right", 64
    config = CLIPConfig(**_towers(words, _vision(56, 14), 64), projection_dim=_WIDTH)
    picture = {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 56},
               "crop_size": {"height": 56, "width": 56}}  # fmt: skip
    return _save_encoder(folder, _made("CLIPModel", config, seed), picture, words)


def save_dinov2(folder: Path, seed: int = 0) -> Path:
    """DINOv2, which is what RAD-DINO is: pictures only."""
    from transformers import Dinov2Config

    config = Dinov2Config(**_vision(56, 14))
    picture = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 56},
               "crop_size": {"height": 56, "width": 56}}  # fmt: skip
    return _save_encoder(folder, _made("Dinov2Model", config, seed), picture)
