"""What was taken of the table that the runs of a session come from, as a list."""

from __future__ import annotations

from html import escape

from chinchilla_nb.session import Session

__all__ = ["remarks_html"]


def remarks_html(session: Session) -> str:
    """Return the remarks of a session as a list under the name of its table; empty without any.

    The last remark, on rows that are left out, is not repeated here: a `LeftOutList` has all of them.
    """
    if not session.remarks:
        return ""
    table, *said = session.remarks
    table = table.removesuffix(":")
    if any(one.source == table for one in session.left_out):
        said.pop()
    items = "".join(f"<li>{escape(remark)}</li>" for remark in said)
    return f'<details class="cnb-remarks" open><summary>Read from {escape(table)}</summary><ul>{items}</ul></details>'
