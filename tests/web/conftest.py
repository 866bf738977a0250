"""A real browser on a real server over real films: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from prosvet.app.http.app import create_app
from prosvet.core.context import Context
from prosvet.core.settings import load_settings

NO_CHROMIUM = "chromium is not installed"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-gl=swiftshader"]


@dataclass(frozen=True)
class Site:
    """A running server and its archive."""

    url: str
    home: Path
    context: Context


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def serve(home: Path, *, accounts: bool = False) -> Iterator[Site]:
    """A server on a free port of 127.0.0.1, in a thread of this process."""
    app = create_app(load_settings({}, home=home, threads=1), accounts=accounts)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", home, app.state.context)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def site(own_home: Path) -> Iterator[Site]:
    """A server over an empty archive of this test's own."""
    yield from serve(own_home)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """``open_page(url, lang="en", width=1366, height=768)``; a script error or an outside request fails the test."""
    contexts, faults = [], []

    def opened(url: str, lang: str = "en", width: int = 1366, height: int = 768) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=lang, reduced_motion="reduce")
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        origin = "/".join(url.split("/")[:3])
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((origin, "data:", "blob:")) else faults.append(f"outside: {request.url}")
            ),
        )
        page.on(
            "console",
            lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
