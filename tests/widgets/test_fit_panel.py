"""The fit panel on a real session and real fits."""

from __future__ import annotations

import dataclasses
import html
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.engine.fitting.fit import FitError, FitProgress, FitStatus
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.figures import landscape_figure
from chinchilla_nb.quantity import interval_text
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.fit.progress_curve import ProgressCurve
from chinchilla_nb.work.job import PERIOD


def text_of(widget) -> str:
    return re.sub("<[^>]*>", " ", widget.value)


def result_of(panel) -> str:
    """The text of the law, its parameters and how it was found."""
    return " ".join(text_of(part) for part in (panel.law, *panel.parameters.values.values(), panel.facts))


def test_without_runs_it_says_how_many_it_needs(empty_session):
    panel = FitPanel(empty_session)
    assert panel.fit_button.disabled
    assert panel.cancel_button.disabled
    assert "No runs yet: a fit needs at least three" in text_of(panel.state)
    assert "cc." not in text_of(panel.state)  # a page has no cells
    empty_session.database.append(N=1e8, D=1e10, loss=3.0)
    assert "1 run so far: a fit needs at least three" in text_of(panel.state)


def test_click_fits_and_shows_the_law(session, law):
    panel = FitPanel(session)
    assert "30 runs ready: press Fit" in text_of(panel.state)
    assert "its parameters and what the runs cannot determine appear here" in text_of(panel.law)
    panel.fit_button.click()
    panel.wait()
    assert "appear here" not in text_of(panel.law)
    assert session.fit.status is FitStatus.CONVERGED
    for name, value in law.as_dict().items():
        assert getattr(session.fit.law, name) == pytest.approx(value, rel=1e-6)
        assert f"{value:.4g}" in result_of(panel)
    assert "Optimum found" in result_of(panel)
    assert "4,500 starts" in result_of(panel)
    # N* grows as C to the beta / (alpha + beta).
    assert f"{0.28 / 0.62:.3f}" in result_of(panel)
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


def test_a_fit_in_a_cell_says_how_to_stop_it(session):
    panel, said = FitPanel(session), []
    panel.state.observe(lambda change: said.append(change["new"]), "value")
    session.run_fit()
    assert any("interrupt the kernel to stop" in text for text in said)
    assert "interrupt" not in panel.state.value


def slow_map(optimise: Callable[[Any], Any], starts: Iterable[Any]) -> Iterator[Any]:
    """Map over starts, taking so long for each that its progress is always reported."""
    for start in starts:
        time.sleep(PERIOD)
        yield optimise(start)


def test_a_fit_under_way_is_not_called_stalled(session):
    session.settings = replace(
        session.settings, grid=StartGrid({"E": [1], "a": [5], "b": [5], "alpha": [0.3], "beta": [0.3]})
    )
    panel, said = FitPanel(session), []
    panel.facts.observe(lambda change: said.append(text_of(panel.facts)), "value")
    session.run_fit(exhaustive=True, map=slow_map)
    *under_way, ended = said
    assert under_way
    assert all("Running" in text for text in under_way)
    assert not any("Stalled" in text for text in said)
    assert "Optimum found" in ended


def test_excluding_all_but_two_runs_disables_the_fit(session):
    panel = FitPanel(session)
    session.exclude(run_keys(session.runs)[2:])
    assert panel.fit_button.disabled
    session.undo_exclusion()
    assert not panel.fit_button.disabled


def test_a_fit_cancelled_before_it_found_anything_is_said(session):
    panel = FitPanel(session)
    session.start(lambda: iter([session.cancel()]))
    assert session.cancelled
    assert "Cancelled" in text_of(panel.state)
    assert "30 runs ready: press Fit" in text_of(panel.state)
    panel.fit_button.click()
    panel.wait()
    assert "Cancelled" not in text_of(panel.state)


def test_a_cancelled_fit_does_not_look_like_the_fit_before_it(session):
    session.run_fit()
    panel = FitPanel(session)
    session.start(lambda: iter([session.cancel()]))
    assert "Cancelled after 0.0 s: the fit before it is shown" in text_of(panel.state)
    assert "Up to date" not in text_of(panel.state)


