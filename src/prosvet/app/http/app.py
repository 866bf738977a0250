"""Builds the application: one context, the routes and pages of the two tables, errors in one shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module, resources

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from prosvet import __version__
from prosvet.app.http.access import allowed
from prosvet.app.http.errors import ErrorBody, add_handlers
from prosvet.app.http.openapi import document
from prosvet.app.http.routers import ROUTERS
from prosvet.app.http.security import guard
from prosvet.app.http.static import Static
from prosvet.app.jobs.runner import Runner
from prosvet.app.web.routers import PAGES
from prosvet.core.context import Context
from prosvet.core.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings, *, accounts: bool = False) -> FastAPI:
    """The application over the archive of `settings`.

    Parameters
    ----------
    accounts : bool
        Whoever asks must sign in. Without, everybody who reaches the address is ``local``: for 127.0.0.1 only.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with context:
            runner = context.get(Runner)
            runner.start()
            try:
                yield
            finally:
                runner.stop()

    context = Context(settings)
    app = FastAPI(
        title="Prosvet",
        version=__version__,
        summary="An open reading room for chest X-rays. For research and decision support; not a medical device.",
        lifespan=lifespan,
        dependencies=[Depends(allowed)],
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        responses={"4XX": {"model": ErrorBody, "description": "The request cannot be answered."}},
    )
    app.state.context, app.state.accounts = context, accounts
    app.state.static = Static(resources.files("prosvet.app.web").joinpath("static"))
    app.mount("/static", app.state.static, name="static")
    add_handlers(app)
    for module in ROUTERS.values():
        app.include_router(import_module(module).router)
    for module in PAGES.values():
        app.include_router(import_module(module).router, include_in_schema=False)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    guard(app)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    return app
