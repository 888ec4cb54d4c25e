"""The columns of the run table, and how their values are written on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.interval import IF_HOLDS, WIDENED
from chinchilla_nb.figures import data_title, ratio_title
from chinchilla_nb.quantity import compact, number_text, scientific, signed
from chinchilla_nb.records.forecast_score import ForecastScore
from chinchilla_nb.records.run_values import REASON, own_title
from chinchilla_nb.widgets.run_log.run_residuals import RunResiduals

__all__ = ["Column", "full_width", "is_absent", "run_columns", "tracks", "write_rows"]

# The page answers a click on a row by choosing it in the list of rows, as a user of that list would: alone, with Ctrl
# besides others, or with Shift up to it. Shift selects text as well, except in JupyterLab, which prevents that. The
# focus goes to the field whose arrow keys move the row, and which must hold this row before the kernel can say so: an
# arrow key pressed at once moves from there.
_SELECT_ROW = (
    "const row = event.target.closest('[role=row]'), log = this.closest('.cnb');"
    "if (event.shiftKey) getSelection().removeAllRanges();"
    "if (row && log && !getSelection().toString()) {"
    " const list = log.querySelector('.cnb-runs-picker select'), all = [...list.options];"
    " const at = [...row.parentNode.children].indexOf(row);"
    " const from = event.shiftKey && list.selectedIndex >= 0 ? list.selectedIndex : at;"
    " if (event.ctrlKey || event.metaKey) { all[at].selected = !all[at].selected; }"
    " else { all.forEach((one, i) => { one.selected = Math.min(from, at) <= i && i <= Math.max(from, at); }); }"
    " list.dispatchEvent(new Event('change', {bubbles: true}));"
    " const field = log.querySelector('.cnb-row-field input');"
    " if (list.selectedOptions.length === 1) { field.value = this.dataset.below - list.selectedIndex; }"
    " field.focus({preventScroll: true}); }"
)


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """One column: its values in the order of the log, how to write a value, and its width in pixels.

    ``bar`` is the magnitude of a full bar, zero for a column without bars.
    """

    values: NDArray[Any]
    write: Callable[[Any], str]
    width: int = 84
    hint: str = ""
    bar: float = 0.0

    @property
    def is_text(self) -> bool:
        """Whether the values are text, which is aligned to the left."""
        return self.values.dtype.kind not in "iufb"


def tracks(columns: Mapping[str, Column]) -> str:
    """Return the columns as CSS grid tracks: at least as wide as given, and sharing the remaining space."""
    return " ".join(f"minmax({column.width}px, {column.width}fr)" for column in columns.values())


def full_width(columns: Mapping[str, Column]) -> int:
    """Return the total width of all columns in pixels."""
    return sum(column.width for column in columns.values())


def write_rows(
    columns: Mapping[str, Column],
    rows: NDArray[np.intp],
    included: NDArray[np.bool_],
    selected: NDArray[np.bool_],
    below: int,
) -> str:
    """Return these rows as HTML; excluded ones are struck through, selected ones marked.

    ``below`` is the place of the first of them, counted from the last row of all pages.
    """
    if not len(rows):
        return '<div class="cnb-runs-none cnb-muted">No runs match.</div>'
    lines = []
    for row in rows:
        cells = "".join(_cell(column, column.values[row]) for column in columns.values())
        kinds = f"{'' if included[row] else ' cnb-out'}{' cnb-picked' if selected[row] else ''}"
        lines.append(f'<div class="cnb-run{kinds}" role="row">{cells}</div>')
    style = f"--cnb-tracks: {tracks(columns)}; min-width: {full_width(columns)}px"
    head = f'<div role="table" style="{style}" data-below="{below}" onclick="{escape(_SELECT_ROW)}">'
    return f"{head}{''.join(lines)}</div>"


def _cell(column: Column, value: Any) -> str:
    absent = is_absent(value)
    text = "–" if absent else column.write(value)
    exact = "" if absent else plain_text(value)
    style = f' style="{_bar(float(value) / column.bar)}"' if column.bar and not absent else ""
    kind = ' class="cnb-left"' if column.is_text else ""
    return f'<span role="cell"{kind} title="{escape(exact)}"{style}>{escape(text)}</span>'


def is_absent(value: Any) -> bool:
    """Whether a value is missing."""
    return value is None or value != value


def _bar(value: float) -> str:
    """Return the style of a bar that starts in the middle of a cell and reaches left for -1 or right for 1."""
    value = min(max(value, -1.0), 1.0)
    low, high = sorted((50.0, 50.0 + 46.0 * value))
    colour = "var(--cnb-over)" if value > 0 else "var(--cnb-under)"
    return (
        f"background: linear-gradient(90deg, transparent {low:.1f}%, {colour} {low:.1f}% {high:.1f}%, "
        f"transparent {high:.1f}%) no-repeat left bottom 3px / 100% 3px"
    )


def number(value: Any) -> str:
    """Write a number from one of the user's own columns."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    far = value != 0 and not 1e-3 <= abs(value) < 1e6
    return scientific(float(value)) if far else f"{value:.6g}"


