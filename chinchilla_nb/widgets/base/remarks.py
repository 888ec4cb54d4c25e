"""What was taken of the table that the runs of a session come from, as a list."""

from __future__ import annotations

from html import escape

from chinchilla_nb.session import Session

__all__ = ["remarks_html"]


def remarks_html(session: Session) -> str:
    """Return what was taken of a session's table as a list under its name; a `LeftOutList` has what was left out."""
    if not session.remarks:
        return ""
    table, *said = session.remarks
    table = table.removesuffix(":")
    items = "".join(f"<li>{escape(remark)}</li>" for remark in said)
    return f'<details class="cnb-remarks" open><summary>Read from {escape(table)}</summary><ul>{items}</ul></details>'
