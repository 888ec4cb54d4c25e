"""The server, as a process that the command starts: ``python -m chinchilla_nb.serving.server``.

It is Voila for one page, with Jupyter Server's token, login cookie and checks of Host and Origin. It reads an `Order`
from standard input, writes the port it listens on to standard output, and ends when standard input does, which the
operating system closes however the command ends.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.auth.logout import LogoutHandler
from jupyter_server.log import log_request
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from chinchilla_nb.printable import printable
from chinchilla_nb.serving.address import LOCAL, Address
from chinchilla_nb.serving.errors import with_plain_errors
from chinchilla_nb.serving.handlers import Channels, Page
from chinchilla_nb.serving.kernels import Kernels, OwnKernel
from chinchilla_nb.serving.order import LISTENING, PAGE, STOP_SECONDS, Order
from chinchilla_nb.serving.origins import without_foreign_requests

CULL_SECONDS = 60
"""A kernel without a page ends after this time: a page connects within seconds of being loaded, and loads again with a
kernel of its own."""
CULL_PERIOD = 15
"""Seconds between two looks for such kernels."""
REPLACED = {TornadoVoilaHandler: Page, VoilaKernelWebsocketHandler: Channels}
"""Handlers of Voila, and those used instead."""
EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    # Voila loads the one for the installed ipywidgets.
    "@voila-dashboards/widgets-manager7",
    "@voila-dashboards/widgets-manager8",
    "bqplot",
    "bqscales",
]
"""The extensions of JupyterLab that the page needs; by default Voila loads all that are installed."""
HEADERS = {
    # The page is the same without a network, and no text of others in it can load or send anything elsewhere. Voila's
    # template asks another host for a style sheet. Widgets need inline scripts and styles, and `eval`.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    # The address that the command prints contains the token.
    "Referrer-Policy": "no-referrer",
}
"""Headers of every answer except files."""
COLOURS = re.compile(r"\x1b\[[\d;]*m")
"""The escape sequences that colour the tracebacks of kernels."""


class PlainText(logging.Formatter):
    """Formats messages, which may quote requests and errors: without the token, colours and control characters."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a message and its traceback."""
        text = COLOURS.sub("", super().format(record).replace(self.token, "..."))
        return "\n".join(printable(line) for line in text.split("\n"))


class WorkbenchServer(Voila):
    """Voila on one page, which only the token opens.

    Attributes
    ----------
    address : Address
        Where the page is, seen from a browser.
    """

    address: Address = LOCAL

    def _config_file_paths_default(self) -> list[str]:
        # By default it executes voila.py of the current folder. The user's settings are meant for other pages.
        return []

    def init_handlers(self) -> list[Any]:
        """Return Voila's handlers, some of them replaced, without the pages of Jupyter Server that log in and out.

        They speak of passwords and commands that the workbench does not have.
        """
        return [
            (pattern, with_plain_errors(REPLACED.get(kind, kind)), *more)
            for pattern, kind, *more in super().init_handlers()
            if not issubclass(kind, (LoginFormHandler, LogoutHandler))
        ]

    def listen(self) -> None:
        """Listen, tell the command, and serve until the loop is stopped."""
        try:
            sockets = bind_sockets(self.port, self.ip)
        except OSError as error:
            sys.exit(f"chinchilla-nb: port {self.port} cannot be used: {error.strerror}")
        HTTPServer(without_foreign_requests(self.app, self.address)).add_sockets(sockets)
        self.ioloop = IOLoop.current()
        threading.Thread(target=_end_with_the_command, args=[self.ioloop], daemon=True).start()
        _report(sockets[0].getsockname()[1])
        try:
            self.ioloop.start()
        finally:
            self.stop()


def main() -> None:
    """Serve what standard input orders."""
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    # Tornado converts the port of every Host header to a number, and expects no error from many digits (Python 3.10.7).
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    # The instance, because Jupyter Server logs to its logger.
    server = WorkbenchServer.instance(config=_configuration(order))
    server.address = order.address
    _log_errors([server.log, logging.getLogger("tornado")], PlainText(order.token))
    try:
        server.initialize([])
        server.start()
    finally:
        # Here, because the command may have been killed. Windows removes no folder that a process works in.
        os.chdir(Path(order.folder).parent)
        shutil.rmtree(order.folder, ignore_errors=True)


def _configuration(order: Order) -> Config:
    address = order.address
    return Config(
        {
            "Voila": {
                "notebook_path": str(Path(order.folder) / PAGE),
                "token": order.token,
                "ip": "127.0.0.1",
                "port": order.port,
                # Links lead to the first; paths arrive without it, as the router removes it.
                "base_url": address.path,
                "server_url": "/",
                "open_browser": False,
                "log_level": logging.ERROR,
                "connection_dir_root": order.folder,
                "tornado_settings": {
                    # Voila admits any Host. Behind a proxy only the router knows which is right.
                    "allow_remote_access": address.is_proxied,
                    **({"allow_origin": address.origin} if address.origin else {}),
                    # Voila's log shows addresses with their token.
                    "log_function": log_request,
                    "headers": HEADERS,
                    # Other pages behind the same proxy have cookies of their own.
                    "xsrf_cookie_kwargs": {"path": address.path},
                },
            },
            "VoilaConfiguration": {
                "kernel_spec_manager_class": OwnKernel,
                "multi_kernel_manager_class": Kernels,
                # By default an address can name them, and Voila never answers one that names a template it lacks.
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                # Voila leaves out the base URL.
                "page_config_hook": lambda config, **_: {**config, "themesUrl": f"{address.path}voila/api/themes"},
                "extension_allowlist": EXTENSIONS,
            },
            "MappingKernelManager": {
                "cull_idle_timeout": CULL_SECONDS,
                "cull_interval": CULL_PERIOD,
                # Other users of this machine can connect to the sockets of a kernel and read what it sends.
                "transport_encryption": "auto",
            },
            "Kernels": {"unused_seconds": order.unused_seconds},
            # A kernel that has ended by itself is not started again: the panels of the page would not be in it.
            "AsyncIOLoopKernelRestarter": {"restart_limit": 0},
            "IdentityProvider": {"cookie_options": {"samesite": "Lax"}, **_own_cookie(address)},
        }
    )


def _own_cookie(address: Address) -> dict[str, Any]:
    """Return how the login cookie is named, if Jupyter Server behind the same proxy would name its own the same."""
    if not address.is_proxied:
        return {}
    name = "chinchilla-nb" + re.sub(r"[^a-zA-Z0-9]+", "-", address.path).rstrip("-")
    return {"cookie_name": name, "secure_cookie": address.origin.startswith("https:")}


def _log_errors(loggers: Sequence[logging.Logger], formatter: logging.Formatter) -> None:
    """Let some loggers print their errors, and nothing else, in one format."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    for logger in loggers:
        logger.handlers[:] = [handler]
        logger.setLevel(logging.ERROR)
        logger.propagate = False


def _report(port: int) -> None:
    """Tell the command the port; what is printed from here on goes to the terminal."""
    os.write(1, f"{LISTENING} {port}\n".encode())
    os.dup2(2, 1)


def _end_with_the_command(loop: IOLoop) -> None:
    """Stop the loop at the end of standard input, and the process if kernels do not end in time."""
    while os.read(0, 1):
        pass
    loop.add_callback(loop.stop)
    time.sleep(STOP_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
    # Nothing is left to do. Python would take all modules apart first, which takes seconds on a busy machine.
    os._exit(0)
