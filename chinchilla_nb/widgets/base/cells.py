"""Track which cell displays which widget, so that running a cell again closes the widgets it displayed before."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.getipython import get_ipython

__all__ = ["register_display"]

_places: WeakKeyDictionary[Any, dict[str | None, str]] = WeakKeyDictionary()
"""For each widget, the cells that display it and the message that ran each; None stands for a place outside a cell.

Shared by the whole process, because a kernel serves one notebook and cells outlive sessions: ``Workbench("folder")``
opens another session each time. The references are weak, so no widget is kept alive.
"""


def register_display(widget: Any) -> None:
    """Record that a widget is displayed, and close the widgets that only an earlier run of the same cell displayed.

    Jupyter removes their outputs from the page without notifying them, so each would keep its models, observers and
    threads until the kernel ends. Widgets displayed by the same run of a cell do not close each other. Nothing is
    closed when the frontend does not send the cell's ID, as JupyterLab, Notebook 7 and VS Code do.
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
    """Return the ID of the running cell and of the message that runs it, or None and "" outside a cell."""
    message = getattr(get_ipython(), "parent_header", None) or {}
    header = message.get("header", {})
    if header.get("msg_type") != "execute_request":
        return None, ""
    return message.get("metadata", {}).get("cellId"), header["msg_id"]
