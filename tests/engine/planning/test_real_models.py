"""The best of real architectures: no other of the list is better, and it is never better than the free optimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planned_laws import BUDGETS, COMPUTES, LAWS
from runs import LAW

from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, optima
from chinchilla_nb.engine.planning.model_search import tabulate_models
from chinchilla_nb.engine.planning.model_sizes import transformer_size_without_embeddings
from chinchilla_nb.engine.planning.real_models import best_model_for_budget, best_model_for_loss, model_sizes

SIZES = st.lists(st.floats(7, 12).map(lambda exponent: 10**exponent), min_size=1, max_size=8)
TABLE = tabulate_models({"d_model": [512, 1024, 2048], "n_layers": [6, 12, 24]}, transformer_size_without_embeddings)


@given(law=LAWS, C=BUDGETS, compute=COMPUTES, sizes=SIZES)
@settings(deadline=None)
def test_no_other_model_of_the_list_is_better(law, C, compute, sizes):
    D = [float(compute.D(C, N)) for N in sizes]
    losses = [float(law.loss(N, one)) if one >= 1 else np.inf for N, one in zip(sizes, D, strict=True)]
    assume(min(losses) < np.inf)
    place, tokens = best_model_for_budget(law, C, sizes, compute)
    assert losses[place] == min(losses)
    assert tokens == pytest.approx(D[place], rel=1e-12)
    N_best, D_best = optima(law, C, compute)
    if not np.isnan(N_best):
        assert losses[place] >= float(law.loss(N_best, D_best)) * (1 - 1e-12)


@given(law=LAWS, C=BUDGETS, compute=COMPUTES, sizes=SIZES)
@settings(deadline=None)
def test_no_other_model_reaches_the_loss_with_less(law, C, compute, sizes):
    N, D = optima(law, C, compute)
    assume(not np.isnan(N))
    loss = float(law.loss(N, D))
    needed = [float(law.iso_loss_D(loss, size)) for size in sizes]
    spent = [float(compute.C(size, one)) if one >= 1 else np.inf for size, one in zip(sizes, needed, strict=True)]
    assume(min(spent) < np.inf)
    place, _ = best_model_for_loss(law, loss, sizes, compute)
    assert spent[place] == min(spent)
    assert spent[place] >= C * (1 - 1e-9)


def test_the_models_of_a_search():
    place, D = best_model_for_budget(LAW, 1e19, TABLE)
    N_best, _ = allocate(LAW, 1e19)
    assert TABLE.N[place] == min(TABLE.N, key=lambda N: float(LAW.loss(N, 1e19 / 6 / N)))
    assert 0.5 < TABLE.N[place] / float(N_best) < 2
    assert float(SIX_ND.C(TABLE.N[place], D)) == pytest.approx(1e19)


def test_what_is_no_list_of_models():
    with pytest.raises(InputError, match="models must have at least one model, got none"):
        model_sizes([])
    with pytest.raises(InputError, match="models must be positive"):
        model_sizes([1e9, -1])
    with pytest.raises(InputError, match="models must hold a model that the budget trains on at least one token"):
        best_model_for_budget(LAW, 1e6, [1e9])
    with pytest.raises(InputError, match="models must hold a model that reaches the loss"):
        best_model_for_loss(LAW, 1.8, [1e6])
