"""The HTTP contract: our client against the runner template, with a small real function of the picture as its model."""

from __future__ import annotations

import importlib.util
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import VlmAnswerInvalid, VlmError, VlmTimeout, VlmUnreachable
from prosvet.models.vlm import Picture, Question, open_reader
from prosvet.models.vlm.types import Reader

RUNNER = Path(__file__).parents[3] / "deploy" / "runner" / "runner.py"
FILM = np.linspace(0, 4000, 64 * 48, dtype=np.float32).reshape(64, 48)


def brightness(model: float, prompt: str, pictures: list[tuple[str, bytes]], most: int, *_: Any) -> Any:
    """A model that looks: it tells which half of each picture is brighter, in at most so many words."""
    if "slowly" in prompt:
        time.sleep(2)
    if "say nothing" in prompt:
        return ""
    if "break" in prompt:
        raise RuntimeError("out of memory")
    words = []
    for role, png in pictures:
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float)
        half = pixels.shape[0] // 2
        words.append(f"{role}: {'upper' if pixels[:half].mean() * model > pixels[half:].mean() else 'lower'}")
    return {"text": "; ".join(words[:most]), "tokens": words[:most], "logprobs": [-0.1] * len(words[:most]),
            "finish": "length" if len(words) > most else "stop"}  # fmt: skip


@pytest.fixture
def run(context: Context) -> Iterator[Callable[..., Reader]]:
    """Start the template with the model above and open a reader on it."""
    spec = importlib.util.spec_from_file_location("runner", RUNNER)
    assert spec is not None and spec.loader is not None
    template: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(template)
    servers = []

    def start(revision: str = "r1", key: str | None = None, more: str = "") -> Reader:
        server = template.Server(("127.0.0.1", 0), "tiny", revision, 1.0, brightness, key)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        write_card(context.settings.home, server.server_address[1], more)
        return open_reader("run", context)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def write_card(home: Path, port: int, more: str = "") -> None:
    (home / "models").mkdir(parents=True, exist_ok=True)
    (home / "models" / "run.toml").write_text(
        'name = "run"\ntitle = { ru = "проба", en = "trial" }\ntask = "vlm"\nbackend = "http"\nrevision = "r1"\n'
        'licence = "none"\nlimits = { ru = [], en = [] }\n[prompt]\nstyle = "plain"\ntemplate = "{pictures}{prompt}"\n'
        f'picture = "[{{role}}]"\n[server]\nurl = "http://127.0.0.1:{port}"\nmodel = "tiny"\nretries = 0\n{more}\n'
    )


def test_the_runner_looks_at_every_picture(run: Callable[..., Reader]) -> None:
    pictures = (Picture(FILM, "frontal"), Picture(FILM[::-1], "prior"))
    answer = run().generate(Question("Which half is brighter?", pictures, logprobs=True))
    assert answer.text == "frontal: lower; prior: upper"
    assert (answer.finish, answer.logprobs, answer.revision) == ("stop", (-0.1, -0.1), "r1")
    assert answer.prompt == "[frontal view][earlier film]Which half is brighter?"
    cut = run().generate(Question("Which half?", pictures, max_tokens=1))
    assert (cut.text, cut.finish, cut.logprobs) == ("frontal: lower", "length", None)


def test_a_stream_is_one_piece(run: Callable[..., Reader]) -> None:
    assert list(run().stream(Question("Which?", (Picture(FILM, "frontal"),)))) == ["frontal: lower"]


def test_a_form_is_asked_for_and_checked(run: Callable[..., Reader]) -> None:
    reader, film = run(), (Picture(FILM, "frontal"),)
    assert reader.generate(Question("Which?", film, pattern="frontal: (upper|lower)")).constrained == "retry"
    with pytest.raises(VlmAnswerInvalid):
        reader.generate(Question("Which?", film, pattern="yes|no"))


@pytest.mark.parametrize(("prompt", "said"), [("say nothing", "said nothing"), ("break", "out of memory")])
def test_a_failure_of_the_model_is_an_error(prompt: str, said: str, run: Callable[..., Reader]) -> None:
    with pytest.raises(VlmError, match=said):
        run().generate(Question(prompt, (Picture(FILM),)))


def test_another_revision_is_refused(run: Callable[..., Reader]) -> None:
    with pytest.raises(VlmError, match="tiny@r2 instead of tiny@r1"):
        run("r2").generate(Question("Which?", (Picture(FILM),)))


def test_the_key_is_demanded(run: Callable[..., Reader], tmp_path: Path) -> None:
    with pytest.raises(VlmError, match="refused the key"):
        run(key="sesame").generate(Question("Which?", (Picture(FILM),)))
    (tmp_path / "key").write_text("sesame")
    reader = run(key="sesame", more=f'key_file = "{tmp_path / "key"}"')
    assert reader.generate(Question("Which?", (Picture(FILM),))).text == "film: lower"


def test_time_and_a_cancel_count_while_it_works(run: Callable[..., Reader]) -> None:
    reader, begun = run(), time.monotonic()
    with pytest.raises(VlmTimeout):
        reader.generate(Question("slowly", (Picture(FILM),), timeout=0.4))
    answer = reader.generate(Question("slowly", (Picture(FILM),)), lambda: time.monotonic() - begun > 0.8)
    assert answer.finish == "cancelled" and time.monotonic() - begun < 1.8


def test_nobody_there(context: Context) -> None:
    write_card(context.settings.home, 9)
    with pytest.raises(VlmUnreachable):
        open_reader("run", context).generate(Question("Which?"))
