"""Which requests the server answers: those of programs on this machine, and of its own pages."""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.log import log_request
from tornado.httputil import HTTPServerRequest
from tornado.routing import AnyMatches, Matcher, Rule, RuleRouter
from tornado.web import Application

from chinchilla_nb.serving.errors import ForeignRequest

__all__ = ["without_foreign_requests"]

HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.ASCII | re.IGNORECASE)
"""The names by which a browser on this machine reaches the server. A web site can let its own name lead to this machine
("DNS rebinding"): its pages could then read the answers, and their requests have that name as Host."""
ORIGINS = ("Origin", "Sec-WebSocket-Origin")
"""The headers that name the page from which a request comes; the second is that of old websockets, which Jupyter Server
reads too. A browser sends neither when it opens an address, as the command has it do."""
OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
"""What a browser says of an address that the user opens. Another page that embeds the address as an image, a script or
a frame names no origin, but other values here; other ports of this machine are the same site, so that the login cookie
would be sent with it and a kernel be started."""


class OwnRequests(Matcher):
    """Matches requests that name this machine as Host and, if they name an origin, this server."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return no arguments for a request that is answered, and None for one that is not."""
        host = request.headers.get("Host", "")
        # The port is not compared with that of the server: a tunnel to another machine may have one of its own.
        own = f"http://{host}".lower()
        origins = [request.headers[name] for name in ORIGINS if name in request.headers]
        is_own = HOSTS.fullmatch(host) and all(origin.lower() == own for origin in origins)
        return {} if is_own and not _is_embedded(request) else None


def _is_embedded(request: HTTPServerRequest) -> bool:
    """Return whether a browser says that a page of another server has the address loaded, other than by a link."""
    if request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}:
        return False
    return any(request.headers.get(name) != value for name, value in OPENED.items())


def without_foreign_requests(app: Application) -> RuleRouter:
    """Return a router that refuses requests under other names and from other pages, also those for static files."""
    refused = Application([(r".*", ForeignRequest)], log_function=log_request)
    return RuleRouter([Rule(OwnRequests(), app), Rule(AnyMatches(), refused)])
