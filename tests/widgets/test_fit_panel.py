"""The fit panel over a real session and real fits."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace

import numpy as np
import pytest

from chinchilla_nb.engine.fitting.fit import FitStatus
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.fit.fit_panel import FitPanel


def text_of(widget) -> str:
    return re.sub("<[^>]*>", " ", widget.value)


def test_before_any_run_it_says_what_to_do(empty_session):
    panel = FitPanel(empty_session)
    assert panel.fit_button.disabled
    assert panel.cancel_button.disabled
    assert "cc.append(N=" in text_of(panel.state)


def test_click_fits_and_shows_the_law(session, law):
    panel = FitPanel(session)
    assert "30 runs ready: press Fit" in text_of(panel.state)
    panel.fit_button.click()
    panel.wait()
    assert session.fit.status is FitStatus.CONVERGED
    for name, value in law.as_dict().items():
        assert getattr(session.fit.law, name) == pytest.approx(value, rel=1e-6)
        assert f"{value:.4g}" in text_of(panel.result)
    assert "Converged" in text_of(panel.result)
    assert "4,500 starts" in text_of(panel.result)
    # N* grows as C to the beta / (alpha + beta).
    assert f"{0.28 / 0.62:.3f}" in text_of(panel.result)
    assert "Up to date with 30 runs" in text_of(panel.state)
    assert not panel.fit_button.disabled
    assert panel.cancel_button.disabled


def test_click_after_a_fit_fits_again(session):
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    first = session.fit
    panel.fit_button.click()
    panel.wait()
    assert session.fit is not first


def test_a_fit_in_a_cell_says_what_stops_it(session):
    panel, said = FitPanel(session), []
    panel.state.observe(lambda change: said.append(change["new"]), "value")
    session.run_fit()
    assert any("interrupt the kernel to stop" in text for text in said)
    assert "interrupt" not in panel.state.value


def test_a_fit_under_way_is_not_called_stalled(session):
    panel, said = FitPanel(session), []
    panel.result.observe(lambda change: said.append(text_of(panel.result)), "value")
    session.run_fit()
    *under_way, ended = said
    assert under_way
    assert all("Running" in text for text in under_way)
    assert not any("Stalled" in text for text in said)
    assert "Converged" in ended


def test_fit_elsewhere_and_new_runs_move_the_panel(session, database, law):
    panel = FitPanel(session)
    session.run_fit()
    assert "Converged" in text_of(panel.result)
    for N in (1e8, 2e8, 3e8):
        database.append(N=N, D=1e10, loss=float(law.loss(N, 1e10)))
    assert "3 runs since this fit" in text_of(panel.state)
    panel.fit_button.click()
    panel.wait()
    assert "Up to date with 33 runs" in text_of(panel.state)


def test_changed_settings_are_noticed_and_a_change_taken_back_is_none(session):
    panel, asked = FitPanel(session), session.settings
    session.run_fit()
    for change in ({"loss_fn": mse}, {"bounds": {"alpha": (0.3, 0.3)}}, {"weight_fn": np.sqrt}, {"dtype": np.float64}):
        session.settings = replace(asked, **change)
        assert "settings have changed since this fit" in text_of(panel.state)
        session.settings = replace(asked, scaling_factor=3.0)  # chooses the next run, no law
        assert "Up to date" in text_of(panel.state)
    session.settings = replace(asked, loss_fn=mse)
    session.run_fit()
    assert "Up to date" in text_of(panel.state)


def test_changed_and_removed_runs_are_noticed(session, database):
    panel = FitPanel(session)
    session.run_fit()
    database.df = database.df.iloc[:20]
    assert "have changed since this fit" in text_of(panel.state)


def test_runs_that_count_again_are_no_new_ones(session, database, law):
    panel = FitPanel(session)
    session.exclude(run_keys(session.runs)[-9:])
    session.run_fit()
    database.append(N=1e8, D=1e10, loss=float(law.loss(1e8, 1e10)))
    assert "1 run since this fit" in text_of(panel.state)
    session.undo_exclusion()
    assert "The runs have changed since this fit" in text_of(panel.state)


def test_too_few_runs_are_explained_in_the_panel(session, database, rows):
    database.df = rows.iloc[:2]
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    assert session.error
    assert session.error in text_of(panel.trouble)
    assert not panel.fit_button.disabled
    database.df = rows
    panel.fit_button.click()
    panel.wait()
    assert session.error == ""
    assert "Converged" in text_of(panel.result)
    assert text_of(panel.trouble).strip() == ""


def test_warnings_come_with_their_remedy(session, database, rows):
    database.df = rows.assign(D=20 * rows.N)
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    assert session.fit.warnings
    for warning in session.fit.warnings:
        assert warning.message in panel.trouble.value.replace("&#x27;", "'")
        assert warning.remedy in panel.trouble.value.replace("&#x27;", "'")


def failing_loss(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    raise RuntimeError("<img src=x onerror=alert(1)>")


def test_what_a_loss_raises_is_shown_as_text(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=failing_loss)
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    assert "failing_loss raised RuntimeError(&lt;img src=x" in panel.trouble.value
    assert "<img" not in panel.trouble.value
    assert panel.errors.value == ""
    assert not panel.fit_button.disabled


class Clumsy(FitPanel):
    broken = True

    @guarded
    def stumble(self) -> None:
        if self.broken:
            raise KeyError("<b>")


def test_an_exception_in_a_callback_is_shown_until_it_works_again(session):
    panel = Clumsy(session)
    panel.stumble()
    assert "KeyError" in panel.errors.value
    assert "<b>" not in panel.errors.value
    panel.broken = False
    panel.stumble()
    assert panel.errors.value == ""


def test_a_closed_panel_watches_no_more(session, database):
    panel = FitPanel(session)
    panel.close()
    database.append(N=1e8, D=1e10, loss=3.0)
    assert "30 runs ready" in text_of(panel.state)


def test_a_panel_needs_a_session():
    with pytest.raises(TypeError, match="got int"):
        FitPanel(3)


def test_diagnostics_show_this_fit_and_cost_nothing_before(session, database, rows, law):
    rng = np.random.default_rng(3)
    database.df = rows.assign(loss=law.loss(rows.N, rows.D) * np.exp(rng.normal(0, 0.01, len(rows))))
    panel = FitPanel(session)
    session.run_fit()
    assert panel.charts is None
    panel.diagnostics.value = True
    charts, fit = panel.charts, session.fit
    assert charts in panel.children
    predicted = fit.law.loss(rows.N, rows.D)
    np.testing.assert_allclose(charts.dots["prediction"].x, database.df.loss)
    np.testing.assert_allclose(charts.dots["prediction"].y, predicted)
    for name, values in {"N": rows.N, "D": rows.D, "C": 6 * rows.N * rows.D}.items():
        np.testing.assert_allclose(charts.dots[name].x, values)
        np.testing.assert_allclose(charts.dots[name].y, database.df.loss - predicted, atol=1e-12)
    # The outline of the histogram encloses every run: widths cancel, as bins are equally wide.
    assert sum(charts.bars.y[1:-1:2]) == 30
    database.df = database.df.iloc[:25]
    session.run_fit()
    assert len(charts.dots["C"].x) == 25
    panel.diagnostics.value = False
    assert charts not in panel.children


def test_landscape_is_the_least_objective_by_starting_exponents(session):
    from chinchilla_nb.figures import landscape_figure

    session.run_fit()
    grid, landscape = session.settings.starts, session.fit.landscape
    figure = landscape_figure(session.fit)
    points = grid.points()
    for i, alpha in enumerate(figure.across):
        for j, beta in enumerate(figure.up):
            mine = (points[:, 3] == alpha) & (points[:, 4] == beta)
            assert figure.objective[i, j] == landscape[mine].min()
    assert figure.shade[figure.best] == figure.shade.min() == 0


def test_a_grid_changed_since_the_fit_is_not_taken_for_its_own(session):
    from chinchilla_nb.engine.laws.starts import StartGrid

    session.run_fit()
    # As many starts, differently laid out.
    turned = StartGrid({"E": [1, 2, 3, 4, 5], "A": 6 * [4], "B": 6 * [4], "alpha": 25 * [0.3], "beta": [0.3]})
    assert len(turned) == session.fit.starts
    session.settings = dataclasses.replace(session.settings, grid=turned)
    panel = FitPanel(session)
    panel.diagnostics.value = True
    assert panel.charts.landscape.value.count("<rect") == 25
    assert "α 2, β 0.5" in panel.charts.landscape.value


def test_curve_of_the_best_objective_and_time_left():
    from types import SimpleNamespace

    from chinchilla_nb.engine.fitting.fit import FitProgress
    from chinchilla_nb.widgets.fit.progress_curve import ProgressCurve

    now = [100.0]
    curve = ProgressCurve(lambda: now[0])
    for seconds, objective in ((0, 8.0), (2, 4.0), (3, 5.0), (4, 1.0)):
        now[0] = 100.0 + seconds
        progress = FitProgress("optimising", 10 * seconds, 100, SimpleNamespace(objective=objective))
        curve.add(progress)
    assert curve.points == [(0, 8.0), (2, 4.0), (4, 1.0)]  # it never rises
    assert curve.remaining(progress) == pytest.approx(6)  # sixty starts at ten a second
    assert "<b>1</b> per run, from 8" in curve.html()
    now[0] = 110.0
    curve.end()
    now[0] = 200.0
    assert curve.elapsed == 10


def test_excluded_runs_are_hollow_in_the_diagnostics(session):
    session.run_fit()
    panel = FitPanel(session)
    panel.diagnostics.value = True
    charts = panel.charts
    session.exclude(run_keys(session.runs)[:4])
    # At once, although they were in this fit.
    for name in ("prediction", "N", "D", "C"):
        assert (len(charts.dots[name].x), len(charts.excluded[name].x)) == (26, 4)
        assert charts.excluded[name].names[0].startswith("Excluded\n")
    session.run_fit()
    assert (len(charts.dots["N"].x), len(charts.excluded["N"].x)) == (26, 4)
    session.undo_exclusion()
    assert len(charts.excluded["N"].x) == 0
    assert panel.errors.value == ""
