"""The text in a box of a panel that a click copies."""

from __future__ import annotations

import html
import re

import ipywidgets


def copied_text(box: ipywidgets.HTML) -> str:
    """Return the text of the box, without its button."""
    found = re.search(r"<pre[^>]*>(.*?)</pre>", box.value, re.DOTALL)
    assert found is not None, box.value
    return html.unescape(found[1])
