"""The report: its numbers, and its output in a terminal and in a notebook."""

from __future__ import annotations

import dataclasses
import functools
import re

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from runs import AXES, LAW

from chinchilla_nb import Chinchilla, ScalingLaw
from chinchilla_nb.engine.fitting.losses import log_huber, mse
from chinchilla_nb.report import Report


@pytest.fixture
def make(tmp_path):
    def make(runs=30, noise=0.0, **changes):
        arguments = {"seed_ranges": {"C": (1e18, 1e20), "N_to_D": (5, 100)}, "loss_fn": mse, "log_level": 50, "rng": 0}
        cc = Chinchilla(tmp_path, AXES, **{**arguments, **changes})
        for _ in range(runs):
            (N, D), _ = cc.seed()
            cc.append(N=N, D=D, loss=float(LAW.loss(N, D)) + noise * cc.rng.normal())
        return cc

    return make


def row(report, name):
    rows = {key: value for _, table in report.tables for key, value in table}
    return rows[name]


def test_the_report_says_what_was_found(make):
    cc = make(noise=0.01, scaling_factor=100)
    fit = cc.fit()
    report = Report.of(fit, cc.session.settings)
    assert float(row(report, "E")) == pytest.approx(fit.law.E, rel=1e-6)
    a = fit.law.beta / (fit.law.alpha + fit.law.beta)
    assert float(row(report, "a, exponent of N* in C")) == pytest.approx(a, abs=1e-4)
    residuals = cc.database.df["loss"] - cc.predict_loss(cc.database.df["N"], cc.database.df["D"])
    assert float(row(report, "root mean square error")) == pytest.approx(np.sqrt((residuals**2).mean()), rel=1e-3)
    r_squared = 1 - (residuals**2).sum() / ((cc.database.df["loss"] - cc.database.df["loss"].mean()) ** 2).sum()
    assert float(row(report, "R² of the loss")) == pytest.approx(r_squared, abs=1e-6)
    (N, D), _ = cc.scale()
    assert row(report, "parameters N") == f"{N:,}"
    assert row(report, "compute C").startswith("1e+22 FLOPs, 100 ×")
    assert float(row(report, "predicted loss")) == pytest.approx(cc.predict_loss(N, D), rel=1e-5)


def test_a_report_is_printed_in_a_terminal(make, capsys, tmp_path):
    cc = make()
    cc.fit()
    assert cc.report(plot=False) is None
    text = capsys.readouterr().out
    for title in ("Estimated parameters", "Goodness of fit", "Next model"):
        assert title in text
    assert not list(tmp_path.glob("*.png"))


def test_a_report_with_plots_saves_both_figures(make, tmp_path):
    cc = make()
    cc.fit()
    cc.report()
    assert {path.name for path in tmp_path.glob("*.png")} == {"parametric_fit.png", "LBFGS.png"}


def test_a_partial_as_loss_is_named(make, capsys):
    cc = make(loss_fn=functools.partial(log_huber, delta=1e-3))
    cc.fit()
    cc.report(plot=False)
    assert re.search(r"loss function +Huber of the logarithms, δ = 0\.001\n", capsys.readouterr().out)


def test_a_stale_fit_is_reported_as_stale(make, capsys):
    cc = make()
    cc.fit()
    cc.append(N=1e9, D=2e10, loss=2.5)
    cc.report(plot=False)
    assert "the runs or settings have changed since this fit" in capsys.readouterr().out


def test_text_from_users_is_escaped_in_html(make):
    search = {"hyperparam_grid": {"act": ["<img src=x>"], "width": list(range(512, 9000, 64))}}
    cc = make(model_search_config={**search, "size_estimator": lambda act, width: 300 * width**2})
    html = Report.of(cc.fit(), cc.session.settings)._repr_html_()
    assert "&lt;img" in html
    assert "<img" not in html


def test_runs_without_a_seed_regime_have_a_report(make, tmp_path):
    cc = make()
    cc.seed_ranges = None
    report = Report.of(cc.fit(), cc.session.settings)
    assert float(row(report, "compute C").split()[0]) == pytest.approx(10 * cc.database.df["C"].max(), rel=1e-3)


def test_a_law_without_an_optimum_says_so(make):
    cc = make()
    fit = dataclasses.replace(cc.fit(), law=ScalingLaw(E=2, A=0, B=400, alpha=0.3, beta=0.3))
    report = Report.of(fit, cc.session.settings)
    assert "no compute-optimal" in row(report, "none")
    assert "a, exponent of N* in C" not in str(report)


def test_losses_that_are_all_the_same_have_no_variance_to_explain(make):
    cc = make()
    df = cc.database.df.copy()
    df["loss"] = 2.0
    cc.database.df = df
    assert "R²" not in str(Report.of(cc.fit(), cc.session.settings))


