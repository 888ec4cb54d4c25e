"""Laws of groups side by side, what they share, and multipliers, as HTML."""

from __future__ import annotations

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.groups.comparison import Groups, SharingTest
from chinchilla_nb.engine.groups.group_sentences import is_told
from chinchilla_nb.engine.groups.joint_fit import GroupFit
from chinchilla_nb.engine.groups.quantities import efficiencies, multiplier, parameters
from chinchilla_nb.engine.groups.sharing import MODELS
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import interval_text, known_digits, plain, rounded
from chinchilla_nb.widgets.base.style import tiles

__all__ = ["laws_table", "multiplier_tiles", "shared_symbols", "sharing_table"]

MOST_DIGITS = 4
"""Most digits of a parameter."""


def laws_table(fit: GroupFit) -> str:
    """Return the parameters of the law of each group, with 95 % intervals below them."""
    found, described = parameters(fit), fit.problem.family.parameters
    head = [fit.grouped.by, "Runs", *(_heading(fit, at, one) for at, one in enumerate(described))]
    rows = [
        [name, f"{count:,}", *(_cell(found[name][one.name]) for one in described)]
        for name, count in zip(fit.grouped.names, fit.grouped.counts.tolist(), strict=True)
    ]
    return _scrolled(html_table(rows, head, named_rows=True, table_class="cnb-group-laws"))


def multiplier_tiles(fit: GroupFit, baseline: str, C: float) -> str:
    """Return how much more compute the baseline needs than each other group, and what N and D are worth there."""
    facts: list[tuple[str, ...]] = []
    for name in fit.grouped.names:
        if name == baseline:
            continue
        facts.append((f"Efficiency of compute, {name} over {baseline}", *_factor(multiplier(fit, name, baseline, C))))
        for axis, one in efficiencies(fit, name, baseline).items():
            if float(one.low) != float(one.high):
                facts.append((f"Efficiency of {axis}, {name} over {baseline}", *_factor(one)))
    return f'<div class="cnb-group-tiles">{tiles(facts)}</div>'


def sharing_table(groups: Groups, model: str) -> str:
    """Return what the groups may share, and whether the runs reject it."""
    rows, classes = [], []
    for name, fit in groups.fits.items():
        test = groups.test(name)
        verdict = "–" if test is None else _verdict(test)
        rows.append([shared_symbols(name, groups.problem), f"{fit.free}", plain(fit.value, 4), verdict])
        classes.append("cnb-chosen" if name == model else "")
    head = ["Shared", "Parameters", "Loss per run", "Test"]
    looks = "cnb-group-laws cnb-group-sharing"
    return _scrolled(html_table(rows, head, named_rows=True, table_class=looks, row_classes=classes))


def shared_symbols(model: str, problem: Problem) -> str:
    """Return what groups share in a model, in symbols: ``E, α, β``."""
    parameters = problem.family.parameters
    shared = [parameter.symbol for parameter in parameters if not MODELS[model](parameter)]
    return "everything" if len(shared) == len(parameters) else ", ".join(shared) or "nothing"


def _verdict(test: SharingTest) -> str:
    """Return what a test says, in two parts that a narrow page writes below each other."""
    said = "rejected" if test.rejected else "not rejected"
    return " ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in (said, f"(p = {plain(test.p, 2)})"))


def _heading(fit: GroupFit, at: int, parameter: Parameter) -> str:
    places = fit.box.places[:, at]
    return parameter.symbol if places.min() < places.max() else f"{parameter.symbol} (shared)"


def _factor(found: Interval) -> tuple[str, str]:
    value, low, high = float(found.value), float(found.low), float(found.high)
    if not is_told(found):
        return "not known", ""
    return f"× {rounded(value, known_digits(value, low, high, 3))}", interval_text(low, high, rounded, 3)


def _cell(one: Interval) -> str:
    value, low, high = float(one.value), float(one.low), float(one.high)
    written = rounded(value, known_digits(value, low, high, MOST_DIGITS))
    return f"{written}\n{interval_text(low, high, rounded, MOST_DIGITS)}"


def _scrolled(table: str) -> str:
    return f'<div class="cnb-group-scroll">{table}</div>'
