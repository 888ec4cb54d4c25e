"""Answers to requests that cannot be served: a page that says why, and no traceback in the owner's terminal."""

from __future__ import annotations

import http
from typing import Any

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.web import HTTPError, RequestHandler, StaticFileHandler

__all__ = ["ForeignRequest", "PlainErrors", "with_plain_errors"]

OPEN_AGAIN = "Open the address that <code>chinchilla-nb</code> prints in its terminal when it starts."
NO_TOKEN = f"This address lacks the token of the workbench that is running. {OPEN_AGAIN}"
FOREIGN = f"This request comes from another page, or names another host. {OPEN_AGAIN}"
REASONS = {
    403: f"This request is not allowed. {OPEN_AGAIN}",
    404: 'There is nothing at this address. <a href="{base}">Open the workbench.</a>',
    500: "The server failed to answer. Its terminal shows the error; reload the page to try again.",
}
"""What was wrong and what to do, for the answers that a person may see."""
OTHER_REASON = 'The workbench does not answer such requests. <a href="{base}">Open the workbench.</a>'
# "light dark" lets the browser use its dark colours where the user prefers them.
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 38rem; margin: 15vh auto; padding: 0 1rem; }}
</style></head>
<body><h1>{title}</h1><p>{reason}</p></body></html>
"""


class PlainErrors(RequestHandler):
    """Answers errors with a page of its own; that of Jupyter Server needs templates and files that Voila lacks."""

    refusal = ""
    """Why this request is refused, as HTML, where the status does not say it."""

    def get_login_url(self) -> str:
        """Refuse whoever has no token; there is no page to log in, because the printed address contains the token."""
        self.refusal = NO_TOKEN
        raise HTTPError(403)

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Write the page of an error."""
        title = f"{status_code} {http.HTTPStatus(status_code).phrase}"
        reason = self.refusal or REASONS.get(status_code, OTHER_REASON).format(base=self.settings["base_url"])
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(PAGE.format(title=title, reason=reason))


class ForeignRequest(PlainErrors):
    """Refuses requests of other pages and for other hosts."""

    def prepare(self) -> None:
        """Refuse the request, whatever its method."""
        self.refusal = FOREIGN
        raise HTTPError(403)


class StaticFiles(PlainErrors, StaticFileHandler):
    """Files of Voila and its templates."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Send a file; an address that cannot be split into template, folder and file leads to none.

        Python raises a `ValueError` for a null character, and so does Voila for an address with too few parts.
        Voila asserts that the folder is ``static``.
        """
        try:
            await super().get(path, include_body)
        except (ValueError, AssertionError):
            raise HTTPError(404) from None


def with_plain_errors(kind: type[RequestHandler]) -> type[RequestHandler]:
    """Return a kind of handler that refuses malformed requests in this way; those of the API already do, in JSON."""
    if issubclass(kind, APIHandler):
        return kind
    # Jupyter Server's handlers of files check addresses themselves, and mark `get` as open to everyone.
    is_static = issubclass(kind, StaticFileHandler) and not issubclass(kind, JupyterHandler)
    plain = StaticFiles if is_static else PlainErrors
    return type(kind.__name__, (plain, kind), {})
