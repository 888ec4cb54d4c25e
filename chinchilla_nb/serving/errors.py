"""Answers to requests that cannot be served: a status, no traceback in the owner's terminal, and no template."""

from __future__ import annotations

from typing import Any

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.web import HTTPError, RequestHandler, StaticFileHandler

__all__ = ["with_plain_errors"]


class PlainErrors(RequestHandler):
    """Answers errors with Tornado's page; that of Jupyter Server needs templates and static files that Voila lacks."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the page of an error."""
        RequestHandler.write_error(self, status_code, **kwargs)


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
