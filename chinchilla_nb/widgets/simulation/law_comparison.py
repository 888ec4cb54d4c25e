"""Two laws side by side as a table: the true one, and the one that was estimated."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from chinchilla_nb.engine.laws.allocation import exponents
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.scaling import optimum
from chinchilla_nb.quantity import compact, deviation, plain, scientific

__all__ = ["comparison_table"]


def comparison_table(truth: ScalingLaw, law: ScalingLaw | None, C: float) -> str:
    """Set the true law and the estimate side by side, as HTML; C is the target budget in FLOPs."""
    heads = ["", "E", "A", "B", "α", "β", "a in N* ∝ Cᵃ", f"N* at {scientific(C)}", "D* / N*"]
    true = _numbers(truth, C)
    rows = [_row("True law", "cnb-true", _texts(true))]
    if law is not None:
        found = _numbers(law, C)
        off = [None if e is None or t is None else e / t - 1 for e, t in zip(found, true, strict=True)]
        rows.append(_row("Estimate", "cnb-estimate", _texts(found)))
        rows.append(_row("Off by", "cnb-off", ("–" if share is None else deviation(share) for share in off)))
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return f'<div class="cnb-scroll"><table class="cnb-compare"><tr>{head}</tr>{"".join(rows)}</table></div>'


def _row(name: str, kind: str, texts: Iterable[str]) -> str:
    return f'<tr class="{kind}"><th>{name}</th>' + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"


def _numbers(law: ScalingLaw, C: float) -> list[float | None]:
    """Return the parameters, a, N* and D* / N*; None for what a law without an optimum does not have."""
    point = optimum(law, C)
    if point is None:
        return [*law.as_dict().values(), None, None, None]
    return [*law.as_dict().values(), exponents(law)[0], point[0], point[1] / point[0]]


def _texts(numbers: list[float | None]) -> list[str]:
    texts = ["none" if value is None else plain(value, 4) for value in numbers]
    N = numbers[-2]
    return texts if N is None else [*texts[:-2], compact(N), texts[-1]]
