"""What to train next, from a session's state: a seed while there are few runs, a compute-optimal run after that."""

from __future__ import annotations

from collections.abc import Sequence

from chinchilla_nb.checks import as_positive_number
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.design.candidates import Candidates, candidate_grid
from chinchilla_nb.engine.design.prior import PriorStudy, prior_laws
from chinchilla_nb.engine.design.seeds import cost_of_drawn, design_seeds
from chinchilla_nb.engine.design.targets import OptimalN
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.next_run import NextRun
from chinchilla_nb.engine.planning.scaling import compute_optimal_run, next_budget
from chinchilla_nb.engine.planning.seeding import SeedRegime, draw_seed
from chinchilla_nb.engine.runs import Runs

__all__ = [
    "DEFAULT_FACTOR",
    "choose_budget",
    "needed_regime",
    "next_candidates",
    "next_designed_seed",
    "next_scale_step",
    "next_seed",
    "planned_budget",
    "seed_study",
]

DEFAULT_FACTOR = 10.0
"""Compute of a step as a multiple of the largest so far, if the settings have no scaling factor."""
LEAST_SPREAD = 10.0
"""Ratio of the largest to the smallest D/N of the candidates if the runs of a fit have less: from about this one on,
errors of N* are at most sqrt(2) times those of a spread of 20 (`engine.design.spread`)."""
DESIGNED_FOR = 100.0
"""Budget whose N* seeds are designed for, as a multiple of the largest compute of a seed: two steps of the default
factor."""


def needed_regime(settings: Settings) -> SeedRegime:
    """Return the regime that seeds are drawn from.

    Raises
    ------
    ValueError
        If the settings have no seed ranges.
    """
    if settings.seed_regime is None:
        example = "{'C': (1e15, 1e16), 'N_to_D': (10, 100)}"
        raise InputError("seed_ranges", f"must be given to draw seeds, e.g. {example}", got="None")
    return settings.seed_regime


def next_seed(settings: Settings, compute: Compute = SIX_ND) -> NextRun:
    """Draw a run from the seed regime with the generator of the settings.

    Parameters
    ----------
    settings : Settings
    compute : Compute
        How C follows from N and D: that of the session's runs.

    Raises
    ------
    ValueError
        If there is no seed regime, or no configuration lies in it.
    """
    return draw_seed(settings.rng, needed_regime(settings), settings.models, compute)


def choose_budget(settings: Settings, runs: Runs, scaling_factor: float | None = None, C: float | None = None) -> float:
    """Return the compute of the next run, in FLOPs: C itself, or a factor times the largest compute so far.

    Parameters
    ----------
    settings : Settings
        Provides the factor if neither it nor C is given.
    runs : Runs
        Source of the largest compute, together with the upper end of the seed regime.
    scaling_factor, C : float, optional
        At most one of them.

    Raises
    ------
    ValueError
        If neither or both are given, or one is not positive and finite.
    """
    if scaling_factor is not None and C is not None:
        got = f"C={C!r}, scaling_factor={scaling_factor!r}"
        raise InputError("", "give either C or scaling_factor, not both", got=got)
    if C is not None:
        return as_positive_number(C, "C")
    factor = settings.scaling_factor if scaling_factor is None else as_positive_number(scaling_factor, "scaling_factor")
    if factor is None:
        raise InputError("", "give C or scaling_factor, or set scaling_factor in the constructor", got="neither")
    return next_budget(factor, runs, settings.seed_regime)


def planned_budget(settings: Settings, runs: Runs, chosen: float | None) -> float | None:
    """Return the budget that was chosen or else that of the next scaled run, in FLOPs; None with nothing to scale."""
    if chosen is not None:
        return chosen
    if not len(runs) and settings.seed_regime is None:
        return None
    return next_budget(settings.scaling_factor or DEFAULT_FACTOR, runs, settings.seed_regime)


def next_scale_step(settings: Settings, runs: Runs, fit: Fit | None) -> NextRun:
    """Allocate the scaling factor times the largest compute so far with the fitted law.

    Raises
    ------
    ValueError
        If nothing has been fitted, or the law has no optimum.
    """
    if fit is None:
        raise InputError("the next scale step", "needs a fitted law", remedy="fit one first")
    budget = next_budget(settings.scaling_factor or DEFAULT_FACTOR, runs, settings.seed_regime)
    return compute_optimal_run(fit.law, budget, settings.models, fit.runs.compute)


def next_candidates(settings: Settings, fit: Fit) -> Candidates:
    """Return a grid of runs that may be trained next: over the ranges of the runs of a fit and of the seed regime.

    Raises
    ------
    ValueError
        If no configuration lies in them.
    """
    runs, regime = fit.runs, settings.seed_regime
    budgets = [runs.C.min(), runs.C.max(), *(regime.C if regime else ())]
    ratio = runs.D / runs.N
    ratios = [ratio.min(), ratio.max(), *(regime.tokens_per_parameter if regime else ())]
    low, high = float(min(ratios)), float(max(ratios))
    wider = max(1.0, (LEAST_SPREAD * low / high) ** 0.5)
    C = float(min(budgets)), float(max(budgets))
    return candidate_grid(C, (low / wider, high * wider), runs.compute, settings.models)


def seed_study(
    settings: Settings, compute: Compute, C: float | None = None, laws: Sequence[Law] | None = None
) -> PriorStudy:
    """Return the study that seeds are designed for: N* at a budget, for laws that the task may have.

    Parameters
    ----------
    settings : Settings
        Has the seed regime, the models and the weights.
    compute : Compute
        How C follows from N and D.
    C : float, optional
        The budget in FLOPs; by default 100 times the upper end of the seed regime.
    laws : sequence of Law, optional
        By default those of `prior_laws`.

    Raises
    ------
    ValueError
        If there is no seed regime, no configuration lies in it, or a law has no optimum at the budget.
    """
    regime = needed_regime(settings)
    target = OptimalN(DESIGNED_FOR * regime.C[1] if C is None else C, compute)
    candidates = candidate_grid(regime.C, regime.tokens_per_parameter, compute, settings.models)
    return PriorStudy(prior_laws(regime, compute) if laws is None else laws, target, candidates, settings.weight_fn)


def next_designed_seed(settings: Settings, runs: Runs) -> NextRun:
    """Return the next seed of the design that is optimal for the planned number of seeds, given those there are.

    The design costs as much as so many log-uniform seeds cost on average.

    Raises
    ------
    ValueError
        If there is no seed regime or no number of seeds, or no configuration lies in the regime.
    """
    regime, planned = needed_regime(settings), settings.num_seeding_steps
    if planned is None:
        rule = "must be given to design seeds"
        raise InputError("num_seeding_steps", rule, got="None", remedy="set num_seeding_steps, such as 20")
    seeds = runs.take(regime.contains(runs.N, runs.D, runs.compute))
    study, left = seed_study(settings, runs.compute), max(planned - len(seeds), 1)
    C, done = study.candidates.C, study.observations(seeds.N, seeds.D, seeds.C)
    budget = max(cost_of_drawn(regime, planned) - float(seeds.C.sum()), left * float(C.min()))
    first = design_seeds(study, left, budget, done).chosen[0]
    N = float(study.candidates.N[first])
    config = None if settings.models is None else settings.models.nearest(N)[0]
    return NextRun(round(N), float(study.candidates.D[first]), config)
