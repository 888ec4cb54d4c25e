"""The law that the notebook on language models of `chinchilla` 0.2.0 (examples/llm) prints, found by the same calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb import Chinchilla, asymmetric_mae

PRINTED = {
    "E": 1.7002408325507796,
    "A": 184.69151738172795,
    "B": 1633.4786640754548,
    "alpha": 0.2890076484429228,
    "beta": 0.3557940660048966,
}
OBJECTIVE = 0.022781900338
"""Mean of the default loss over the runs for the printed law, computed apart from both packages."""


@pytest.fixture(scope="module")
def cc(reference, tmp_path_factory):
    table = reference("hoffmann_figure4.csv")
    kept = table[(table.C > 1e18) & (table.N < table.D)]
    cc = Chinchilla(str(tmp_path_factory.mktemp("llm")), log_level=50)
    cc.database.df = pd.DataFrame({"N": kept.N.round(), "D": kept.D.round(), "loss": kept.loss.round(6)})
    cc.fit(parallel=False)
    return cc


def test_the_law_is_the_same_and_its_objective_no_higher(cc):
    df = cc.database.df
    assert len(df) == 234
    assert float(np.mean(asymmetric_mae(df.loss.to_numpy(), cc.L(df.N.to_numpy(), df.D.to_numpy())))) <= OBJECTIVE
    for name, printed in PRINTED.items():
        assert cc.params[name] == pytest.approx(printed, rel=2e-4)


def test_a_budget_is_allocated_as_printed(cc):
    N, D = cc.allocate_compute(1e24)
    assert f"{1e24} FLOPs -> {N / 1e9:.1f}B parameters & {D / 1e12:.1f}T samples" == (
        "1e+24 FLOPs -> 160.5B parameters & 1.0T samples"
    )


def test_many_budgets_are_unpacked_into_their_columns(cc):
    budgets = np.logspace(15, 24)
    N, D = cc.allocate_compute(budgets)
    assert (6 * N * D) == pytest.approx(budgets)
    assert cc.L(N, D) == pytest.approx([cc.predict_loss(*one) for one in zip(N, D, strict=True)])
