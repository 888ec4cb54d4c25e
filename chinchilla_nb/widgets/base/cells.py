"""Which widgets stand in which cell of a notebook, so that a cell that runs again closes what it showed before."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.getipython import get_ipython

__all__ = ["take_cell"]

_places: WeakKeyDictionary[Any, dict[str | None, str]] = WeakKeyDictionary()
"""By widget, the cells it was displayed in, each with the message that ran it; None is a place that is no cell.

One for the process, as a kernel has one notebook and cells outlive sessions: ``Workbench("folder")`` opens another
session each time. It keeps no widget alive.
"""


def take_cell(widget: Any) -> None:
    """Note that a widget is displayed, and close those that an earlier run of the same cell displayed there alone.

    Their outputs are gone from the page, but nothing else would tell: each would keep its models, observers and threads
    until the kernel ends. What one run of a cell displays lives side by side. Without the name of the cell, which
    JupyterLab, Notebook 7 and VS Code send, nothing is closed.
    """
    cell, run = _running_cell()
    if cell is not None:
        for other, places in list(_places.items()):
            if places.get(cell, run) != run:
                del places[cell]
                if other is not widget and not places:
                    other.close()
    _places.setdefault(widget, {})[cell] = run


def _running_cell() -> tuple[str | None, str]:
    """Return the name of the cell that runs and the message that runs it; None and "" outside of one."""
    message = getattr(get_ipython(), "parent_header", None) or {}
    header = message.get("header", {})
    if header.get("msg_type") != "execute_request":
        return None, ""
    return message.get("metadata", {}).get("cellId"), header["msg_id"]
