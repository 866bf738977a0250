"""Processors of transformers models put together by name, with pictures prepared by PIL and never by torchvision."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from prosvet.core.errors import VlmError
from prosvet.core.optional import require

__all__ = ["picture_processor", "processor_of", "tokenizer_of"]

_SAME = {
    # For pictures the two write the same; its own asks for a package of number words, for films in motion.
    "SmolVLMProcessor": "Idefics3Processor",
}
_RENAMED = {"CLIPFeatureExtractor": "CLIPImageProcessor", "ViTFeatureExtractor": "ViTImageProcessor",
            "Qwen2_5_VLImageProcessor": "Qwen2VLImageProcessor"}  # fmt: skip
_OWN_FILES = ("processor_class", "auto_map", "image_processor", "video_processor", "feature_extractor", "tokenizer")


def tokenizer_of(folder: Path, *, remote_code: bool = False) -> Any:
    """The tokenizer that lies with the weights, padding on the left as generation needs."""
    made = require("transformers", "vlm").AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=remote_code
    )
    made.padding_side = "left"
    return made


def picture_processor(name: str, folder: Path, wanted: str = "", options: dict[str, Any] | None = None) -> Any:
    """The processor of pictures in its PIL form.

    Parameters
    ----------
    wanted : str
        Its class; empty takes the one that the weights name.

    Raises
    ------
    VlmError
        When transformers has no PIL form of it.
    """
    transformers = require("transformers", "vlm")
    settings = _settings(folder)
    kind = wanted or str(settings.get("image_processor_type") or settings.get("feature_extractor_type") or "")
    kind = kind.removesuffix("Pil").removesuffix("Fast")
    found = getattr(transformers, f"{_RENAMED.get(kind, kind)}Pil", None) if kind else None
    if found is None:
        raise VlmError(name=name, reason="no_processor", processor=kind or "–")
    left_out = {"image_processor_type", "feature_extractor_type", "processor_class", "auto_map"}
    return found(**{key: value for key, value in settings.items() if key not in left_out} | (options or {}))


def processor_of(name: str, folder: Path, tokenizer: Any, pictures: Any) -> Any:
    """The processor that joins words and pictures, of the class that the weights name.

    Raises
    ------
    VlmError
        When transformers has no such class.
    """
    settings = _json(folder / "processor_config.json")
    kind = str(
        settings.get("processor_class")
        or _json(folder / "preprocessor_config.json").get("processor_class")
        or _json(folder / "tokenizer_config.json").get("processor_class")
        or ""
    )
    base = getattr(require("transformers", "vlm"), _SAME.get(kind, kind), None) if kind else None
    if base is None:
        raise VlmError(name=name, reason="no_processor", processor=kind or "–")
    known = inspect.signature(base.__init__).parameters
    given = {key: value for key, value in settings.items() if key in known and key not in _OWN_FILES}
    given["chat_template"] = _template(folder, tokenizer)
    if "video_processor" in known:
        given["video_processor"] = None
    return _still(base)(image_processor=pictures, tokenizer=tokenizer, **given)


def _still(base: Any) -> Any:
    """The class without its check for a processor of films in motion, whose code imports torchvision."""

    def checked(self: Any, argument: str, value: Any) -> Any:
        return None if argument == "video_processor" else base.check_argument_for_proper_class(self, argument, value)

    return type(base.__name__, (base,), {"check_argument_for_proper_class": checked})


def _template(folder: Path, tokenizer: Any) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    kept = _json(folder / "chat_template.json").get("chat_template")
    return str(kept) if kept else tokenizer.chat_template


def _settings(folder: Path) -> dict[str, Any]:
    """Settings of the picture processor: in a file of their own, or inside those of the whole processor."""
    return _json(folder / "preprocessor_config.json") or dict(
        _json(folder / "processor_config.json").get("image_processor", {})
    )


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
