"""Request handlers that replace some of Voila's."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, authenticated
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from chinchilla_nb.serving.first_page import FAILED, FIRST

__all__ = ["Channels", "Page"]

PROTOCOL = "v1.kernel.websocket.jupyter.org"
"""The only protocol of kernel messages that Voila reads correctly; its page always asks for it."""
CLEAN_ADDRESS = """<script>{
  const address = new URL(location);
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}</script>"""
"""Removes the token from the address bar and the history, as pages of Jupyter Server do."""
NUMBER = 8
"""Bytes of a number in a message of that protocol."""


class Page(TornadoVoilaHandler):
    """The page; each request starts a kernel."""

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Show the page and set its cookies; nothing after this request needs the token."""
        if path:
            raise HTTPError(404)
        _forget_token(self.request)
        # Reading it sets the cookie that the page returns when it asks to shut down its kernel.
        _ = self.xsrf_token
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write(FIRST + CLEAN_ADDRESS)
        await self.flush()
        try:
            await super().get(path)
        except Exception:
            # The status has been sent: all that can still be said is in the page.
            self.log.exception("chinchilla-nb: the kernel of the page did not start")
            self.write(FAILED)


def _forget_token(request: HTTPServerRequest) -> None:
    """Remove the token from a request that it has admitted: Voila puts the address into the kernel's environment."""
    request.query = urlencode([(name, value) for name, value in parse_qsl(request.query) if name != "token"])
    request.uri = f"{request.path}?{request.query}".rstrip("?")


class Channels(VoilaKernelWebsocketHandler):
    """The messages between the page and its kernel."""

    async def get(self, kernel_id: str) -> None:
        """Refuse other protocols: Voila takes their messages for ones of this protocol with up to 2^64 parts."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in (name.strip() for name in offered.split(",")):
            raise HTTPError(400, f"the client must offer the protocol {PROTOCOL}")
        await super().get(kernel_id)

    def on_message(self, ws_message: str | bytes) -> None:
        """Pass a message on, and end the connection of a client that sends something else."""
        if _is_complete(ws_message):
            super().on_message(ws_message)
        else:
            self.close(1003, "not a kernel message")


def _is_complete(message: str | bytes) -> bool:
    """Return whether a message is as long as its number of parts requires; Jupyter Server does not check it."""
    if isinstance(message, str):
        return False
    offsets = int.from_bytes(message[:NUMBER], "little")
    return 2 < offsets and NUMBER * (offsets + 1) <= len(message)
