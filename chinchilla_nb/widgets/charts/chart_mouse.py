"""What a page does with the mouse before bqplot: clicks reach dots in every mode, and drags may begin beside the plot.

In the modes that pan, zoom and select, bqplot lays a rectangle over the plot that takes all events, so that no dot
beneath it is ever clicked; and it hears nothing of a drag that begins on the axis.
"""

from __future__ import annotations

from chinchilla_nb.widgets.base.page_actions import at_once

__all__ = ["CHART_MOUSE"]

STILL = 4
"""Pixels by which a hand moves the mouse while it clicks."""
# bqplot gives marks no CSS class of their own: the dots of runs are found by the names of their colours.
_RUNS = "--cnb-run-outline", "--cnb-group-", "--cnb-excluded"

# A press is kept back until the mouse has moved by `still` pixels: only then is it the beginning of a drag. The drag is
# that of bqplot, which is sent the same events, with the places of boxes and lassos limited to the plot.
_SCRIPT = """
const card = this.closest('.cnb-chart-card');
if (!card) return;
card.addEventListener('mousedown', event => {
  const figure = event.target.closest('.bqplot'), plot = figure && figure.querySelector('.plotarea_events');
  const drawn = figure && figure.matches(drawnOn);
  if (!plot || !event.isTrusted || event.button || event.ctrlKey || !(drawn || figure.matches(movedIn))) return;
  const area = plot.getBoundingClientRect();
  const limited = (at, low, high) => Math.min(Math.max(at, low + 1), high - 1);
  const place = ({clientX, clientY}) => ({
    clientX: limited(clientX, area.left, area.right), clientY: limited(clientY, area.top, area.bottom),
  });
  const begin = place(event), outside = begin.clientX !== event.clientX || begin.clientY !== event.clientY;
  if (outside && !drawn) return;
  const layer = figure.querySelector('.lassoselector > rect')
    || document.elementFromPoint(begin.clientX, begin.clientY);
  if (!layer || !figure.contains(layer)) return;
  const send = (kind, at, target) => target.dispatchEvent(new MouseEvent(kind, {
    ...at, bubbles: true, cancelable: true, view: window, shiftKey: event.shiftKey, altKey: event.altKey,
  }));
  let dragging = false;
  const start = () => { dragging = true; send('mousedown', begin, layer); };
  const move = now => {
    if (!now.isTrusted) return;
    if (dragging) {
      if (drawn) { now.stopImmediatePropagation(); send('mousemove', place(now), layer); }
    } else if (Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) >= still) {
      start();
      [event, now].forEach(one => send('mousemove', place(one), layer));
    }
  };
  const end = last => {
    if (!last.isTrusted) return;
    window.removeEventListener('mousemove', move, true);
    window.removeEventListener('mouseup', end, true);
    if (dragging) return;
    const dot = outside ? null
      : document.elementsFromPoint(event.clientX, event.clientY).find(one => one.matches(runs));
    if (dot) send('click', begin, dot);
    else if (!figure.matches('.cnb-lasso')) { start(); send('mouseup', begin, layer); }
  };
  event.stopPropagation();
  event.preventDefault();
  if (document.activeElement) document.activeElement.blur();
  window.addEventListener('mousemove', move, true);
  window.addEventListener('mouseup', end, true);
}, true);
"""
CHART_MOUSE = at_once(
    _SCRIPT,
    drawnOn=".cnb-select, .cnb-lasso",
    movedIn=".cnb-pan",
    runs=", ".join(f"path.dot.element[style*='{colour}']" for colour in _RUNS),
    still=STILL,
)
"""An invisible element that hears the mouse on the chart card around it."""
