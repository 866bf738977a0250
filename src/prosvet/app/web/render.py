"""From a template and values to a page in the request's language."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from prosvet import __version__
from prosvet.app.web.navigation import NAVIGATION
from prosvet.app.web.words import filters, words_below
from prosvet.core.context import Context
from prosvet.core.i18n import LANGS, Lang, text

if TYPE_CHECKING:
    from prosvet.app.http.errors import ErrorInfo

__all__ = ["error_page", "page"]


@cache
def _templates(lang: Lang) -> Environment:
    """Templates that speak `lang`; everything put into them is escaped, and nothing may be missing."""
    made = Environment(
        loader=PackageLoader("prosvet.app.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.filters.update(filters(lang))
    made.globals["t"] = lambda key, **places: text(key, lang, **places)
    made.globals["words"] = lambda prefix: words_below(prefix, lang)
    made.globals["lang"] = lang
    return made


def page(
    request: Request, context: Context, template: str, status: int = 200, /, **values: object
) -> HTMLResponse:  # fmt: skip
    """`template` filled with `values`, and with what every page has."""
    static = request.app.state.static
    shared = {
        "static": static.url,
        "context": context,
        "actor": context.actor,
        "accounts": request.app.state.accounts,
        "theme": request.cookies.get("theme", "dark") if request.cookies.get("theme") in ("light", "dark") else "dark",
        "csrf_token": getattr(request.state, "csrf", ""),
        "path": request.url.path,
        "query": request.url.query,
        "languages": LANGS,
        "navigation": NAVIGATION,
        "version": __version__,
        "hx": request.headers.get("HX-Request") == "true",
    }
    html = _templates(context.lang).get_template(template).render(shared | values)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"})


def error_page(request: Request, context: Context, error: ErrorInfo, status: int) -> HTMLResponse:
    """A page that says what happened; for a part of a page (htmx), the part alone."""
    partial = request.headers.get("HX-Request") == "true"
    return page(request, context, "_error.html" if partial else "error.html", status, error=error, status=status)
