"""What a plan extrapolates: beyond the runs of the fit, and beyond what was measured of repeated data."""

from __future__ import annotations

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.planning.data_limit import MEASURED_EPOCHS
from chinchilla_nb.engine.planning.extrapolation import FAR, VISIBLE
from chinchilla_nb.engine.planning.plan import Plan
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import multiple_text

__all__ = ["plan_notes"]


def plan_notes(plan: Plan, runs: Runs | None = None, data_unit: str = "tokens") -> tuple[str, ...]:
    """Return what a plan extrapolates, in sentences without a full stop.

    Parameters
    ----------
    plan : Plan
    runs : Runs, optional
        The runs that its law was fitted to.
    data_unit : str
        What D counts.

    Raises
    ------
    InputError
        If an argument is of another type.
    """
    check_type(plan, "plan", Plan)
    check_type(runs, "runs", Runs, type(None))
    check_type(data_unit, "data_unit", str)
    found = []
    epochs = plan.epochs
    if epochs is not None and epochs > MEASURED_EPOCHS:
        found.append(
            f"{epochs:,.0f} epochs are more than the {MEASURED_EPOCHS:.0f} for which repeated data were measured "
            "(Muennighoff et al. 2023)"
        )
    if runs is None or not len(runs):
        return tuple(found)
    times = plan.training_FLOPs / float(runs.C.max())
    if times > FAR:
        found.append(f"the plan takes {multiple_text(times)} times the compute of the largest run")
    ratios = runs.D / runs.N
    low, high = float(ratios.min()), float(ratios.max())
    if not low / VISIBLE <= plan.tokens_per_parameter <= high * VISIBLE:
        ratio, lowest, highest = map(multiple_text, (plan.tokens_per_parameter, low, high))
        found.append(f"the plan has {ratio} {data_unit} per parameter, and the runs have {lowest} to {highest}")
    return tuple(found)
