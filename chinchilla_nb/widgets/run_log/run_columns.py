"""The columns of the run table: which there are, and how their values are written on a page and in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import data_title, ratio_title
from chinchilla_nb.quantity import compact, number_text, scientific

__all__ = ["Column", "full_width", "is_absent", "run_columns", "tracks", "write_rows"]


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """One column: its values in the order of the log, how a value is written, and how wide it is in pixels."""

    values: NDArray[Any]
    write: Callable[[Any], str]
    width: int = 84
    hint: str = ""
    bar: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the values are aligned to the left."""
        return self.values.dtype.kind not in "iufb"


def tracks(columns: Mapping[str, Column]) -> str:
    """Return the widths of the columns for a style sheet: no narrower than they are, and sharing what is left."""
    return " ".join(f"minmax({column.width}px, {column.width}fr)" for column in columns.values())


def full_width(columns: Mapping[str, Column]) -> int:
    """Return the pixels that all columns need."""
    return sum(column.width for column in columns.values())


def write_rows(columns: Mapping[str, Column], rows: NDArray[np.intp], included: NDArray[np.bool_]) -> str:
    """Write some of the rows in HTML; those that are not included are struck out."""
    if not len(rows):
        return '<div class="cnb-runs-none cnb-muted">No run matches.</div>'
    lines = []
    scales = {name: _largest(column) for name, column in columns.items() if column.bar}
    for row in rows:
        cells = "".join(_cell(column, column.values[row], scales.get(name)) for name, column in columns.items())
        out = "" if included[row] else " cnb-out"
        lines.append(f'<div class="cnb-run{out}" role="row">{cells}</div>')
    style = f"--cnb-tracks: {tracks(columns)}; min-width: {full_width(columns)}px"
    return f'<div role="table" style="{style}">{"".join(lines)}</div>'


def _cell(column: Column, value: Any, scale: float | None) -> str:
    absent = is_absent(value)
    text = "–" if absent else column.write(value)
    exact = "" if absent else plain_text(value)
    style = "" if scale is None or absent else f' style="{_bar(float(value) / scale)}"'
    kind = ' class="cnb-left"' if column.is_text else ""
    return f'<span role="cell"{kind} title="{escape(exact)}"{style}>{escape(text)}</span>'


def is_absent(value: Any) -> bool:
    """Whether a run has no such value."""
    return value is None or value != value


def _largest(column: Column) -> float:
    """Return what fills a bar: nearly the largest magnitude, so that one wild run does not flatten the others."""
    sizes = np.abs(column.values[np.isfinite(column.values)])
    return float(np.quantile(sizes, 0.98)) or 1.0 if sizes.size else 1.0


def _bar(place: float) -> str:
    """Draw a bar from the middle of a cell, to the left for -1 and to the right for 1."""
    place = min(max(place, -1.0), 1.0)
    low, high = sorted((50.0, 50.0 + 46.0 * place))
    colour = "var(--cnb-over)" if place > 0 else "var(--cnb-under)"
    return (
        f"background: linear-gradient(90deg, transparent {low:.1f}%, {colour} {low:.1f}% {high:.1f}%, "
        f"transparent {high:.1f}%) no-repeat left bottom 3px / 100% 3px"
    )


def number(value: Any) -> str:
    """Write a number of a column nobody told us about."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    far = value != 0 and not 1e-3 <= abs(value) < 1e6
    return scientific(float(value)) if far else f"{value:.6g}"


def plain_text(value: Any) -> str:
    """Write a value so that nothing of it is lost."""
    if is_absent(value):
        return ""
    if isinstance(value, (float, np.floating)):
        return number_text(float(value))
    return str(value)


def run_columns(runs: Runs, residuals: NDArray[np.float64] | None, data_unit: str = "tokens") -> dict[str, Column]:
    """Return what the table shows of runs: what every run has, what the fit says of it, and the user's columns."""
    columns = {
        "#": Column(np.arange(1, len(runs) + 1), str, 42, "Place in the log"),
        "N": Column(runs.N, compact, 60, "Parameters N"),
        "D": Column(runs.D, compact, 60, data_title(data_unit)),
        "D/N": Column(runs.D / runs.N, compact, 56, ratio_title(data_unit)),
        "C": Column(runs.C, scientific, 86, "Compute in FLOPs"),
        "loss": Column(runs.loss, lambda value: f"{value:.4f}", 66, "Measured loss"),
    }
    if residuals is not None:
        columns["residual"] = Column(
            residuals,
            lambda value: f"{value:+.4f}".replace("-", "−"),
            86,
            "Measured loss minus what the law predicts",
            bar=True,
        )
    for name, values in runs.columns.items():
        text = values.dtype.kind not in "iufb"
        title = name if name not in columns else f"{name} (yours)"
        columns[title] = Column(values, str if text else number, 128 if text else 84)
    return columns
