"""Plans of a project: one row each, the same as the engine's, and tables of several."""

from __future__ import annotations

import pandas as pd
import pytest
from runs import AXES, LAW, make_runs, table_of

from chinchilla_nb import Chinchilla, Hardware, InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.planning.model_sizes import transformer_size_without_embeddings

SEARCH = {
    "hyperparam_grid": {"d_model": [512, 1024, 2048, 4096], "n_layers": [6, 12, 24, 48]},
    "size_estimator": transformer_size_without_embeddings,
}


@pytest.fixture(scope="module")
def cc(tmp_path_factory):
    project = Chinchilla(str(tmp_path_factory.mktemp("plans")), AXES, model_search_config=SEARCH, log_level=30)
    project.database.df = table_of(make_runs())
    project.fit(parallel=False)
    return project


def test_a_plan_is_one_labelled_row(cc):
    row = cc.plan(C=1e22)
    assert row.shape[0] == 1
    assert row.index.tolist() == ["C = 1e+22"]
    N, D = allocate(LAW, 1e22)  # the runs follow this law exactly
    assert row.N.item() == pytest.approx(float(N), rel=1e-3)
    assert row.D.item() == pytest.approx(float(D), rel=1e-3)
    assert row.loss.item() == pytest.approx(float(LAW.loss(N, D)), rel=1e-4)
    assert row.deadweight_compute.item() == 0
    assert row.convention.item() == "C = 6ND"
    assert cc.plan(C=1e22, label="mine").index.tolist() == ["mine"]
    pd.testing.assert_frame_equal(cc.plan(1e22), row)


def test_plans_side_by_side(cc):
    asked = {"optimum": {"C": 1e22}, "7B": {"C": 1e22, "N": 7e9}, "served": {"C": 1e22, "inference_tokens": 1e12}}
    table = cc.plans(asked)
    one_by_one = pd.concat([cc.plan(**given, label=label) for label, given in asked.items()])
    pd.testing.assert_frame_equal(table, one_by_one)
    assert table.deadweight_compute["7B"] > 0
    assert table.N["served"] < table.N["optimum"]
    assert cc.plans([{"C": 1e22}, {"loss": 2.2}]).index.tolist() == ["C = 1e+22", "loss = 2.2"]


def test_intervals_come_with_the_uncertainty(tmp_path):
    cc = Chinchilla(str(tmp_path), AXES, log_level=30)
    cc.database.df = table_of(make_runs(noise=0.01))
    cc.fit(parallel=False)
    assert "N_low" not in cc.plan(C=1e21)
    cc.uncertainty("sandwich")
    row = cc.plan(C=1e21)
    assert row.N_low.item() < row.N.item() < row.N_high.item()
    assert row.C_low.item() == row.C_high.item() == 1e21
    wider = cc.plan(C=1e21, level=0.99)
    assert wider.N_low.item() < row.N_low.item()
    found = cc.uncertainty("pairs", draws=50, rng=0, parallel=False)
    given = cc.plan(C=1e21, uncertainty=found)
    assert given.loss_low.item() < given.loss.item() < given.loss_high.item()
    cc.fit(parallel=False)
    assert "N_low" not in cc.plan(C=1e21)
    with pytest.raises(InputError, match="uncertainty must be of the last fit"):
        cc.plan(C=1e21, uncertainty=found)


def test_the_models_of_the_search(cc, tmp_path):
    row = cc.plan(C=1e20, models=True)
    assert transformer_size_without_embeddings(**row.model_config.item()) == row.N.item()
    bare = Chinchilla(str(tmp_path), {**AXES}, log_level=30)
    bare.database.df = table_of(make_runs())
    bare.fit(parallel=False)
    with pytest.raises(InputError, match="models must be sizes, because the project has no model search"):
        bare.plan(C=1e20, models=True)


def test_days_and_costs(cc):
    row = cc.plan(hardware=Hardware("H100 SXM", 64, 0.4, 2.5), days=14)
    assert row.days.item() == pytest.approx(14)
    assert row.cost.item() == pytest.approx(53_760)


def test_what_is_extrapolated_is_said(cc, capsys):
    def said() -> str:
        return " ".join(capsys.readouterr().err.split())  # the logger breaks lines

    cc.plan(C=1e20, N=1e9)
    assert not said()
    cc.plan(C=1e24)
    assert "C = 1e+24: the plan takes 1" in said()
    cc.plan(C=1e21, N=1e8)
    assert "the plan has 16,667 tokens per parameter, and the runs" in said()
    cc.plan(C=1e22, unique_tokens=1e8)
    assert "epochs are more than the 500 for which repeated" in said()
    cc.plans({"near": {"C": 1e20, "N": 1e9}, "far": {"C": 1e24}})
    text = said()
    assert "far: the plan takes 1" in text
    assert "near" not in text


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ({}, "plans must be 1 to 1,000 plans, got none"),
        ("optimum", "plans must be a mapping or a list of constraints, got 'optimum'"),
        ([3], r"plans\[0\] must map constraints to values, got 3"),
        ({"a": {"c": 1e21}}, r"plans\['a'\] has no key 'c': did you mean 'C'\?"),
        ({"a": {"C": -1}}, r"in plans\['a'\], C must be positive and finite, got -1"),
        ([{"C": 1e21, "N": 1e9, "D": 1e9}], r"in plans\[0\], give at most one of"),
        ({1: {"C": 1e21}}, "the labels of plans must be text, got 1"),
    ],
)
def test_what_is_no_table_of_plans(cc, plans, message):
    with pytest.raises(InputError, match=message):
        cc.plans(plans)


def test_nothing_is_planned_without_a_fit(tmp_path):
    with pytest.raises(InputError, match="the scaling law has not been estimated yet: call fit"):
        Chinchilla(str(tmp_path), AXES, log_level=30).plan(C=1e21)


def test_a_plan_names_the_nearest_configuration(cc, caplog):
    row = cc.plan(C=1e20)
    widths, depths = SEARCH["hyperparam_grid"].values()
    sizes = {(w, d): transformer_size_without_embeddings(w, d) for w in widths for d in depths}
    losses = {key: float(cc.predict_loss(N, 1e20 / 6 / N)) for key, N in sizes.items()}
    best = min(losses, key=losses.get)
    assert row.nearest_config.item() == dict(zip(("d_model", "n_layers"), best, strict=True))
    assert row.nearest_N.item() == sizes[best]
    assert row.nearest_loss.item() == pytest.approx(losses[best])
    assert row.nearest_extra_loss.item() == pytest.approx(losses[best] - row.loss.item())
    assert "nearest_N" not in cc.plan(C=1e20, N=7e9)


def test_a_budget_beyond_the_model_search_is_said(tmp_path, capsys):
    cc = Chinchilla(str(tmp_path), AXES, model_search_config=SEARCH, log_level=30)
    cc.database.df = table_of(make_runs())
    cc.fit(parallel=False)
    largest = transformer_size_without_embeddings(4096, 48)
    for ask in (lambda: cc.plan(C=1e25), lambda: cc.allocate_compute(1e25), lambda: cc.scale(C=1e25)):
        capsys.readouterr()
        ask()
        said = "".join(capsys.readouterr())
        factor = float(allocate(LAW, 1e25)[0]) / largest
        assert "N* = " in said
        assert "largest of 16" in " ".join(said.split())
        assert f"{factor:.2g}" in said
