"""A client of the application over an archive of real films."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.core.settings import load_settings


@pytest.fixture
def app(own_home: Path) -> FastAPI:
    """The application over an empty archive of this test's own, without accounts."""
    return create_app(load_settings({}, home=own_home, threads=1))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser on 127.0.0.1 that speaks English."""
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": "en"}) as made:
        yield made
