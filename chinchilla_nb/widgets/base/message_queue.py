"""The queue of messages from a kernel to its page, which must hold those that create the widgets of all panels.

ZeroMQ drops what exceeds a queue, 1,000 messages by default. The cell that opens a workbench sends 1,200, usually while
they are read. On a busy machine they can be sent at once, and the page then showed no workbench: one page in a hundred.
"""

from __future__ import annotations

from typing import Any

from IPython.core.getipython import get_ipython

__all__ = ["lengthen_message_queue"]

MESSAGES = 100_000
"""Most messages that wait for a page: those of some eighty workbenches, about 100 MB."""


def lengthen_message_queue() -> None:
    """Let more messages of this kernel wait; outside ipykernel, nothing is done."""
    thread: Any = getattr(getattr(get_ipython(), "kernel", None), "iopub_thread", None)
    if hasattr(thread, "schedule"):
        # In the thread that sends, which alone may use the socket, and before the messages that are sent after this.
        thread.schedule(lambda: _lengthen(thread.socket))


def _lengthen(socket: Any) -> None:
    # 0 is no limit, and a kernel inside another process has no such socket.
    if 0 < getattr(socket, "sndhwm", 0) < MESSAGES:
        socket.sndhwm = MESSAGES
