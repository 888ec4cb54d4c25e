"""A table that compares the true law with its estimate."""

from __future__ import annotations

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.laws.allocation import exponents
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.scaling import optimum
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact, deviation, plain, scientific

__all__ = ["comparison_table"]

_DERIVED = ("a", "N", "D/N")


def comparison_table(truth: Law, law: Law | None, C: float, compute: Compute) -> str:
    """Return the true law and the estimate side by side as HTML; C is the target budget in FLOPs."""
    true = _numbers(truth, C, compute)
    found = {} if law is None else _numbers(law, C, compute)
    # An estimate of another form has other parameters, which follow without a true value to compare with.
    names = list(dict.fromkeys([*_symbols(truth), *([] if law is None else _symbols(law)), *_DERIVED]))
    titles = {"a": "a in N* ∝ Cᵃ", "N": f"N* at {scientific(C)}", "D/N": "D* / N*"}
    heads = ["", *(titles.get(name, name) for name in names)]
    rows = [["True law", *(_text(name, true.get(name)) for name in names)]]
    if law is not None:
        rows.append(["Estimate", *(_text(name, found.get(name)) for name in names)])
        rows.append(["Off by", *(_off(found.get(name), true.get(name)) for name in names)])
    kinds = ("cnb-true", "cnb-estimate", "cnb-off")
    table = html_table(rows, heads, named_rows=True, table_class="cnb-compare", row_classes=kinds)
    return f'<div class="cnb-scroll">{table}</div>'


def _symbols(law: Law) -> list[str]:
    return [parameter.symbol for parameter in law.parameters]


def _numbers(law: Law, C: float, compute: Compute) -> dict[str, float]:
    """Return the parameters of a law and, if it has an optimum, a, N* and D* / N*."""
    numbers = dict(zip(_symbols(law), law.as_dict().values(), strict=True))
    point = optimum(law, C, compute)
    if point is not None:
        numbers |= {"a": exponents(law, C, compute)[0], "N": point[0], "D/N": point[1] / point[0]}
    return numbers


def _text(name: str, value: float | None) -> str:
    if value is None:
        return "none"
    return compact(value) if name == "N" else plain(value, 4)


def _off(found: float | None, true: float | None) -> str:
    return "–" if found is None or true is None else deviation(found / true - 1)
