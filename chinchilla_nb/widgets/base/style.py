"""The look of panels: a style sheet that follows the theme of the page, and pieces of HTML.

Colours come from JupyterLab's CSS variables, which Voila and Notebook define too; elsewhere the fallbacks apply.
Every function here escapes the text it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

import ipywidgets

from chinchilla_nb.engine.sentences import sentence as plain_sentence
from chinchilla_nb.figures import loss_steps
from chinchilla_nb.widgets.base.accessible_names import NAMES
from chinchilla_nb.widgets.base.palette import LOSS_COLOURS, palette_css

__all__ = ["ACCENT", "INK", "MUTED", "note", "sentence", "shade", "style_sheet", "tile_content", "tiles", "typeset"]

INK = "var(--cnb-ink, #212121)"
MUTED = "var(--cnb-muted, #6b6b6b)"
ACCENT = "var(--cnb-accent, #00796b)"


FOLDER = Path(__file__).resolve().parents[1]
SHARED_SHEETS = (
    "base/style.css",
    "base/buttons.css",
    "base/left_out.css",
    "base/lost_kernel.css",
    "charts/chart_card.css",
)
"""Sheets of every panel."""

_SUBSCRIPT = re.compile(r"(?<!\w)([A-Zα-ω])_(\w)(?!\w)")
_POWER = re.compile(r"\^(?:\(([^()]*)\)|([α-ω](?:<span[^>]*>\w</span>)?))")


def typeset(text: str) -> str:
    """Return text as HTML, with subscripts in symbols such as ``α_N`` and superscripts in powers such as ``N^α``."""
    # Not <sub>, which ipywidgets removes from the labels of inputs.
    lowered = _SUBSCRIPT.sub(r'\1<span class="cnb-sub">\2</span>', escape(text))
    return _POWER.sub(r"<sup>\1\2</sup>", lowered)


def style_sheet(*more: str) -> ipywidgets.HTML:
    """Return an invisible widget that styles the panel containing it and names its controls.

    There may be additional sheets for its class of panel.
    """
    files = (FOLDER / name for name in (*SHARED_SHEETS, *more))
    css = palette_css() + "".join(file.read_text(encoding="utf-8") for file in files)
    sheet = ipywidgets.HTML(f"<style>{css}</style>{NAMES}")
    sheet.add_class("cnb-sheet")
    return sheet


def sentence(text: str) -> str:
    """Return a sentence without a full stop, as the engine returns it, as it stands alone and may be broken."""
    return plain_sentence(text).replace(" %", "\u202f%")


def shade(place: float) -> str:
    """Return the colour of the theme at a position on the loss scale, from 0 (lowest loss) to 1 (highest), for CSS."""
    return LOSS_COLOURS[int(loss_steps(place))]


def tiles(facts: Iterable[tuple[str, ...]]) -> str:
    """Return named numbers side by side: each a name, a value and its intervals, of which several need more width."""
    cells = (f'<div class="cnb-tile{" cnb-wide" * (len(fact) > 3)}">{tile_content(*fact)}</div>' for fact in facts)
    return f'<div class="cnb-tiles">{"".join(cells)}</div>'


def tile_content(name: str, value: str, *intervals: str) -> str:
    """Return what stands in a tile."""
    shown = f'<div class="cnb-name">{typeset(name)}</div><div class="cnb-value">{escape(value)}</div>'
    return shown + "".join(f'<div class="cnb-interval">{escape(interval)}</div>' for interval in intervals)


def note(kind: str, text: str) -> str:
    """Return a paragraph of the kind ``"good"``, ``"warn"`` or ``"bad"``."""
    role = "alert" if kind == "bad" else "note"
    return f'<div class="cnb-note cnb-{kind}" role="{role}"><span>{escape(text)}</span></div>'
