"""The address under which browsers reach the page: on this machine, or behind a reverse proxy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = ["Address", "LOCAL", "parse_address"]

SEGMENT = r"(?!\.{1,2}/)[\w.~@+=:%-]+/"
WRITTEN = re.compile(rf"(?P<origin>https?://[\w.-]+(:\d+)?|)(?P<path>/({SEGMENT})*)", re.ASCII)
"""``/user/name/proxy/8866/``, with or without the origin of the proxy, ``https://hub.example.org``."""
OWN_PATHS = ("voila", "api")
"""First segments of the server's own paths: a request for one could not be told from one whose prefix was removed."""


@dataclass(frozen=True)
class Address:
    """Where the page is, seen from a browser.

    Parameters
    ----------
    origin : str
        ``https://hub.example.org`` if that of a proxy is known, else empty.
    path : str
        The path of the page, which begins and ends with a slash; ``/`` without a proxy.
    """

    origin: str = ""
    path: str = "/"

    @property
    def is_proxied(self) -> bool:
        """Whether the page is behind a proxy."""
        return self != LOCAL

    def inside(self, path: str) -> str:
        """Return a requested path without the prefix, which some proxies remove and others send."""
        prefix, segments = self.path.split("/")[1:-1], path.split("/")[1:]
        # A browser may encode characters that the user has written as they are.
        if [unquote(one) for one in segments[: len(prefix)]] != [unquote(one) for one in prefix]:
            return path
        return "/" + "/".join(segments[len(prefix) :])


LOCAL = Address()


def parse_address(text: str) -> Address:
    """Read what a user gives as the base URL.

    Raises
    ------
    ValueError
        If it is not such an address; the message says what one is.
    """
    found = WRITTEN.fullmatch(text if text.endswith("/") or not text else f"{text}/")
    if found is None:
        raise ValueError(
            f"a base URL is a path such as /user/name/proxy/8866/, with or without https://host before it, got {text!r}"
        )
    path = found["path"]
    if path.split("/")[1] in OWN_PATHS:
        raise ValueError(f"a base URL must not begin with {' or '.join(f'/{one}/' for one in OWN_PATHS)}, got {text!r}")
    return Address(found["origin"].lower(), path)