@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_no_curve_of_the_progress_stays_after_any_fit(session, seconds, monkeypatch):
    panel, now, shown = FitPanel(session), [0.0], []
    monkeypatch.setattr(ProgressCurve.__init__, "__defaults__", (lambda: now[0],))
    panel.curve.observe(lambda change: shown.append(change["new"]), "value")

    fit = session.run_fit()

    def steps() -> Iterator[FitProgress]:
        for done in range(3):
            now[0] += seconds
            time.sleep(2 * PERIOD)
            yield FitProgress("optimising", done, 3, replace(fit, objective=1.0 / (1 + done)))

    session.start(steps)
    assert any(shown) == (seconds == 2.0)
    assert panel.curve.value == ""


def test_a_remedy_in_a_panel_is_no_code(session, database, rows):
    database.df = rows.assign(C=7.5 * rows.N * rows.D)
    panel = FitPanel(session)
    session.run_fit()
    assert "compute" in [warning.code for warning in session.fit.warnings]
    assert "choose the C of the runs under Compute in the configuration" in text_of(panel.problems)
    assert "compute=" not in panel.problems.value


def test_fits_in_code_and_new_runs_update_the_panel(session, database, law):
    panel = FitPanel(session)
    session.run_fit()
    assert "Optimum found" in result_of(panel)
    for N in (1e8, 2e8, 3e8):
        database.append(N=N, D=1e10, loss=float(law.loss(N, 1e10)))
    assert "3 runs since this fit" in text_of(panel.state)
    panel.fit_button.click()
    panel.wait()
    assert "Up to date with 33 runs" in text_of(panel.state)


def test_changed_settings_are_noticed_unless_the_change_is_reverted(session):
    panel, asked = FitPanel(session), session.settings
    session.run_fit()
    for change in ({"loss_fn": mse}, {"bounds": {"alpha": (0.3, 0.3)}}, {"weight_fn": np.sqrt}, {"dtype": np.float64}):
        session.settings = replace(asked, **change)
        assert "settings have changed since this fit" in text_of(panel.state)
        session.settings = replace(asked, scaling_factor=3.0)  # affects the next run, not the law
        assert "Up to date" in text_of(panel.state)
    session.settings = replace(asked, loss_fn=mse)
    session.run_fit()
    assert "Up to date" in text_of(panel.state)


def test_changed_and_removed_runs_are_noticed(session, database):
    panel = FitPanel(session)
    session.run_fit()
    database.df = database.df.iloc[:20]
    assert "have changed since this fit" in text_of(panel.state)


def test_runs_that_count_again_are_not_called_new(session, database, law):
    panel = FitPanel(session)
    session.exclude(run_keys(session.runs)[-9:])
    session.run_fit()
    database.append(N=1e8, D=1e10, loss=float(law.loss(1e8, 1e10)))
    assert "1 run since this fit" in text_of(panel.state)
    session.undo_exclusion()
    assert "The runs have changed since this fit" in text_of(panel.state)


@pytest.mark.parametrize(("count", "said"), [(1, "1 run so far"), (2, "2 runs so far")])
def test_too_few_runs_are_explained_before_a_fit_is_asked_for(session, database, rows, count, said):
    database.df = rows.iloc[:count]
    panel = FitPanel(session)
    assert panel.fit_button.disabled
    assert f"{said}: a fit needs at least three" in text_of(panel.state)
    with pytest.raises(FitError):
        session.run_fit()
    database.df = rows
    assert "30 runs ready: press Fit" in text_of(panel.state)
    panel.fit_button.click()
    panel.wait()
    assert session.error == ""
    assert "Optimum found" in result_of(panel)
    assert text_of(panel.problems).strip() == ""


def test_warnings_come_with_their_remedy(session, database, rows):
    database.df = rows.assign(D=20 * rows.N)
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    assert session.fit.warnings
    for warning in session.fit.warnings:
        shown = html.unescape(panel.problems.value).replace("\u202f", " ")
        # With the symbols of the law, and with a capital unless one of them comes first.
        said = (warning.message, warning.remedy)
        message, remedy = (text.replace("alpha", "α").replace("beta", "β") for text in said)
        assert (message if message[0] in "αβ" else f"{message[0].upper()}{message[1:]}") in shown
        assert remedy in shown


