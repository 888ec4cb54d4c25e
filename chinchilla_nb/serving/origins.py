"""Which requests the server answers: those of programs on this machine, and of its own pages."""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.log import log_request
from tornado.httputil import HTTPServerRequest
from tornado.routing import AnyMatches, Matcher, Rule, RuleRouter
from tornado.web import Application, ErrorHandler

__all__ = ["without_foreign_requests"]

HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.ASCII | re.IGNORECASE)
"""The names by which a browser on this machine reaches the server. A web site can let its own name lead to this machine
("DNS rebinding"): its pages could then read the answers, and their requests have that name as Host."""
ORIGINS = ("Origin", "Sec-WebSocket-Origin")
"""The headers that name the page from which a request comes; the second is that of old websockets, which Jupyter Server
reads too. A browser sends neither when it opens an address, as the command has it do."""


class OwnRequests(Matcher):
    """Matches requests that name this machine as Host and, if they name an origin, this server."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return no arguments for a request that is answered, and None for one that is not."""
        host = request.headers.get("Host", "")
        # The port is not compared with that of the server: a tunnel to another machine may have one of its own.
        own = f"http://{host}".lower()
        origins = [request.headers[name] for name in ORIGINS if name in request.headers]
        is_own = HOSTS.fullmatch(host) and all(origin.lower() == own for origin in origins)
        return {} if is_own else None


def without_foreign_requests(app: Application) -> RuleRouter:
    """Return a router that refuses requests under other names and from other pages, those for static files too."""
    refused = Application([(r".*", ErrorHandler, {"status_code": 403})], log_function=log_request)
    return RuleRouter([Rule(OwnRequests(), app), Rule(AnyMatches(), refused)])