def plain_text(value: Any) -> str:
    """Write a value in full precision."""
    if is_absent(value):
        return ""
    if isinstance(value, (float, np.floating)):
        return number_text(float(value))
    return str(value)


def run_columns(
    runs: Runs,
    residuals: RunResiduals | None,
    data_unit: str = "tokens",
    scores: Mapping[int, tuple[ForecastScore, ...]] | None = None,
    reasons: Sequence[str] = (),
) -> dict[str, Column]:
    """Return the columns of the run table: those that all runs have, those of the session, and the user's own.

    Parameters
    ----------
    runs : Runs
    residuals : RunResiduals, optional
        Of the fit.
    data_unit : str
        What D counts.
    scores : mapping of int to tuple of ForecastScore, optional
        How runs came out against their forecasts, by position.
    reasons : sequence of str
        Why each run is excluded, empty for runs that are not; none if that was said of no run.
    """
    columns = {
        "#": Column(np.arange(1, len(runs) + 1), str, 40, "Position in the log"),
        "N": Column(runs.N, compact, 64, "Parameters N"),
        "D": Column(runs.D, compact, 64, data_title(data_unit)),
        "D/N": Column(runs.D / runs.N, compact, 64, ratio_title(data_unit)),
        "C": Column(runs.C, scientific, 94, "Compute in FLOPs"),
        "loss": Column(runs.loss, lambda value: f"{value:.4f}", 62, "Measured loss"),
    }
    if scores:
        columns["forecast"] = _forecast_column(len(runs), scores)
    if residuals is not None:
        columns["residual"] = Column(
            residuals.values,
            lambda value: f"{value:+.4f}".replace("-", "−"),
            86,
            "Measured minus predicted loss",
            bar=residuals.typical,
        )
    if reasons:
        columns[REASON] = Column(np.array(reasons, dtype=object), str, 160, "Why the run is excluded")
    for name, values in runs.columns.items():
        text = values.dtype.kind not in "iufb"
        columns[own_title(name)] = Column(values, str if text else number, 128 if text else 84)
    return columns


def _forecast_column(count: int, scores: Mapping[int, tuple[ForecastScore, ...]]) -> Column:
    """Return where each run lies in the intervals of its forecasts; the full sentences appear on hovering."""
    sentences = {at: "; ".join(map(str, some)) for at, some in scores.items()}
    places = {sentences[at]: "; ".join(map(_place, some)) for at, some in scores.items()}
    values = np.array([sentences.get(at, "") for at in range(count)], dtype=object)
    return Column(
        values, lambda text: places.get(text, ""), 216, f"In the intervals of its forecast: {IF_HOLDS} · {WIDENED}"
    )


def _place(score: ForecastScore) -> str:
    """Return whether each interval contains a run, and its distance from the centre in sigmas."""
    return " · ".join(
        f"{'inside' if score.inside[name] else 'outside'} {signed(sigma)}σ" for name, sigma in score.sigmas.items()
    )
