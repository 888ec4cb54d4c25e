"""What only a page can do: put text on the clipboard, and save a file. Both take one click.

An HTML widget runs no scripts, but the handlers of its elements: `onclick` of a button, and `onerror` of an image that
is empty, which begins something when the kernel has answered a click. The page lets it, because a click is remembered
for some seconds.
"""

from __future__ import annotations

import base64
import itertools
import json
from html import escape

import ipywidgets

__all__ = ["Download", "at_once", "copied_at_once", "copy_block", "download_link"]

_numbers = itertools.count()

# Works without a secure context, too: there a page has no `navigator.clipboard`, but can copy what is selected.
_COPY = """
const pre = box.querySelector('pre'), said = box.querySelector('.cnb-said');
const say = text => { said.textContent = text; };
const select = () => {
  pre.hidden = false;
  const range = document.createRange(), selection = getSelection();
  range.selectNodeContents(pre); selection.removeAllRanges(); selection.addRange(range);
};
const old = () => { select(); say(document.execCommand('copy') ? 'Copied' : 'Press Ctrl+C to copy'); };
if (navigator.clipboard) navigator.clipboard.writeText(pre.textContent).then(() => say('Copied'), old); else old();
"""
_ONCE = """
const done = window.chinchillaDone = window.chinchillaDone || new Set();
if (done.has(number)) return;
done.add(number);
"""
"""Two views of one widget, and a view that is shown again, do something once."""
_COPY_AT_ONCE = f"""{_ONCE}
const box = this.parentNode;
if (navigator.userActivation && !navigator.userActivation.isActive) return;
{_COPY}
"""
"""A page that is opened again shows the text, but puts nothing on the clipboard."""
_SAVE = f"""{_ONCE}
const link = document.createElement('a');
link.href = href; link.download = name; link.click();
"""


class Download(ipywidgets.HTML):
    """Saves a file as soon as it is offered, and leaves a link to save it again."""

    def offer(self, name: str, mime: str, content: bytes) -> None:
        """Save a file in the page that has asked for it.

        Parameters
        ----------
        name, mime : str
        content : bytes
        """
        self.value = at_once(_SAVE, number=next(_numbers), name=name, href=_data(mime, content))
        self.value = download_link(name, mime, content)  # a page that is opened again saves nothing

    def clear(self) -> None:
        """Remove the link, because its file no longer matches what is shown."""
        self.value = ""


def copy_block(text: str, what: str) -> str:
    """Return text in a box, with a button that copies all of it; `what` it is, in a few words, is the button's name."""
    handler = _handler("const box = this.parentNode.parentNode;" + _COPY)
    return (
        f'<div class="cnb-copy"><div class="cnb-copy-bar"><button type="button" class="jupyter-button widget-button" '
        f'aria-label="Copy {escape(what)}" onclick="{handler}">Copy</button>'
        f'<span class="cnb-said cnb-muted" role="status"></span></div>{_selectable(text)}</div>'
    )


def copied_at_once(text: str) -> str:
    """Return text in a box that is copied when it appears, if that follows a click."""
    said = '<span class="cnb-said cnb-muted" role="status"></span>'
    return f"<div>{said}{_selectable(text)}{at_once(_COPY_AT_ONCE, number=next(_numbers))}</div>"


def at_once(script: str, **values: str | int) -> str:
    """Return an invisible element that runs a script of ours when it is shown, with these constants.

    The script must be a constant: whatever comes from a user is passed as a value.
    """
    constants = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
    return f'<img hidden alt="" src="data:," onerror="{_handler(constants + script)}">'


def download_link(name: str, mime: str, content: bytes) -> str:
    """Return a link that contains the content and downloads it as a file."""
    size = f"{len(content) / 1000:,.0f} kB" if len(content) >= 1000 else f"{len(content)} bytes"
    return (
        f'<a class="cnb-download" download="{escape(name)}" href="{_data(mime, content)}">'
        f'Download {escape(name)}</a> <span class="cnb-muted">{size}</span>'
    )


def _selectable(text: str) -> str:
    return f'<pre class="cnb-code" tabindex="0" title="A click selects all">{escape(text)}</pre>'


def _data(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def _handler(script: str) -> str:
    """Return a script as the value of an attribute; a block of its own can return early."""
    return escape(f"(function () {{ {' '.join(script.split())} }}).call(this)")
