"""What approach 2 does wrong on some slices: its answer on noiseless losses of a law, against the optimum of the law.

A parabola is not the shape of a slice. If alpha and beta differ, the loss rises more steeply on one side, and the
minimum of the parabola lies on the other; the wider the slices, the more. If slices are not centred on the optimum in
the same way at all budgets, the error differs from budget to budget, and the line through the minima carries it far
beyond them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.approaches.isoflop import FEWEST_SLICES, IsoFlop, laws_through
from chinchilla_nb.engine.approaches.parabola import vertices
from chinchilla_nb.engine.approaches.power_laws import PowerLaws
from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.deadweight import deadweight_compute
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import percent, scientific

__all__ = ["SliceBias", "slice_bias"]

NOTHING = 5e-4
"""Relative error of D* up to which it is said to be right: less is not seen in the digits that are shown."""


@dataclass(frozen=True, eq=False, slots=True)
class SliceBias:
    """The answer of approach 2 on noiseless losses of a law.

    Attributes
    ----------
    law : Law
    runs : Runs
        The runs whose sizes, budgets and convention of compute are used.
    laws : PowerLaws
        What approach 2 finds; arrays of one value.
    lost : tuple of str
        Slices whose parabola has no minimum without the noise.
    """

    law: Law
    runs: Runs
    laws: PowerLaws
    lost: tuple[str, ...]

    def at(self, C: float) -> tuple[float, float, float]:
        """Return the relative errors of N* and of D* at a budget, and the share of it that is deadweight.

        The deadweight is that of spending the whole budget on a model of N*.

        Raises
        ------
        InputError
            If the budget is not positive and finite, or the law has no optimum there.
        """
        C = as_positive_number(C, "C")
        best = allocate(self.law, C, self.runs.compute)
        N, D = self.laws.N(np.array([C]))[0, 0], self.laws.D(np.array([C]))[0, 0]
        price = deadweight_compute(self.law, N, self.runs.compute.D(C, N), self.runs.compute)
        return float(N / best[0] - 1), float(D / best[1] - 1), float(price.share)

    def text(self, C: float) -> str:
        """Return the error in a sentence without a full stop; errors as for `at`."""
        _, error, share = self.at(C)
        budget = f"at {scientific(C)} FLOPs if the fitted law holds"
        if self.lost:
            budget += f", which has no minimum on {len(self.lost)} of them"
        if abs(error) <= NOTHING:
            return f"on these slices approach 2 finds the right D* {budget}"
        side = "low" if error < 0 else "high"
        return (
            f"on these slices approach 2 puts D* {percent(abs(error))} too {side} {budget}; "
            f"that wastes {percent(share)} of the compute"
        )


def slice_bias(isoflop: IsoFlop, law: Law) -> SliceBias:
    """Run approach 2 on the noiseless losses of a law, with the very runs that its parabolas were fitted to.

    Raises
    ------
    FitError
        If fewer than two slices have a minimum without the noise.
    InputError
        If the law is not one.
    """
    check_type(isoflop, "isoflop", IsoFlop)
    check_type(law, "law", Law)
    runs = isoflop.slices.runs
    found = [
        vertices(np.log(runs.N[one.runs]), law.loss(runs.N[one.runs], runs.D[one.runs])[None])
        for one in isoflop.parabolas
    ]
    known = [bool(np.isfinite(one.log_N[0])) for one in found]
    if sum(known) < FEWEST_SLICES:
        rule = f"need {FEWEST_SLICES} slices on which the law has a minimum"
        raise FitError("isoFLOP parabolas", rule, got=str(sum(known)), remedy="centre the slices on the optimum")
    lost = tuple(one.slice.name for one, is_known in zip(isoflop.parabolas, known, strict=True) if not is_known)
    return SliceBias(law, runs, laws_through(runs, isoflop.parabolas, found), lost)
