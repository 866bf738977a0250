"""One file a group of routes; :mod:`prosvet.app.http.routers` lists them."""
