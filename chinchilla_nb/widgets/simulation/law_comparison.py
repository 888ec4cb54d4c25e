"""Two laws side by side as a table: the true one, and the one that was estimated."""

from __future__ import annotations

from chinchilla_nb.engine.laws.allocation import allocate, exponents
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact, scientific

__all__ = ["comparison_table", "optimum"]


def comparison_table(truth: Law, law: Law | None, C: float) -> str:
    """Set the true law and the estimate side by side, as HTML; C is the target budget in FLOPs."""
    heads = ["E", "A", "B", "α", "β", "a in N* ∝ Cᵃ", f"N* at {scientific(C)}", "D* / N*"]
    rows = [("True law", _numbers(truth, C), "cnb-true")]
    if law is not None:
        estimate = _numbers(law, C)
        off = [None if e is None or t is None else e / t - 1 for e, t in zip(estimate, rows[0][1], strict=True)]
        rows.append(("Estimate", estimate, "cnb-estimate"))
    texts = [[name, *(_text(value, index == 6) for index, value in enumerate(values))] for name, values, _ in rows]
    if law is not None:
        texts.append(["Off by", *(_deviation(value) for value in off)])
    kinds = [*(kind for *_, kind in rows), "cnb-off"]
    table = html_table(texts, ["", *heads], named_rows=True, table_class="cnb-compare", row_classes=kinds)
    return f'<div class="cnb-scroll">{table}</div>'


def _numbers(law: Law, C: float) -> list[float | None]:
    point = optimum(law, C)
    if point is None:
        return [*law.as_dict().values(), None, None, None]
    return [*law.as_dict().values(), exponents(law)[0], point[0], point[1] / point[0]]


def optimum(law: Law, C: float) -> tuple[float, float] | None:
    """Return N* and D* at a budget; None where the law has no optimum inside."""
    try:
        N, D = allocate(law, C)
    except ValueError:
        return None
    return float(N), float(D)


def _text(value: float | None, large: bool) -> str:
    if value is None:
        return "none"
    if large and value > 0:
        return compact(value)
    mantissa, e, exponent = f"{value:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def _deviation(share: float | None) -> str:
    """Write by how much a number is off: in per cent, or as a factor where that is large."""
    if share is None:
        return "–"
    if share > 9:
        return f"× {share + 1:,.0f}"
    return "0 %" if abs(share) < 5e-5 else f"{100 * share:+.3g} %".replace("-", "−")
