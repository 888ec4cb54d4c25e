"""Which requests the server answers: those of its own pages, under the names of this machine or of its proxy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from jupyter_server.log import log_request
from tornado.httputil import HTTPServerRequest
from tornado.routing import AnyMatches, Matcher, Rule, RuleRouter
from tornado.web import Application

from chinchilla_nb.serving.address import Address
from chinchilla_nb.serving.errors import ForeignRequest

__all__ = ["without_foreign_requests"]

HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.ASCII | re.IGNORECASE)
"""The names by which a browser on this machine reaches the server. A web site can let its own name lead to this machine
("DNS rebinding"): its pages could then read the answers, and their requests have that name as Host."""
ANY_HOST = re.compile(r"[\w.-]+(:\d+)?", re.ASCII)
"""The names by which a proxy of unknown origin is reached. Whoever comes under another name has neither the token nor,
as browsers keep cookies by name, the cookie."""
ORIGINS = ("Origin", "Sec-WebSocket-Origin")
"""The headers that name the page from which a request comes; the second is that of old websockets, which Jupyter Server
reads too. A browser sends neither when it opens an address, as the command has it do."""
OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
"""What a browser says of an address that the user opens. Another page that embeds the address as an image, a script or
a frame names no origin, but other values here; other ports of this machine are the same site, so that the login cookie
would be sent with it and a kernel be started."""


@dataclass(frozen=True)
class OwnRequests(Matcher):
    """Matches requests under a name of this machine or of the proxy that, if they name an origin, come from the page.

    Parameters
    ----------
    address : Address
    """

    address: Address

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return no arguments for a request that is answered, and None for one that is not."""
        host = request.headers.get("Host", "").lower()
        origins = [request.headers[name].lower() for name in ORIGINS if name in request.headers]
        is_own = self._is_host(host) and all(self._is_origin(origin, host) for origin in origins)
        return {} if is_own and not _is_embedded(request) else None

    def _is_host(self, host: str) -> bool:
        if HOSTS.fullmatch(host):
            return True
        origin = self.address.origin
        if origin:
            return host == origin.partition("://")[2]
        return self.address.is_proxied and ANY_HOST.fullmatch(host) is not None

    def _is_origin(self, origin: str, host: str) -> bool:
        # The port is not compared with that of the server: a tunnel to another machine may have one of its own.
        if self.address.origin:
            return origin in {self.address.origin, f"http://{host}"}
        # The connection to a proxy may be encrypted although that from the proxy is not.
        return origin == f"http://{host}" or (self.address.is_proxied and origin == f"https://{host}")


def _is_embedded(request: HTTPServerRequest) -> bool:
    """Return whether a browser says that a page of another server has the address loaded, other than by a link."""
    if request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return False
    return any(request.headers.get(name) != value for name, value in OPENED.items())


class _WithoutPrefix(RuleRouter):
    """Routes requests by their path below the address of the page, whether or not the proxy has removed its prefix."""

    def __init__(self, rules: list[Rule], address: Address) -> None:
        super().__init__(rules)
        self.address = address

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> Any:
        """Return what answers a request."""
        path = self.address.inside(request.path)
        if path != request.path:
            request.uri = (request.uri or "").replace(request.path, path, 1)
            request.path = path
        return super().find_handler(request, **options)


def without_foreign_requests(app: Application, address: Address) -> RuleRouter:
    """Return a router that refuses requests under other names and from other pages, also those for static files."""
    refused = Application([(r".*", ForeignRequest)], log_function=log_request, base_url=address.path)
    return _WithoutPrefix([Rule(OwnRequests(address), app), Rule(AnyMatches(), refused)], address)
