"""Problems: when two are the same, and which are refused."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from runs import GRID, make_runs

from chinchilla_nb import FAMILIES, Problem, asymmetric_mae, log_huber, mse
from chinchilla_nb.engine.errors import InputError

RUNS = make_runs(9)
PROBLEM = Problem(RUNS, starts=GRID, loss_fn=partial(log_huber, delta=1e-3), bounds={"alpha": (0.2, 0.5)})


def test_a_problem_is_alike_to_its_copies():
    assert PROBLEM.alike(PROBLEM)
    assert PROBLEM.alike(pickle.loads(pickle.dumps(PROBLEM)))
    same = replace(
        PROBLEM, runs=RUNS.take(range(9)), loss_fn=partial(log_huber, delta=1e-3), bounds={"alpha": (0.2, 0.5)}
    )
    assert PROBLEM.alike(same)


@pytest.mark.parametrize(
    "change",
    [
        {"runs": RUNS.take(range(8))},
        {"loss_fn": partial(log_huber, delta=1e-2)},
        {"loss_fn": mse},
        {"weight_fn": np.sqrt},
        {"bounds": {"alpha": (0.2, 0.6)}},
        {"bounds": {}},
        {"dtype": np.float64},
        {"starts": FAMILIES["chinchilla"].starts},
        {"family": FAMILIES["kaplan"], "starts": FAMILIES["kaplan"].starts, "bounds": {}},
    ],
    ids=lambda change: ", ".join(change),
)
def test_a_change_of_any_part_makes_another_problem(change):
    assert not PROBLEM.alike(replace(PROBLEM, **change))


def test_the_defaults_are_the_documented_ones():
    plain = Problem(RUNS)
    assert plain.family is FAMILIES["chinchilla"]
    assert len(plain.starts) == 4500
    assert plain.loss_fn is asymmetric_mae
    assert plain.dtype is np.longdouble
    assert plain.bounds == {}


def test_a_number_fixes_a_parameter_and_a_type_is_a_type_however_it_is_written():
    assert Problem(RUNS, bounds={"alpha": 0.3}).bounds == {"alpha": (0.3, 0.3)}
    assert Problem(RUNS, dtype="float64").alike(Problem(RUNS, dtype=np.float64))


def test_bounds_cannot_be_changed_after_construction():
    limits = {"alpha": (0.2, 0.5)}
    problem = Problem(RUNS, bounds=limits)
    limits["alpha"] = (0.0, 1.0)
    assert problem.bounds == {"alpha": (0.2, 0.5)}
    with pytest.raises(TypeError):
        problem.bounds["alpha"] = (0.0, 1.0)


@pytest.mark.parametrize(
    ("parts", "where", "sentence"),
    [
        ({"bounds": {"alpha": "low"}}, "bounds['alpha']", "bounds['alpha'] must be a number or (low, high), got 'low'"),
        (
            {"bounds": {"alpha": (1, 2, 3)}},
            "bounds['alpha']",
            "bounds['alpha'] must be a number or (low, high), got (1, 2, 3)",
        ),
        (
            {"bounds": {"beta": (60, 70)}},
            "bounds['beta']",
            "bounds['beta'] must overlap the range that a fit considers, 0 to 10, got (60, 70)",
        ),
        ({"bounds": None}, "bounds", "bounds must map parameters to numbers, got None"),
        (
            {"dtype": np.float32},
            "dtype",
            "dtype must be float64 or wider for L-BFGS-B to converge, got float32",
        ),
        ({"dtype": [[1]]}, "dtype", "dtype must be a floating-point type, got [[1]]"),
        ({"dtype": "f8,("}, "dtype", "dtype must be a floating-point type, got 'f8,('"),
        ({"loss_fn": "mae"}, "loss_fn", "loss_fn must be callable, got 'mae'"),
        ({"starts": None}, "starts", "starts must be a StartGrid, got None"),
        ({"bounds": {"alhpa": (0, 1)}}, "bounds", "bounds has no key 'alhpa': did you mean 'alpha'?"),
        (
            {"bounds": {"E": (2.0, 1.0)}},
            "bounds['E']",
            "bounds['E'] must be 0 <= low <= high with a finite, positive high, got (2.0, 1.0)",
        ),
        (
            {"starts": FAMILIES["kaplan"].starts},
            "starts",
            (
                "starts must be of the law 'chinchilla', got log_N_c, log_D_c, alpha_N, alpha_D: "
                "give starts of E, A, B, alpha, beta, or its own, family.starts"
            ),
        ),
    ],
)
def test_impossible_problems_are_refused_with_the_part_at_fault(parts, where, sentence):
    with pytest.raises(InputError) as caught:
        Problem(RUNS, **parts)
    assert caught.value.where == where
    assert str(caught.value) == sentence
    # Also across processes, because joblib workers may raise it.
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.where, str(again)) == (where, sentence)
