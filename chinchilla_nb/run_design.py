"""Which runs to train: the next ones after a fit, the seeds before one, and how diverse their D/N must be."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from chinchilla_nb.checks import as_count
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import as_generator, as_positive_number, as_real_array, first_items
from chinchilla_nb.engine.design.candidates import Candidates
from chinchilla_nb.engine.design.next_runs import ChosenRuns, Criterion, choose_runs
from chinchilla_nb.engine.design.prior import PriorStudy
from chinchilla_nb.engine.design.seeds import cost_of_drawn, design_seeds, drawn_log_variance, same_precision
from chinchilla_nb.engine.design.simulated import SimulatedError, iter_simulated_errors
from chinchilla_nb.engine.design.spread import SUFFICIENT, spreads_of
from chinchilla_nb.engine.design.study import FittedStudy
from chinchilla_nb.engine.design.targets import LossAt, OptimalLoss, OptimalN, Target
from chinchilla_nb.engine.errors import InputError, inputs_from
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.families import law_of
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.next_step import DEFAULT_FACTOR, needed_regime, next_candidates, seed_study
from chinchilla_nb.quantity import percent, scientific
from chinchilla_nb.session import Session

__all__ = ["RunDesign"]

MOST_RUNS, MOST_SEEDS = 1000, 200
"""More would take minutes to choose."""
FEWEST_REPETITIONS, MOST_REPETITIONS = 20, 100_000
"""Fewer simulations say nothing of an error; these determine it to 0.5 %."""


class RunDesign:
    """What a project offers to choose runs.

    Attributes
    ----------
    session : Session
        Holds the runs, the settings and the fit.
    logger : Logger
    """

    session: Session
    logger: logging.Logger

    def _fit(self) -> Fit:
        raise NotImplementedError

    def next_runs(
        self,
        target: Literal["N", "loss"] | tuple[float, float] = "N",
        C: float | None = None,
        candidates: Any = None,
        n: int = 5,
        *,
        by: Criterion = "fall_per_FLOP",
        simulate: int = 0,
        rng: np.random.Generator | int | None = None,
    ) -> pd.DataFrame:
        """Choose the runs after which a target is expected to be known most precisely, one after the other.

        The law is linearised around the last fit (V-optimal design); its loss, weights, bounds and noise are those of
        the fit.

        Parameters
        ----------
        target : {"N", "loss"}, or pair of float
            What is to be determined: N* at the budget, the loss there, or the loss of N parameters trained on D tokens.
        C : float, optional
            The budget in FLOPs; by default that of the next model in the report.
        candidates : DataFrame or sequence of pairs, optional
            Runs to choose from, each at most once: columns N and D, or pairs of them. By default, a grid of compute and
            tokens per parameter over the ranges of the runs of the fit and of ``seed_ranges``, each of which may be
            chosen repeatedly; with ``model_search_config``, of its sizes.
        n : int, default 5
            Number of runs.
        by : {"fall_per_FLOP", "fall"}
            Whether the next run is that with the largest fall of the variance per FLOP, or with the largest fall.
        simulate : int, default 0
            Number of simulated studies for each number of new runs, drawn from the fitted law and fitted again.
        rng : Generator or int, optional
            For the simulated studies.

        Returns
        -------
        DataFrame
            A row per run in its order: C, N, D, D_per_N; ``error_before`` and ``error_after``, the standard error of
            the logarithm of the target given the rows above; ``fall``, by how much the run lowers the variance, as a
            share of that before all of them, and ``fall_per_FLOP``; ``fall_alone``, the fall without the other rows.
            With simulations also ``simulated_error``, the error that 68.27 % of them do not exceed, and
            ``simulated_se``, its standard error. ``attrs`` has the target and, with simulations, the same two numbers
            of the present runs.

        Raises
        ------
        ValueError
            If nothing has been fitted, the law has no optimum at the budget, the loss is one of your own, the runs are
            too few to show their noise, or an argument is not usable.
        """
        fit, settings = self._fit(), self.session.settings
        n, repetitions = as_count(n, "n"), as_count(simulate, "simulate")
        if not 1 <= n <= MOST_RUNS:
            raise InputError("n", f"must be a whole number from 1 to {MOST_RUNS:,}", got=str(n))
        if repetitions and not FEWEST_REPETITIONS <= repetitions <= MOST_REPETITIONS:
            rule = f"must be 0, or from {FEWEST_REPETITIONS} to {MOST_REPETITIONS:,} simulations"
            raise InputError("simulate", rule, got=str(repetitions))
        generator = as_generator(rng)
        if C is None:
            C = next_budget(settings.scaling_factor or DEFAULT_FACTOR, fit.runs, settings.seed_regime)
        study = FittedStudy(fit, _target_of(target, C, fit.runs.compute))
        compute = fit.runs.compute
        chosen_from = next_candidates(settings, fit) if candidates is None else _listed(candidates, compute)
        chosen = choose_runs(study, chosen_from, n, by)
        table = _table_of(chosen)
        table.attrs["target"] = study.target.text
        if repetitions:
            _add_simulated(table, study, repetitions, generator)
        self.logger.info(_summary(chosen, study.target))
        return table

    def seed_design(
        self,
        seeds: int | None = None,
        budget: float | None = None,
        C: float | None = None,
        laws: Mapping[str, float] | Sequence[Mapping[str, float]] | None = None,
    ) -> pd.DataFrame:
        """Choose the seeds that determine N* at a budget most precisely for their compute, before any run.

        Parameters
        ----------
        seeds : int, optional
            Number of seeds; by default ``num_seeding_steps``, or as many as the budget pays for on average.
        budget : float, optional
            Compute of all seeds together, in FLOPs; by default that of as many log-uniform seeds on average.
        C : float, optional
            Budget in FLOPs whose N* is to be determined; by default 100 times the largest compute of a seed.
        laws : mapping, or sequence of mappings, of str to float, optional
            Laws that the task may have, by their parameters; the design is good for all of them. By default nine laws
            with exponents of N and D between 0.25 and 0.5.

        Returns
        -------
        DataFrame
            A row per distinct seed, from the cheapest: C, N, D, D_per_N, and ``runs``, how often it is trained, each
            time from another random initialisation. ``attrs`` has ``error_ratio``, the standard error of log N* after
            as many log-uniform seeds from ``seed_ranges`` relative to that after these; ``compute_share``, the share of
            the compute of those with which designed seeds are as precise; and a sentence, ``text``.

        Raises
        ------
        ValueError
            If there are no seed ranges, neither a number of seeds nor a budget, or an argument is not usable.
        """
        settings = self.session.settings
        regime, study = needed_regime(settings), self._seed_study(C, laws)
        count, total = _as_pilot(seeds, budget, settings.num_seeding_steps, regime)
        found, drawn_cost = design_seeds(study, count, total), cost_of_drawn(regime, count)
        drawn = drawn_log_variance(study, regime, count, self.session.seed_compute, settings.models)
        ratio = float(np.exp((drawn - found.log_variance) / 2))
        share = same_precision(study, count, drawn_cost, drawn) / drawn_cost
        which, runs = np.unique(found.chosen, return_counts=True)
        N, D, cost = (getattr(study.candidates, name)[which] for name in ("N", "D", "C"))
        table = pd.DataFrame({"C": cost, "N": N, "D": D, "D_per_N": D / N, "runs": runs})
        table = table.sort_values(["C", "N"], ignore_index=True)
        text = (
            f"{count} log-uniform seeds in these ranges cost {scientific(drawn_cost)} FLOPs on average and leave an "
            f"error of {study.target.text} that is {ratio:.2f} times that of these {count} seeds, which cost "
            f"{scientific(found.cost)} FLOPs; {count} designed seeds reach the same error for {percent(share)} of the "
            f"compute"
        )
        if len(set(regime.tokens_per_parameter)) == 1:
            text = f"{text}; with one D/N, neither can tell A from B where alpha = beta"
        table.attrs |= {"error_ratio": ratio, "compute_share": share, "text": text}
        self.logger.info(text)
        return table

    def seed_spread(
        self,
        seeds: int | None = None,
        C: float | None = None,
        laws: Mapping[str, float] | Sequence[Mapping[str, float]] | None = None,
    ) -> pd.DataFrame:
        """Return how far D/N must spread in the seeds to determine N* at a budget.

        With a fixed D/N, the normal matrix of the fit is singular where alpha = beta, and nearly so where they are
        close: A and B cannot be told apart.

        Parameters
        ----------
        seeds : int, optional
            Number of seeds; by default ``num_seeding_steps``.
        C, laws
            As for :meth:`seed_design`.

        Returns
        -------
        DataFrame
            A row per spread, the ratio of the largest to the smallest D/N, from 1 to that of ``seed_ranges``, around
            the same middle: spread, D_per_N_low, D_per_N_high; ``condition``, the largest condition number of the
            normal matrix of the laws, with columns of one length, infinite if it is singular; ``error``, the standard
            error of log N* relative to that with the widest spread, the geometric mean over the laws. ``attrs`` has
            ``sufficient``, the least spread whose error is at most sqrt(2), and a sentence, ``text``.

        Raises
        ------
        ValueError
            If there are no seed ranges or they have one D/N, there is no number of seeds, or an argument is not usable.
        """
        settings = self.session.settings
        regime, study = needed_regime(settings), self._seed_study(C, laws)
        low, high = regime.tokens_per_parameter
        if low == high:
            rule, remedy = "must have a range of D/N to compare spreads", "widen seed_ranges['N_to_D']"
            raise InputError("seed_ranges", rule, got=f"D/N = {low:g}", remedy=remedy)
        count, _ = _as_pilot(seeds, None, settings.num_seeding_steps, regime)
        found = spreads_of(study, regime, self.session.seed_compute, count)
        table = pd.DataFrame(
            {
                "spread": found.spread,
                "D_per_N_low": found.low,
                "D_per_N_high": found.high,
                "condition": found.condition,
                "error": found.error,
            }
        )
        condition = found.condition[0]
        singular = f"has the condition number {condition:.2g}" if np.isfinite(condition) else "is singular"
        text = (
            f"D/N must spread by a factor of {found.sufficient:.3g} for errors of {study.target.text} of at most "
            f"{SUFFICIENT:.3g} times those of a spread of {found.spread[-1]:.3g}; with a fixed D/N the error is "
            f"{found.error[0]:.3g} times as large, and the normal matrix {singular}"
        )
        table.attrs |= {"sufficient": found.sufficient, "text": text}
        self.logger.info(text)
        return table

    def _seed_study(self, C: float | None, laws: Any) -> PriorStudy:
        return seed_study(
            self.session.settings,
            self.session.seed_compute,
            None if C is None else as_positive_number(C, "C"),
            None if laws is None else _as_laws(laws),
        )


def _target_of(target: Any, C: float, compute: Compute) -> Target:
    if isinstance(target, str) and target in ("N", "loss"):
        return OptimalN(C, compute) if target == "N" else OptimalLoss(C, compute)
    pair = first_items(target, 2)
    if pair is None or len(pair) != 2:
        raise InputError("target", "must be 'N', 'loss', or a pair of N and D", got=brief(target))
    return LossAt(*pair)


def _listed(candidates: Any, compute: Compute) -> Candidates:
    """Return the runs of a table or a list of pairs."""
    if isinstance(candidates, pd.DataFrame):
        if missing := [name for name in ("N", "D") if list(candidates.columns).count(name) != 1]:
            raise InputError("candidates", f"must have one column {missing[0]}", got=brief(list(candidates.columns)))
        return Candidates.listed(candidates["N"], candidates["D"], compute)
    pairs = as_real_array(candidates, "candidates")
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        remedy = "give [(N, D), ...] or a DataFrame with columns N and D"
        raise InputError("candidates", "must be pairs of N and D", got=f"shape {pairs.shape}", remedy=remedy)
    return Candidates.listed(pairs[:, 0], pairs[:, 1], compute)


def _table_of(chosen: ChosenRuns) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "C": chosen.C,
            "N": chosen.N,
            "D": chosen.D,
            "D_per_N": chosen.D / chosen.N,
            "error_before": chosen.before,
            "error_after": chosen.after,
            "fall": chosen.fall,
            "fall_per_FLOP": chosen.fall / chosen.C,
            "fall_alone": chosen.fall_alone,
        }
    )


def _add_simulated(table: pd.DataFrame, study: FittedStudy, repetitions: int, rng: np.random.Generator) -> None:
    """Add the errors of simulated studies with the first row, the first two, and so on; and with none as attributes."""
    N, D = table["N"].to_numpy(), table["D"].to_numpy()
    found = []
    for count in range(len(table) + 1):
        errors = iter_simulated_errors(study, N[:count], D[:count], repetitions, rng)
        found.append(SimulatedError.of(np.concatenate(list(errors))))
    table.attrs |= {"simulated_error": found[0].error, "simulated_se": found[0].standard_error}
    table["simulated_error"] = [one.error for one in found[1:]]
    table["simulated_se"] = [one.standard_error for one in found[1:]]


def _summary(chosen: ChosenRuns, target: Target) -> str:
    runs = "1 run" if len(chosen.C) == 1 else f"{len(chosen.C)} runs"
    before, after = (percent(float(error)) for error in (chosen.before[0], chosen.after[-1]))
    return (
        f"{runs} of {scientific(float(chosen.C.sum()))} FLOPs in all are expected to lower the standard error of "
        f"log {target.text} from {before} to {after}"
    )


def _as_laws(laws: Any) -> list[Law]:
    given = [laws] if isinstance(laws, Mapping) else first_items(laws, 100)
    if not given or len(given) > 100:
        raise InputError("laws", "must be one to a hundred mappings of parameters", got=brief(laws))
    with inputs_from("laws"):
        return [law_of(params) for params in given]


def _as_pilot(seeds: Any, budget: Any, planned: int | None, regime: SeedRegime) -> tuple[int, float]:
    """Return the number of seeds and their compute, of which at least one is given."""
    total = None if budget is None else as_positive_number(budget, "budget")
    count = planned if seeds is None else as_count(seeds, "seeds")
    if count is None and total is not None:
        count = max(round(total / cost_of_drawn(regime, 1)), 1)
    if count is None:
        raise InputError("seeds", "must be given, or num_seeding_steps in the constructor", got="None")
    if not 1 <= count <= MOST_SEEDS:
        raise InputError("seeds", f"must be a whole number from 1 to {MOST_SEEDS}", got=str(count))
    return count, cost_of_drawn(regime, count) if total is None else total
