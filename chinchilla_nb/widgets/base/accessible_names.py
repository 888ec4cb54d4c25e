"""Names of controls for screen readers: ipywidgets names no slider, and no input whose label stands elsewhere."""

from __future__ import annotations

from html import escape

from chinchilla_nb.widgets.base.page_actions import at_once

__all__ = ["NAMES", "read_out"]


def read_out(slider: str, value: str, css_class: str = "") -> str:
    """Return the value of a slider as people read it, where the slider itself holds a logarithm.

    Parameters
    ----------
    slider : str
        The name of the slider, which stands in the same bar.
    value : str
    css_class : str
    """
    return f'<span class="{css_class}" data-slider="{escape(slider)}">{escape(value)}</span>'


# Not `field.labels`, for which Chromium searches the whole document for each field.
NAMES = at_once(
    """
const panel = this.closest('.cnb');
if (!panel) return;
const set = (element, name, text) => {
  if (text && element.getAttribute(name) !== text) element.setAttribute(name, text);
};
const label = field => field.closest('label') || field.closest('.jupyter-widgets')?.querySelector('label');
const plain = element => (element ? element.textContent : '').replace(/\\u200b/g, '').trim();
const name = () => {
  waiting = false;
  panel.querySelectorAll('input, select, textarea').forEach(field => {
    if (!plain(label(field))) set(field, 'aria-label', field.title);
  });
  panel.querySelectorAll('button.cnb-interval').forEach(button => {
    set(button, 'aria-label', `${plain(button)}, ${button.title}`);
  });
  panel.querySelectorAll('.noUi-handle').forEach(handle => {
    const bar = handle.closest('.cnb-bar'), slider = handle.closest('.widget-inline-hbox');
    const read = bar && bar.querySelector('[data-slider]');
    set(handle, 'aria-label', plain(slider && slider.querySelector('.widget-label')) || (read && read.dataset.slider));
    set(handle, 'aria-valuetext', plain(read));
  });
};
let waiting = false;
const later = () => { if (!waiting) { waiting = true; setTimeout(name, 200); } };
new MutationObserver(later).observe(panel, {
  subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['aria-valuetext', 'title'],
});
later();
"""
)
"""An invisible element that names the controls of the panel around it, also those that appear later. The name is the
tooltip of a control without a label."""
