"""Track which cell displays which widget, so that running a cell again closes the widgets it displayed before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.getipython import get_ipython

# ipywidgets 8 deprecates its public name, Widget.widgets, and names no other.
from ipywidgets.widgets.widget import _instances as _open_widgets

__all__ = ["is_shown_elsewhere", "register_creation", "register_display"]

_places: WeakKeyDictionary[Any, dict[str | None, str]] = WeakKeyDictionary()
"""For each widget, the cells that display it and the message that ran each; None stands for a place outside a cell.

Shared by the whole process, because a kernel serves one notebook and cells outlive sessions: ``Workbench("folder")``
opens another session each time. The references are weak, so no widget is kept alive.
"""
_creations: WeakKeyDictionary[Any, tuple[str | None, str]] = WeakKeyDictionary()
"""The cell that created each widget, and the message that ran it."""
_runs: dict[str | None, str] = {}
"""The message that last ran each cell that created or displayed a widget."""


def register_creation(widget: Any) -> None:
    """Record which cell creates a widget that contains panels."""
    cell, run = _running_cell()
    _creations[widget] = cell, run
    _runs[cell] = run


def register_display(widget: Any) -> None:
    """Record that a widget is displayed, and close the widgets that only an earlier run of the same cell displayed.

    Jupyter removes their outputs from the page without notifying them, so each would keep its models, observers and
    threads until the kernel ends. Widgets displayed by the same run of a cell do not close each other, and a widget
    that something else still shows stays open: another cell, a workbench, or any box of ipywidgets that contains it.
    Nothing is closed when the frontend does not send the cell's ID, as JupyterLab, Notebook 7 and VS Code do.
    """
    cell, run = _running_cell()
    _places.setdefault(widget, {})[cell] = run
    _runs[cell] = run
    if cell is None:
        return
    unshown = []
    for other, places in list(_places.items()):
        if places.get(cell, run) != run:
            del places[cell]
            unshown += [other] if not places else []
    for other in unshown:
        if not is_shown_elsewhere(other):
            other.close()


def is_shown_elsewhere(widget: Any, besides: Any = None) -> bool:
    """Return whether a cell shows a widget, or something other than `besides` that contains it.

    A workbench that no cell shows counts while the last run of its cell created it: then a variable may hold it.
    """
    return bool(_places.get(widget)) or any(_may_be_shown(one) for one in _outermost(widget, besides))


def _may_be_shown(outermost: Any) -> bool:
    if outermost not in _creations:  # a box of the user's, which tells nobody where it is displayed
        return True
    cell, run = _creations[outermost]
    return bool(_places.get(outermost)) or _runs.get(cell) == run


def _outermost(widget: Any, besides: Any) -> Iterator[Any]:
    """Yield the open widgets that contain a widget, directly or in others, and are themselves in no other."""
    boxes: dict[Any, list[Any]] = {}
    for box in list(_open_widgets.values()):
        for part in _contents(box):
            boxes.setdefault(part, []).append(box)
    todo, seen = list(boxes.get(widget, ())), {widget}
    while todo:
        box = todo.pop()
        if box not in seen and box is not besides:
            seen.add(box)
            if box in boxes:
                todo += boxes[box]
            else:
                yield box


def _contents(box: Any) -> Iterable[Any]:
    """Return what a widget shows, and the panels that a workbench can show."""
    return (*getattr(box, "children", ()), *getattr(box, "contained", ()))


def _running_cell() -> tuple[str | None, str]:
    """Return the ID of the running cell and of the message that runs it, or None and "" outside a cell."""
    message = getattr(get_ipython(), "parent_header", None) or {}
    header = message.get("header", {})
    if header.get("msg_type") != "execute_request":
        return None, ""
    return message.get("metadata", {}).get("cellId"), header["msg_id"]
