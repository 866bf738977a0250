"""One file a page; :mod:`prosvet.app.web.routers` lists them."""
