"""Laws beside the fit in the panels: set with sliders and boxes, chosen from a list, and drawn."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.engine.fitting.fit import FitStatus
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.laws.published import PUBLISHED_LAWS
from chinchilla_nb.figures import landscape_figure
from chinchilla_nb.law_overlays import as_named_law
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.fit.hand_controls import HandControls
from chinchilla_nb.widgets.fit.landscape_map import landscape_map
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.frontier.overlay_control import CHOICE

HOFFMANN, BESIROGLU = "Hoffmann et al. 2022", "Besiroglu et al. 2024"


def text_of(widget) -> str:
    return re.sub("<[^>]*>", "", widget.value)


@pytest.fixture
def fitted(session):
    session.settings = change_settings(session.settings, loss_fn=mse)
    session.run_fit()
    return session


@pytest.fixture
def section(fitted):
    section = FitPanel(fitted).hand_law
    section.toggle.value = True
    return section


class TestControls:
    def test_a_slider_moves_one_coordinate(self, fitted):
        controls = HandControls(fitted)
        controls.slide("alpha", 0.4)
        law, fit = fitted.law_by_hand, fitted.fit.law
        N = np.exp(np.log(fitted.runs.N).mean())
        assert (law.alpha, law.E, law.B) == pytest.approx((0.4, fit.E, fit.B))
        assert law.A * N**-0.4 == pytest.approx(fit.A * N**-fit.alpha)

    def test_the_others_follow(self, fitted):
        controls = HandControls(fitted)
        controls.slide("alpha", 0.4)
        alone = fitted.by_hand.objective
        controls.follow = True
        controls.slide("alpha", 0.4)
        assert fitted.law_by_hand.alpha == pytest.approx(0.4)
        assert fitted.by_hand.objective < alone / 2
        # Back at the fitted value, the others are those of the fit.
        controls.slide("alpha", fitted.fit.law.alpha)
        assert fitted.law_by_hand.as_dict() == pytest.approx(fitted.fit.law.as_dict(), rel=1e-4)

    def test_what_is_fixed_stays_when_others_follow(self, fitted):
        controls = HandControls(fitted)
        controls.follow = True
        controls.fix("A", True)
        controls.slide("E", 1.6)
        assert fitted.law_by_hand.A == pytest.approx(fitted.fit.law.A)
        controls.fix("A", False)
        controls.slide("E", 1.6)
        assert fitted.law_by_hand.A != pytest.approx(fitted.fit.law.A, rel=1e-3)

    def test_a_value_that_is_entered_is_kept_when_others_follow(self, fitted):
        controls = HandControls(fitted)
        controls.follow = True
        controls.enter("A", 300.0)
        assert fitted.law_by_hand.A == pytest.approx(300.0)

    def test_ranges_do_not_move_with_the_law(self, fitted):
        controls = HandControls(fitted)
        before = controls.ranges
        controls.slide("A", before["A"][1])
        assert controls.ranges == before
        assert all(low < HandControls(fitted).now.position(name) <= high for name, (low, high) in before.items())

    def test_the_objectives_are_compared_on_the_runs_of_now(self, fitted):
        controls = HandControls(fitted)
        assert controls.comparison() == ""
        controls.enter("E", fitted.fit.law.E + 0.1)
        # Runs that follow a law exactly: the mean square of 0.1.
        assert controls.comparison().startswith("By hand, Squared: 0.01 per run")


class TestSection:
    def test_closed_it_costs_nothing(self, fitted):
        section = FitPanel(fitted).hand_law
        assert section.rows == {}
        assert fitted.law_by_hand is None

    def test_it_shows_the_fit_until_something_is_moved(self, section, fitted):
        assert {name: float(row.box.value) for name, row in section.rows.items()} == pytest.approx(
            fitted.fit.law.as_dict(), rel=1e-4
        )
        assert fitted.law_by_hand is None
        assert section.reset_button.disabled
        assert "stay those of the fit" in text_of(section.text)

    def test_a_slider_changes_the_boxes_of_its_term(self, section, fitted):
        section.rows["alpha"].slider.value = 500
        N = np.exp(np.log(fitted.runs.N).mean())
        fit = fitted.fit.law
        assert section.rows["alpha"].box.value == "0.5"
        assert float(section.rows["A"].box.value) == pytest.approx(fit.A * N ** (0.5 - fit.alpha), rel=1e-3)
        assert section.rows["B"].box.value == f"{fit.B:.5g}"
        assert "By hand, Squared: " in text_of(section.text)

    def test_a_box_takes_a_value_and_moves_the_slider(self, section, fitted):
        low, high = section.controls.ranges["beta"]
        before = section.rows["A"].slider.value
        section.rows["beta"].box.value = "0.31"
        assert fitted.law_by_hand.beta == pytest.approx(0.31)
        assert section.rows["beta"].slider.value == round(1000 * (0.31 - low) / (high - low))
        assert section.rows["A"].slider.value == before
        section.rows["beta"].box.value = "0.95"  # beyond the end of the slider
        assert fitted.law_by_hand.beta == pytest.approx(0.95)
        assert section.rows["beta"].slider.value == 1000

    @pytest.mark.parametrize(
        ("name", "typed", "said"),
        [
            ("alpha", "abc", "α 'abc' is not a number"),
            ("A", "", "A is empty"),
            ("A", "0", "A must be positive"),
            ("E", "-1", "E must be finite and not negative"),
            ("beta", "nan", "β must be finite"),
            ("beta", "1e400", "β must be finite"),
            ("alpha", "20", "α must be at most 10, the largest that a fit considers, got 20"),
        ],
    )
    def test_what_cannot_be_used_is_said_and_changes_nothing(self, section, fitted, name, typed, said):
        section.rows[name].box.value = typed
        assert said in text_of(section.problem).replace("&#x27;", "'")
        assert "cnb-wrong" in section.rows[name].box._dom_classes
        assert fitted.law_by_hand is None
        section.rows[name].box.value = "0.3"
        assert section.problem.value == ""
        assert "cnb-wrong" not in section.rows[name].box._dom_classes

    def test_reset_goes_back_to_the_fit(self, section, fitted):
        section.rows["alpha"].slider.value = 500
        section.reset_button.click()
        assert fitted.law_by_hand is None
        assert section.rows["alpha"].slider.value == round(1000 * fitted.fit.law.alpha)

    def test_fix_disables_the_slider(self, section):
        section.rows["A"].fix.value = True
        assert section.rows["A"].slider.disabled
        section.rows["A"].fix.value = False
        assert not section.rows["A"].slider.disabled

    def test_fit_from_here_says_so_in_the_result(self, fitted):
        panel = FitPanel(fitted)
        panel.hand_law.toggle.value = True
        panel.hand_law.rows["alpha"].slider.value = 400
        panel.hand_law.fit_button.click()
        panel.wait()
        assert fitted.fit.problem.start == fitted.law_by_hand
        assert fitted.fit.status is FitStatus.CONVERGED
        assert "and a law set by hand" in text_of(panel.facts)
        assert not fitted.stale

    def test_a_loss_of_ones_own_cannot_follow(self, fitted):
        fitted.settings = change_settings(fitted.settings, loss_fn=lambda y_true, y_pred: np.abs(y_true - y_pred))
        section = FitPanel(fitted).hand_law
        section.toggle.value = True
        assert section.follow.disabled
        section.rows["alpha"].slider.value = 400
        assert fitted.law_by_hand.alpha == pytest.approx(0.4)

    def test_another_form_of_law_has_its_own_rows(self, section, fitted):
        section.rows["alpha"].slider.value = 500
        fitted.settings = change_settings(fitted.settings, law="kaplan")
        assert list(section.rows) == ["N_c", "D_c", "alpha_N", "alpha_D"]
        section.rows["alpha_N"].slider.value = 1000
        assert fitted.law_by_hand.alpha_N == pytest.approx(section.controls.ranges["alpha_N"][1])

    def test_parameters_fixed_in_the_configuration_cannot_be_moved(self, fitted):
        fitted.settings = change_settings(fitted.settings, bounds={"E": 1.7})
        section = FitPanel(fitted).hand_law
        section.toggle.value = True
        assert section.rows["E"].slider.disabled
        section.rows["E"].box.value = "1.5"
        assert "E must be within its limits" in text_of(section.problem)

    def test_without_runs_there_is_nothing_to_set(self, empty_session):
        assert FitPanel(empty_session).hand_law.layout.display == "none"

    def test_it_is_compared_on_the_runs_of_the_filter(self, section, fitted):
        section.rows["alpha"].slider.value = 500
        fitted.view.query = "N > 1e8"
        assert section.layout.display is None
        assert len(fitted.by_hand.problem.runs) == np.count_nonzero(fitted.all_runs.N > 1e8)

    def test_all_runs_gone_while_it_is_open(self, section, fitted):
        section.rows["alpha"].slider.value = 500
        panel = FrontierPanel(fitted)
        fitted.database.df = fitted.database.df.iloc[:0]
        assert section.layout.display == "none"
        assert panel.errors.value == ""


def test_the_map_of_starts_has_numbers_of_one_style(fitted):
    figure = landscape_figure(fitted.fit)
    objective = np.full(figure.objective.shape, np.inf)
    objective[figure.best] = 5.6234e-5
    drawn = landscape_map(replace(figure, objective=objective))
    assert "Minimum over E, A and B: 5.62×10⁻⁵ and up" in drawn
    assert ": inf</title>" in drawn


class TestCharts:
    def test_every_chart_shows_the_law_and_says_which(self, section, fitted):
        panel = FrontierPanel(fitted)
        figure, budget = panel.charts.charts[0].frontier.y.copy(), panel.allocation.value
        section.rows["alpha"].slider.value = 400
        first = panel.charts.charts[0].laws.lines.y.copy()
        for chart in (*panel.charts.charts, panel.charts.loss):
            assert list(chart.laws.labels.text) == ["by hand"]
            assert chart.laws.lines.x.shape == chart.laws.lines.y.shape
        # The frontier of the fit, and what is planned with it, stay.
        assert panel.charts.charts[0].frontier.y == pytest.approx(figure)
        assert panel.allocation.value == budget
        section.rows["alpha"].slider.value = 450
        assert not np.allclose(panel.charts.charts[0].laws.lines.y, first)
        section.reset_button.click()
        assert all(not chart.laws.lines.x.size for chart in panel.charts.charts)

    def test_diagnostics_show_the_residuals_of_the_law_by_hand(self, fitted):
        panel = FitPanel(fitted)
        panel.hand_law.toggle.value = panel.diagnostics.value = True
        panel.hand_law.rows["E"].box.value = repr(fitted.fit.law.E - 0.1)
        assert "Predictions and residuals of the law set by hand, not of the fit" in panel.charts._note.value
        # Runs that follow a law exactly: all errors are 0.1.
        assert panel.charts.dots["N"].settled.y == pytest.approx(0.1, abs=1e-6)
        panel.residuals_of.value = "the fit"
        assert panel.charts.dots["N"].settled.y == pytest.approx(0.0, abs=1e-6)
        assert "not of the fit" not in panel.charts._note.value
        panel.hand_law.reset_button.click()
        assert panel.residuals_of.layout.display == "none"

    def test_diagnostics_show_the_residuals_of_a_published_law(self, fitted):
        panel = FitPanel(fitted)
        panel.diagnostics.value = True
        fitted.overlays = (as_named_law(BESIROGLU),)
        panel.residuals_of.value = BESIROGLU
        runs, law = fitted.runs, PUBLISHED_LAWS[BESIROGLU].law
        expected = runs.loss - law.loss(runs.N, runs.D)
        assert sorted(panel.charts.dots["N"].settled.y) == pytest.approx(sorted(expected))
        assert f"residuals of {BESIROGLU}, not of the fit" in panel.charts._note.value

    def test_a_law_is_chosen_and_removed(self, fitted):
        panel = FrontierPanel(fitted)
        control = panel.overlays
        assert control.choice.options == (CHOICE, *PUBLISHED_LAWS)
        control.choice.value = HOFFMANN
        assert [law.name for law in fitted.overlays] == [HOFFMANN]
        assert control.choice.value == CHOICE
        assert HOFFMANN not in control.choice.options
        (row,) = control.rows.children
        assert "RMS" in row.children[0].value
        assert "arXiv:2203.15556" in row.children[0].value
        assert list(panel.charts.loss.laws.labels.text) == [HOFFMANN]
        row.children[1].click()
        assert fitted.overlays == ()
        assert control.rows.children == ()

    def test_at_most_four_are_drawn(self, fitted):
        control = FrontierPanel(fitted).overlays
        for name in PUBLISHED_LAWS:
            control.choice.value = name
        assert len(fitted.overlays) == 4
        assert control.choice.disabled
        assert "At most 4" in control.remark.value

    def test_forecasts_of_the_session_are_offered(self, fitted):
        panel = FrontierPanel(fitted)
        uncertainty = fitted.fit.uncertainty("sandwich")
        fitted.open_forecast(fitted.make_forecast(uncertainty, 1e9, 1e11, None, of_budget=False))
        name = panel.overlays.choice.options[-1]
        assert name == "Forecast for 6×10²⁰ FLOPs from 30 runs"
        panel.overlays.choice.value = name
        assert fitted.overlays[0].law == fitted.fit.law

    def test_names_are_not_markup(self, fitted):
        panel = FrontierPanel(fitted)
        fitted.overlays = (NamedLaw("<b>x</b>", fitted.fit.law),)
        assert "&lt;b&gt;x" in panel.overlays.rows.children[0].children[0].value

    def test_a_dragged_slider_only_redraws_the_lines(self, section, fitted):
        panel = FrontierPanel(fitted)
        fitted.overlays = (as_named_law(BESIROGLU),)
        section.rows["alpha"].slider.value = 400
        sent = []
        for mark in (panel.charts.charts[0].runs, panel.charts.charts[0].iso_loss, panel.charts.charts[0].frontier):
            mark.observe(lambda change: sent.append(change["name"]))
        before = panel.charts.charts[0].laws.drawn[1].line
        section.rows["alpha"].slider.value = 410
        assert sent == []
        assert panel.charts.charts[0].laws.drawn[1].line is before

    def test_the_next_run_covers_no_name(self, fitted):
        """A name of five letters is about a sixth of a small chart wide and a twentieth high."""
        panel = FrontierPanel(fitted)
        fitted.overlays = (NamedLaw("Fit 3", fitted.fit.law), NamedLaw("Fit 1", PUBLISHED_LAWS[BESIROGLU].law))
        for C in np.geomspace(2e18, 1e23, 21):
            panel.budget.choose(float(C))
            for chart, _ in panel.charts.all:
                x, y = chart.frame.view
                names, run = (
                    np.column_stack([x.fraction(mark.x), y.fraction(mark.y)])
                    for mark in (chart.laws.labels, chart.next_point)
                )
                assert (abs(names - run) > [0.08, 0.025]).any(axis=1).all()

    @pytest.mark.parametrize(("C", "E", "A", "B"), [(1e23, 1.961, 411.5, 352.6), (1e24, 1.535, 613.7, 555.4)])
    def test_its_name_covers_no_name_of_a_curve(self, fitted, C, E, A, B):
        """A letter of the names of curves is about 6 pixels wide, in a small chart of 230 by 240 pixels."""
        panel = FrontierPanel(fitted)
        chart, name = panel.charts.loss, "A law of nineteen c"
        panel.budget.choose(C)
        fitted.overlays = (NamedLaw(name, replace(fitted.fit.law, E=E, A=A, B=B)),)
        x, y = chart.frame.view
        law, frontier = (
            np.array([230 * x.fraction(mark.x)[0], 240 * y.fraction(mark.y)[0]])
            for mark in (chart.laws.labels, chart.names.frontier)
        )
        for left in (10, 60, 110):
            assert (abs(frontier - [left, 16] - law) > [3.3 * (len(name) + 1), 6.5]).any()

    def test_a_fit_of_the_session_says_when_it_was_made(self, fitted):
        panel = FrontierPanel(fitted)
        fitted.draw_fits(fitted.fits[:1])
        (row,) = panel.overlays.rows.children
        assert re.search(r"fitted \d{4}-\d\d-\d\d \d\d:\d\d<", row.children[0].value)

    def test_its_equation_has_numbers_of_one_style(self, fitted):
        panel = FrontierPanel(fitted)
        fitted.overlays = (NamedLaw("other", ScalingLaw(E=1.7, A=10150.0, B=4e5, alpha=0.34, beta=0.28)),)
        said = text_of(panel.overlays.rows.children[0].children[0]).replace("&thinsp;", "")
        assert "L(N, D) = 1.7 + 10,150 / N0.34 + 4×10⁵ / D0.28" in said

    def test_the_picture_has_its_lines(self, fitted):
        panel = FrontierPanel(fitted)
        without = panel.picture("svg", 50)
        fitted.overlays = (as_named_law(HOFFMANN),)
        assert b"#0064a8" in panel.picture("svg", 50)
        assert b"#0064a8" not in without
