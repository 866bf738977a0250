"""Cards of vision-language models: where the model is, how it wants to be asked, how it is loaded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from prosvet.core.types import Frozen
from prosvet.models.card import WeightFile
from prosvet.models.others_card import OthersCard

__all__ = ["REMOTE_ADDRESS", "REMOTE_CODE", "ImagePolicy", "Load", "Prompt", "Server", "VlmCard"]

REMOTE_CODE = "i-have-read-this-code"
"""The word that a card must carry before code that came with weights may run."""
REMOTE_ADDRESS = "pictures-may-leave-this-machine"
"""The word that a card must carry before pictures are sent to another machine."""


class Prompt(Frozen):
    """How a question becomes what the model was trained on.

    Attributes
    ----------
    style : str
        ``chat`` uses the chat template that lies with the weights; ``plain`` fills `template`.
    template : str
        For ``plain``: ``{pictures}`` is one `picture` a picture, ``{history}`` one `turn` a turn, ``{prompt}`` the
        question, ``{system}`` the words of `system`.
    picture : str
        What stands for a picture: ``<image>``, with ``{role}`` for its name and ``{number}`` from 1.
    role : str
        For ``chat``: the words before each picture; empty names none.
    system : str
        Said to the model before anything else; empty for nothing.
    """

    style: Literal["chat", "plain"] = "chat"
    template: str = "{system}{pictures}{history}{prompt}"
    picture: str = "<image>\n"
    turn: str = "{prompt}\n{answer}\n"
    role: str = "{number}. {role}:"
    system: str = ""


class ImagePolicy(Frozen):
    """How a film is put before the model.

    Attributes
    ----------
    most : int
        Pictures that one question may carry.
    longest_edge : int
        Pixels; a larger picture is made smaller before the model's own processing, never a smaller one larger.
    shortest_edge : int
        Pixels; a smaller picture is refused: there is nothing to see on it.
    processor : str
        Class of transformers that prepares pictures without torchvision, ``Idefics3ImageProcessorPil``; empty takes
        the one that the weights name, in its PIL form.
    options : dict
        Given to the processor, for example ``{"do_image_splitting" = false}``.
    """

    most: int = Field(default=4, ge=1, le=512)
    longest_edge: int = Field(default=1536, ge=32, le=8192)
    shortest_edge: int = Field(default=32, ge=1)
    processor: str = ""
    options: dict[str, bool | int | float | str | dict[str, int]] = Field(default_factory=dict)


class Load(Frozen):
    """How weights are brought into memory.

    Attributes
    ----------
    architecture : str
        Class of transformers; empty takes what the configuration of the weights names.
    quantisation : str
        ``nf4``: 4 bits with double quantisation, computing in bfloat16; ``int8``; ``none``.
    device : str
        ``auto`` is a CUDA device when there is one.
    dtype : str
        Of the weights that are not quantised.
    batch : int
        Questions that run together.
    allowed_missing : tuple of str
        Patterns of tensors that the weights may leave out because they are tied to others.
    remote_code : str
        Empty, or exactly :data:`REMOTE_CODE`.
    """

    architecture: str = ""
    quantisation: Literal["none", "nf4", "int8"] = "none"
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    batch: int = Field(default=4, ge=1, le=256)
    allowed_missing: tuple[str, ...] = ()
    remote_code: str = Field(default="", pattern=rf"^({re.escape(REMOTE_CODE)})?$")


class Server(Frozen):
    """A server that holds the model.

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:8000/v1``.
    model : str
        The name under which the server knows it.
    key_env, key_file : str
        Where the key is found; a key itself never stands in a card.
    remote : str
        Empty, or exactly :data:`REMOTE_ADDRESS`, for an address that is not this machine.
    form : str
        How the server holds a form: ``json_schema`` (vLLM, SGLang, llama.cpp, Ollama, OpenAI), ``none`` (by asking).
    logprobs : bool
        Whether it tells them.
    same_name : bool
        Whether an answer must name the model that was asked for; llama.cpp names the file it serves.
    retries : int
        After 429, 5xx or a broken connection.
    """

    url: str = Field(pattern=r"^https?://[^\s/@]+(/\S*)?$")
    model: str = ""
    key_env: str = Field(default="", pattern=r"^([A-Z][A-Z0-9_]*)?$")
    key_file: str = ""
    remote: str = Field(default="", pattern=rf"^({re.escape(REMOTE_ADDRESS)})?$")
    form: Literal["json_schema", "none"] = "json_schema"
    logprobs: bool = True
    same_name: bool = True
    retries: int = Field(default=2, ge=0, le=5)


class VlmCard(OthersCard):
    """Everything that is known of a vision-language model before it is asked.

    Attributes
    ----------
    parameters : int or None
        As published.
    adapter : str
        Folder of a LoRA adapter put on the weights on loading: absolute, or beside the card; empty for none.
    adapter_files : dict
        Hash and size of each file of the adapter's folder.
    """

    task: Literal["vlm"]
    backend: Literal["transformers", "openai", "http", "onnx", "chained"]
    parameters: int | None = Field(default=None, gt=0)
    adapter: str = ""
    adapter_files: dict[str, WeightFile] = Field(default_factory=dict)
    prompt: Prompt = Prompt()
    images: ImagePolicy = ImagePolicy()
    load: Load = Load()
    server: Server | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.backend in ("openai", "http") and self.server is None:
            raise ValueError(f"a card for {self.backend} needs [server]")
        if self.load.remote_code and not self.revision:
            raise ValueError("code that comes with weights needs a pinned revision")
        return self

    @property
    def adapter_folder(self) -> Path:
        """Where the adapter should lie, when there is one."""
        return (self.folder / self.adapter).resolve()
