"""HTTP to a peer: bounded in time and size, no redirects, no proxies, its own authority, a token from a file."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError as LibraryError

from prosvet.core.errors import InvalidSettings, PeerError, PeerUnreachable
from prosvet.hospital.config import FILE, DicomWeb, Fhir, read_secret
from prosvet.hospital.peers.quiet import hush

__all__ = ["MOST_BYTES", "Session", "refusal", "spoken"]

MOST_BYTES = 400_000_000
_CHUNK = 256 * 1024
_CONNECT = 10.0  # seconds
_WHOLE = 10.0  # times the timeout: what a whole answer may last
_PAUSES = (0.2, 0.8)  # seconds before reading is tried again
_LATER = frozenset((408, 425, 429, 500, 502, 503, 504))
_READING = frozenset(("GET", "HEAD"))


class _Token(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _readable(config: DicomWeb | Fhir) -> None:
    """Certificates that are not there are a fault of the configuration, and no fault of the peer's."""
    try:
        if config.ca is not None:
            ssl.create_default_context(cafile=config.ca)
        if config.cert is not None:
            ssl.create_default_context().load_cert_chain(config.cert, config.key)
    except OSError as error:  # ssl.SSLError is one
        raise InvalidSettings(name=f"{FILE}: tls", reason=error.strerror or type(error).__name__) from None


class Session(requests.Session):
    """A session for one peer.

    Notes
    -----
    The environment (proxies, ``.netrc``) is not asked: what goes to a peer goes to no one else. For the same reason
    a redirect is no answer. What only reads is tried three times, what writes once.
    """

    def __init__(self, config: DicomWeb | Fhir, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        hush()
        self.trust_env = False
        _readable(config)
        self.verify = str(config.ca) if config.ca is not None else True
        self.cert = (str(config.cert), str(config.key)) if config.cert is not None else None
        self._timeout, self._most = config.timeout, most_bytes
        if config.token_file is not None:
            self.auth = _Token(read_secret(config.token_file))
        elif config.user is not None and config.password_file is not None:
            self.auth = (config.user, read_secret(config.password_file))

    def request(self, method: str, url: str | bytes, *more: Any, **named: Any) -> requests.Response:
        """As the library's, without redirects; a star may stand in a query as it is (RFC 3986, 3.4)."""
        place = url.replace("%2A", "*") if isinstance(url, str) else url
        return super().request(method, place, *more, **{**named, "allow_redirects": False})

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        """Send, and take the whole answer.

        Raises
        ------
        requests.RequestException
        """
        named |= {"stream": True, "timeout": (min(_CONNECT, self._timeout), self._timeout), "allow_redirects": False}
        pauses = iter(_PAUSES if request.method in _READING else ())
        while True:
            pause = next(pauses, None)
            try:
                response = self._whole(super().send(request, **named))
            except (requests.ConnectionError, requests.Timeout):
                if pause is None:
                    raise
            else:
                if pause is None or response.status_code not in _LATER:
                    return response
            time.sleep(pause)

    def _whole(self, response: requests.Response) -> requests.Response:
        until, parts, size = time.monotonic() + _WHOLE * self._timeout, [], 0
        with response:
            if 300 <= response.status_code < 400:
                raise requests.TooManyRedirects(response=response)
            for part in response.iter_content(_CHUNK):
                parts.append(part)
                size += len(part)
                if size > self._most:
                    raise requests.exceptions.ContentDecodingError("too long", response=response)
                if time.monotonic() > until:
                    raise requests.ReadTimeout("too slow", response=response)
        response._content = b"".join(parts)
        return response


@contextmanager
def spoken(peer: str) -> Iterator[None]:
    """Turn the library's errors into ours, without what they quote.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    try:
        yield
    except requests.HTTPError as error:
        raise refusal(peer, error.response.status_code if error.response is not None else 0) from None
    except requests.exceptions.SSLError:
        raise PeerError(peer=peer, reason="tls") from None
    except requests.Timeout:
        raise PeerUnreachable(peer=peer, reason="no_answer") from None
    except requests.TooManyRedirects:
        raise PeerError(peer=peer, reason="redirect") from None
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        raise PeerUnreachable(peer=peer, reason="no_connection") from None
    except (requests.RequestException, LibraryError, ValueError, KeyError, TypeError, AttributeError):
        raise PeerError(peer=peer, reason="not_understood") from None


def refusal(peer: str, status: int) -> PeerError:
    """What an HTTP status that is no success means.

    Examples
    --------
    >>> type(refusal("pacs", 503)).__name__, type(refusal("pacs", 422)).__name__
    ('PeerUnreachable', 'PeerError')
    """
    if status in (401, 403):
        return PeerError(peer=peer, reason="not_authorised")
    kind = PeerUnreachable if status in _LATER else PeerError
    return kind(peer=peer, reason="http", status=status)