def test_in_a_notebook_the_report_is_html_with_figures(tmp_path):
    code = f"""
from chinchilla_nb import Chinchilla
cc = Chinchilla({str(tmp_path)!r}, {AXES!r}, {{"C": (1e18, 1e20), "N_to_D": (5, 100)}}, rng=0, log_level=30)
for _ in range(12):
    (N, D), _ = cc.seed()
    cc.append(N=N, D=D, loss=1.69 + 406.4 / N**0.34 + 410.7 / D**0.28)
cc.fit()
cc.report()
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": "."}}).execute()
    outputs = [output for output in notebook.cells[0].outputs if "data" in output]
    assert any("Estimated parameters" in output["data"].get("text/html", "") for output in outputs)
    assert sum("image/png" in output["data"] for output in outputs) == 2


def test_a_next_model_outside_the_runs_is_among_the_warnings(make):
    cc = make(scaling_factor=10)
    fit = cc.fit()
    assert Report.of(fit, cc.session.settings).warnings == ()
    far = Report.of(fit, dataclasses.replace(cc.session.settings, scaling_factor=1e4)).warnings
    # From 1e20, the upper end of the seed ranges.
    times = f"{1e24 / fit.runs.C.max():,.0f} times the compute of the largest run: add larger runs"
    assert len(far) == 1
    assert times in far[0]


def numbers_in(text):
    units = {"": 1, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    return [float(digits.replace(",", "")) * units[unit] for digits, unit in re.findall(r"([\d.,]*\d)([kMBT]?)", text)]


def test_the_report_says_what_is_known_how_sure_and_what_would_settle_it(make, capsys):
    cc = make(noise=0.01, scaling_factor=10)
    fit = cc.fit()
    assert Report.of(fit, cc.session.settings).summary == ()
    cc.session.uncertainty = fit.uncertainty("pairs", draws=50, rng=0)
    report = Report.of(fit, cc.session.settings, False, cc.session.uncertainty)
    known, sure, settle = report.summary
    exact = cc.session.uncertainty.allocate(1e21)
    assert known.startswith("At 10²¹ FLOPs the law puts the optimum at N = ")
    low, high = (float(end) for end in (exact["N"].low, exact["N"].high))
    told = re.search(r"N\* is (.*?), D\*", sure).group(1)
    np.testing.assert_allclose(numbers_in(told), [low, high], atol=0.06 * (high - low) / 2)
    assert "(95 %, pairs bootstrap, 50 draws)" in sure
    # The loss has two intervals: each law's at its own optimum, and that of all laws for one N and D.
    told = re.search(r"the loss of that optimum, wherever it lies, is (.*?) \(95", sure).group(1)
    half = float(exact["loss"].high - exact["loss"].low) / 2
    np.testing.assert_allclose(numbers_in(told), [exact["loss"].low, exact["loss"].high], atol=0.06 * half)
    assert row(report, "predicted loss").endswith(" for these N and D)")
    run = cc.session.uncertainty.predict_loss(exact["N"].value, exact["D"].value, kind="new-run")
    half = float(run.high - run.low) / 2
    assert settle.startswith("A run there would test the law")
    np.testing.assert_allclose(numbers_in(settle), [run.low, run.high], atol=0.06 * half)
    far = dataclasses.replace(cc.session.settings, scaling_factor=1e4)
    *_, settle = Report.of(fit, far, False, cc.session.uncertainty).summary
    assert settle == "To be surer: add larger runs before trusting the frontier there."
    interval = cc.session.uncertainty.interval()["E"]
    within = re.search(r"\((.*)\)", row(report, "E")).group(1)
    half = float(interval.high - interval.low) / 2
    np.testing.assert_allclose(numbers_in(within), [interval.low, interval.high], atol=0.06 * half)
    assert row(report, "in brackets") == "95 % intervals, if the law holds: pairs bootstrap, 50 draws"
    cc.report(plot=False)
    text = capsys.readouterr().out
    assert all(sentence in text for sentence in report.summary)
    assert all(sentence.replace("*", "") in report._repr_html_().replace("*", "") for sentence in report.summary)


def test_a_law_without_an_optimum_has_one_sentence(make):
    cc = make(noise=0.01, bounds={"alpha": (0, 0)})
    fit = cc.fit()
    report = Report.of(fit, cc.session.settings, False, fit.uncertainty("sandwich"))
    assert len(report.summary) == 1
    assert "no compute-optimal model" in report.summary[0]
    assert "no compute-optimal" in row(report, "none")


def test_what_limits_the_intervals_is_in_the_report(make):
    cc = make(noise=0.01)
    df = cc.database.df
    cc.database.df = type(df)({name: [*df[name], *df[name]] for name in ("N", "D", "loss")})
    uncertainty = cc.fit().uncertainty("sandwich")
    assert uncertainty.notes
    assert all(note in str(Report.of(cc.fit(), cc.session.settings, False, uncertainty)) for note in uncertainty.notes)
