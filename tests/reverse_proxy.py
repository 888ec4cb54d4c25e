"""A small reverse proxy as a process of its own, as JupyterHub and jupyter-server-proxy are: HTTP and websockets.

``python reverse_proxy.py UPSTREAM PREFIX [strip] [own-host]`` listens on a free port of this machine and prints it. It
passes on what lies below the prefix: with ``strip`` without the prefix, with ``own-host`` under the upstream's name
instead of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "content-encoding"}
"""Headers of one connection, which are not passed on."""
HANDSHAKE = ("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol")
MOST_BYTES = 100_000_000


@contextlib.contextmanager
def proxying(upstream: str, prefix: str, *options: str) -> Iterator[str]:
    """Run the proxy until the block ends; gives its origin.

    Parameters
    ----------
    upstream : str
        Host and port.
    prefix : str
        Begins and ends with a slash.
    *options : str
        As above.
    """
    command = [sys.executable, str(Path(__file__)), upstream, prefix, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


class Proxy(WebSocketHandler, RequestHandler):
    """Passes on one request or connection."""

    def initialize(self, upstream: str, removed: int, own_host: bool) -> None:
        self.upstream, self.removed, self.own_host = upstream, removed, own_host

    def check_origin(self, _origin: str) -> bool:
        return True

    def select_subprotocol(self, offered: list[str]) -> str | None:
        return offered[0] if offered else None

    def _request(self, scheme: str, **options: object) -> HTTPRequest:
        headers = self.request.headers.copy()
        for name in [name for name in headers if name.lower() in {*HOP, *HANDSHAKE}]:
            del headers[name]
        if self.own_host:
            headers["Host"] = self.upstream
        url = f"{scheme}://{self.upstream}{self.request.uri[self.removed :]}"
        return HTTPRequest(url, headers=headers, follow_redirects=False, request_timeout=120, **options)

    async def get(self, *_: str) -> None:
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            offered = self.request.headers.get("Sec-WebSocket-Protocol", "").split(", ")
            self.further = await websocket_connect(
                self._request("ws"), subprotocols=offered, max_message_size=MOST_BYTES, on_message_callback=self._back
            )
            await super().get()
        else:
            await self._pass_on()

    async def post(self, *_: str) -> None:
        await self._pass_on()

    async def _pass_on(self) -> None:
        request = self._request("http", method=self.request.method, body=self.request.body or None)
        request.allow_nonstandard_methods = True
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        if answer.code == 599:
            self.send_error(502)
            return
        self.set_status(answer.code)
        for name, value in answer.headers.get_all():
            if name.lower() not in HOP:
                self.add_header(name, value) if name == "Set-Cookie" else self.set_header(name, value)
        self.write(answer.body or b"") if answer.body else None
        self.finish()

    async def on_message(self, message: str | bytes) -> None:
        await self.further.write_message(message, isinstance(message, bytes))

    def on_close(self) -> None:
        self.further.close()

    def _back(self, message: str | bytes | None) -> None:
        if message is None:
            self.close()
        else:
            self.write_message(message, isinstance(message, bytes))


async def main(upstream: str, prefix: str, *options: str) -> None:
    removed = len(prefix) - 1 if "strip" in options else 0
    arguments = {"upstream": upstream, "removed": removed, "own_host": "own-host" in options}
    app = Application([(f"{prefix}(.*)", Proxy, arguments)], websocket_max_message_size=MOST_BYTES)
    AsyncHTTPClient.configure(None, max_body_size=MOST_BYTES)
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(app).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
