"""Kaplan's law through the documented class, a configuration file, the report and the figures."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from runs import AXES, make_runs, table_of
from scipy.optimize import minimize_scalar

from chinchilla_nb import Chinchilla, KaplanLaw
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.report import Report

# Kaplan et al. 2020, table 2.
LAW = KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)
RANGES = {"C": (1e18, 1e20), "N_to_D": (5, 100)}
KAPLAN_GRID = {
    "N_c": [1e13, 1e15],
    "log_D_c": {"linspace": [25.0, 35.0, 3]},
    "alpha_N": [0.05, 0.1],
    "alpha_D": [0.05, 0.1],
}


@pytest.fixture
def cc(tmp_path) -> Chinchilla:
    cc = Chinchilla(tmp_path, seed_ranges=RANGES, scaling_factor=10, law="kaplan", log_level=50, rng=0)
    cc.database.df = table_of(make_runs(40, LAW))
    return cc


def test_the_law_is_found_and_plans_with(cc):
    fit = cc.fit()
    assert cc.get_params() == pytest.approx(LAW.as_dict(), rel=1e-9)
    assert fit.warnings == ()
    assert fit.starts == 144
    # Equation 1.5 as printed.
    assert cc.predict_loss(1e9, 1e11) == pytest.approx(((6.4e13 / 1e9) ** (0.076 / 0.103) + 180) ** 0.103, rel=1e-9)
    C = 5.76e23
    N, D = cc.allocate_compute(C)
    assert 6 * N * D == pytest.approx(C)
    found = minimize_scalar(lambda n: float(LAW.loss(np.exp(n), C / 6 / np.exp(n))), bracket=(20, 30), tol=1e-12)
    assert N == pytest.approx(np.exp(found.x), rel=1e-5)
    assert cc.allocate_compute([1e20, C])[1] == pytest.approx([N, D])
    # The tokens at which N is the optimum, so that the budget of both leads back to it.
    assert cc.adjust_D_to_N(N) == pytest.approx(D, rel=1e-6)


def test_runs_are_scaled_and_stepped(cc):
    largest = float(cc.session.runs.C.max())
    (N, D), config = cc.step(num_seeding_steps=10)
    assert config is None
    assert 6 * N * D == pytest.approx(10 * largest)
    assert pytest.approx((N, D), rel=1e-6) == cc.allocate_compute(10 * largest)
    (N, D), _ = cc.scale(C=1e22)
    assert 6 * N * D == pytest.approx(1e22)


def test_the_report_names_the_parameters_of_the_law(cc, capsys):
    cc.fit()
    cc.report(plot=False)
    text = capsys.readouterr().out
    assert text.startswith("L(N, D) = [(6.4e+13 / N)^0.7379 + 1.8e+13 / D]^0.103\n")
    for name, value in (("N_c", "6.4e+13"), ("D_c", "1.8e+13"), ("alpha_N", "0.076"), ("alpha_D", "0.103")):
        assert re.search(rf"^  {name} +{re.escape(value)}$", text, re.MULTILINE)
    # N* grows as C to the 1 / (1 + alpha_N / alpha_D).
    assert re.search(rf"exponent of N\* in C +{1 / (1 + 0.076 / 0.103):.4f}", text)
    assert "6.4e+13 / N" in Report.of(cc.session.fit, cc.session.settings)._repr_html_()


def test_the_figures_bear_the_law(cc, tmp_path):
    cc.fit()
    title = cc.visualizer.plot(cc).get_suptitle()
    assert title.startswith(r"$L(N, D) = [(6.4 \times 10^{13}\,/\,N)^{\,0.738} + 1.8 \times 10^{13}\,/\,D]^{\,0.103}$")
    cc.report()
    assert len(list(tmp_path.glob("*.png"))) == 2


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_configuration_file_brings_its_starts_or_takes_the_laws_own(tmp_path, suffix):
    path = tmp_path / f"config.{suffix}"
    write = json.dumps if suffix == "json" else yaml.safe_dump
    config = {"project_dir": str(tmp_path), "law": "kaplan", "log_level": 50}
    for more, starts in (({}, 144), ({"param_grid": KAPLAN_GRID}, 24)):
        path.write_text(write({**config, **more}))
        cc = Chinchilla.from_config(path)
        cc.database.df = table_of(make_runs(40, LAW))
        assert cc.fit().starts == starts
        assert cc.get_params() == pytest.approx(LAW.as_dict(), rel=1e-9)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"law": "kaplam"}, "law must be one of 'chinchilla', 'kaplan', got 'kaplam': did you mean 'kaplan'?"),
        (
            {"law": "Chinchila"},
            "law must be one of 'chinchilla', 'kaplan', got 'Chinchila': did you mean 'chinchilla'?",
        ),
        ({"law": 3}, "law must be one of 'chinchilla', 'kaplan', got 3"),
        ({"law": "kaplan", "param_grid": AXES}, "param_grid has no key 'e': choose from N_c, log_N_c, D_c, log_D_c, "),
        ({"law": "kaplan", "bounds": {"alpha": 0.3}}, "bounds has no key 'alpha': did you mean 'alpha_N'?"),
    ],
)
def test_what_does_not_fit_the_law_is_one_sentence(tmp_path, more, message):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"project_dir": str(tmp_path), **more}, sort_keys=False))
    place = f"in the configuration {str(path)!r}"
    with pytest.raises(InputError, match=f"^{re.escape(place)}, {re.escape(message)}.*$"):
        Chinchilla.from_config(path)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"alpha_D": 0}, r"bounds\['alpha_D'\] must overlap the range that a fit considers, 0.01 to 10, got 0$"),
        (
            {"alpha_N": (20, 30)},
            r"bounds\['alpha_N'\] must overlap the range that a fit considers, 0.01 to 10, got \(20, 30\)",
        ),
    ],
)
def test_limits_beyond_what_a_fit_considers_are_refused(cc, bounds, message):
    with pytest.raises(InputError, match=message):
        cc.bounds = bounds


def test_three_runs_are_fitted_with_a_warning_and_two_are_not(cc):
    cc.database.df = table_of(make_runs(3, LAW))
    assert "3 runs cannot determine four parameters" in str(cc.fit().warnings[0])
    cc.database.df = table_of(make_runs(2, LAW))
    with pytest.raises(ValueError, match="at least 3 runs, got 2"):
        cc.fit()


def test_runs_along_a_line_are_warned_of(cc):
    N = np.geomspace(1e7, 1e9, 12)
    cc.database.df = pd.DataFrame({"N": N, "D": 20 * N, "loss": LAW.loss(N, 20 * N)})
    warnings = {warning.code: str(warning) for warning in cc.fit().warnings}
    assert "N and D move together" in warnings["collinear"]
    assert "tokens per parameter; the runs have 20 to 20" in warnings["extrapolation"]


def test_a_simulated_task_of_another_law_is_fitted_with_the_projects(cc):
    simulator = cc.simulate(num_seeding_steps=12, noise_generator=None)
    assert set(simulator.get_params()) == {"N_c", "D_c", "alpha_N", "alpha_D"}