def failing_loss(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    raise RuntimeError("<img src=x onerror=alert(1)>")


def test_an_exception_of_a_loss_is_shown_as_text(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=failing_loss)
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    assert "failing_loss raised RuntimeError(&#x27;&lt;img src=x" in panel.problems.value
    assert "<img" not in panel.problems.value
    assert panel.errors.value == ""
    assert not panel.fit_button.disabled


class Failing(FitPanel):
    broken = True

    @guarded
    def call(self) -> None:
        if self.broken:
            raise KeyError("<b>")


def test_an_exception_in_a_callback_is_shown_until_the_callback_succeeds(session):
    panel = Failing(session)
    panel.call()
    assert "KeyError" in panel.errors.value
    assert "<b>" not in panel.errors.value
    panel.broken = False
    panel.call()
    assert panel.errors.value == ""


def test_a_closed_panel_is_no_longer_updated(session, database):
    panel = FitPanel(session)
    panel.close()
    database.append(N=1e8, D=1e10, loss=3.0)
    assert "30 runs ready" in text_of(panel.state)


def test_a_panel_needs_a_session():
    with pytest.raises(TypeError, match="got 3"):
        FitPanel(3)


def test_diagnostics_show_the_last_fit_and_are_created_when_opened(session, database, rows, law):
    rng = np.random.default_rng(3)
    database.df = rows.assign(loss=law.loss(rows.N, rows.D) * np.exp(rng.normal(0, 0.01, len(rows))))
    panel = FitPanel(session)
    session.run_fit()
    assert panel.charts is None
    panel.diagnostics.value = True
    charts, fit = panel.charts, session.fit
    assert charts in panel.children
    predicted = fit.law.loss(rows.N, rows.D)
    np.testing.assert_allclose(charts.dots["prediction"].settled.x, database.df.loss)
    np.testing.assert_allclose(charts.dots["prediction"].settled.y, predicted)
    for name, values in {"N": rows.N, "D": rows.D, "C": 6 * rows.N * rows.D}.items():
        np.testing.assert_allclose(charts.dots[name].settled.x, values)
        np.testing.assert_allclose(charts.dots[name].settled.y, database.df.loss - predicted, atol=1e-12)
    # The outline of the histogram contains every run; bins have equal widths, so heights add up to the count.
    assert sum(charts.bars.y[1:-1:2]) == 30
    database.df = database.df.iloc[:25]
    session.run_fit()
    assert len(charts.dots["C"].settled.x) == 25
    panel.diagnostics.value = False
    assert charts not in panel.children


def test_landscape_is_the_minimum_objective_by_starting_exponents(session):
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


def test_the_landscape_marks_its_lowest_start_and_the_law_apart(session):
    session.run_fit()
    panel = FitPanel(session)
    panel.diagnostics.value = True
    figure, drawn = landscape_figure(session.fit), panel.charts.landscape.value
    lowest = np.unravel_index(np.argmin(figure.objective), figure.objective.shape)
    marked = re.search(r'class="cnb-best" x="(\d+)" y="(\d+)"', drawn)
    assert (int(marked[1]), len(figure.up) - 1 - int(marked[2])) == lowest
    # The starts 0, 0.5, ..., 2 are the middles of five cells.
    at = re.search(r'cnb-law-at" style="left:([\d.]+)%;bottom:([\d.]+)%', drawn)
    expected = [100 * (value / 0.5 + 0.5) / 5 for value in (session.fit.law.alpha, session.fit.law.beta)]
    assert [float(at[1]), float(at[2])] == pytest.approx(expected, abs=0.06)


def test_the_landscape_shows_the_grid_of_the_fit_even_when_the_settings_have_changed(session):
    session.run_fit()
    # The same number of starts in a different layout.
    other = StartGrid({"E": [1, 2, 3, 4, 5], "A": 6 * [4], "B": 6 * [4], "alpha": 25 * [0.3], "beta": [0.3]})
    assert len(other) == session.fit.starts
    session.settings = dataclasses.replace(session.settings, grid=other)
    panel = FitPanel(session)
    panel.diagnostics.value = True
    assert panel.charts.landscape.value.count("<title>") == 25
    assert "α 2, β 0.5" in panel.charts.landscape.value


def test_curve_of_the_best_objective_and_time_left():
    from types import SimpleNamespace

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
    # Immediately, although this fit used them.
    for name in ("prediction", "N", "D", "C"):
        assert (len(charts.dots[name].settled.x), len(charts.dots[name].excluded.x)) == (26, 4)
        assert charts.dots[name].excluded.names[0].startswith("Excluded\n")
    session.run_fit()
    assert (len(charts.dots["N"].settled.x), len(charts.dots["N"].excluded.x)) == (26, 4)
    session.undo_exclusion()
    assert len(charts.dots["N"].excluded.x) == 0
    assert panel.errors.value == ""


def test_the_badge_says_what_it_means_and_is_green_without_cautions(session):
    panel = FitPanel(session)
    session.run_fit()
    assert session.fit.warnings == ()
    assert "✓ Optimum found" in text_of(panel.facts)
    assert "cnb-good" in panel.facts.value
    assert "Converged" not in panel.facts.value


def test_the_badge_is_amber_beside_warnings(session, database, rows):
    database.df = rows.assign(D=20 * rows.N)
    panel = FitPanel(session)
    session.run_fit()
    count = len(session.fit.warnings)
    assert f"Optimum found · {count} warning" in text_of(panel.facts)
    assert "cnb-warn" in panel.facts.value
    assert "✓" not in panel.facts.value


@pytest.mark.parametrize(("times", "kind"), [(1, "good"), (10, "good"), (11, "warn"), (86, "warn"), (1374, "warn")])
def test_the_badge_is_amber_far_beyond_the_runs(session, times, kind):
    panel = FitPanel(session)
    session.run_fit()
    session.budget = times * float(session.runs.C.max())
    assert f"cnb-chip cnb-{kind}" in panel.facts.value
    assert (f"the budget is {times:,} times the largest run" in text_of(panel.facts)) == (kind == "warn")


def test_the_badge_follows_the_budget_of_the_frontier_panel(session):
    from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

    session.run_fit()
    panel, frontier, other = FitPanel(session), FrontierPanel(session), FrontierPanel(session)
    assert session.budget is None  # the default of a panel is nobody's choice
    frontier.budget.type("1e24")
    assert (session.budget, other.budget.C) == (1e24, 1e24)
    assert "times the largest run" in text_of(panel.facts)
    session.budget = 2e20
    assert frontier.budget.C == 2e20
    assert "times the largest run" not in text_of(panel.facts)


def test_the_interval_stands_beside_the_exponents_of_the_optimum(session, database, rows):
    database.df = rows.assign(loss=rows.loss * np.exp(np.random.default_rng(1).normal(0, 0.004, len(rows))))
    panel = FitPanel(session)
    session.run_fit()
    session.uncertainty = session.fit.uncertainty("sandwich")
    for name in "ab":
        interval = session.uncertainty.interval(0.95)[name]
        assert interval_text(float(interval.low), float(interval.high)) in text_of(panel.law)


def test_fixed_and_limited_parameters_are_locked(session):
    session.settings = change_settings(session.settings, bounds={"alpha": 0.34, "beta": (0.2, 0.27), "E": (1, 2)})
    panel = FitPanel(session)
    session.run_fit()
    session.uncertainty = session.fit.uncertainty("sandwich")
    locked = {
        name: "cnb-locked" in tile._dom_classes
        for name, tile in zip(panel.parameters.values, panel.parameters.children, strict=True)
    }
    assert locked == {"E": True, "A": False, "B": False, "alpha": True, "beta": True}
    said = {name: text_of(value).replace("\u2009", " ") for name, value in panel.parameters.values.items()}
    assert "fixed at 0.34" in said["alpha"]
    assert "at its upper limit 0.27" in said["beta"]
    assert "limited to 1 – 2" in said["E"]
    assert panel.parameters.intervals["alpha"].layout.display == "none"
    session.settings = change_settings(session.settings, bounds={})
    session.run_fit()
    assert not any("cnb-locked" in tile._dom_classes for tile in panel.parameters.children)
