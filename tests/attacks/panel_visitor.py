"""A visitor of a page of panels: sends what a browser sends over Voila's connection, and nothing else.

Voila forwards only comm messages: state of widgets, which need not be visible or enabled on the page, and clicks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

SECONDS = 60
"""Time for one message on a busy machine, so that an attack that hangs the kernel fails instead of hanging the test."""


class Visitor:
    """What the kernel's owner runs, and what a visitor of the page sends.

    Parameters
    ----------
    client : BlockingKernelClient
        Connected to a kernel that runs.
    """

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def owner_runs(self, code: str) -> str:
        """Run code as a cell of the owner's notebook, and return what it printed."""
        printed: list[str] = []

        def collect(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self._client.execute_interactive(code, timeout=SECONDS, output_hook=collect)
        assert reply["content"]["status"] == "ok", "\n".join(reply["content"]["traceback"])
        return "".join(printed).strip()

    def sets(self, widget: str, **state: Any) -> None:
        """Set traits of a widget, given as an expression of the owner's, over its comm."""
        self.sends(self._model(widget), {"method": "update", "state": state, "buffer_paths": []})

    def clicks(self, button: str) -> None:
        """Click a button, given as an expression of the owner's."""
        self.sends(self._model(button), {"method": "custom", "content": {"event": "click"}})

    def sends(self, model: str, data: dict[str, Any]) -> None:
        """Send a message to the widget with this model."""
        self._client.shell_channel.send(self._client.session.msg("comm_msg", {"comm_id": model, "data": data}))

    def _model(self, widget: str) -> str:
        return self.owner_runs(f"print({widget}.model_id)")


@contextmanager
def visited_kernel(folder: Path) -> Iterator[Visitor]:
    """Run a kernel in a folder, and stop it when the block ends."""
    manager, client = start_new_kernel(cwd=str(folder), startup_timeout=SECONDS)
    try:
        yield Visitor(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
