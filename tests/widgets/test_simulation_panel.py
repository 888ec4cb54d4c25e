"""The simulation panel with real simulations, inline and in an event loop."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from runs import GRID

from chinchilla_nb import SimulationPanel
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.opening import open_session
from chinchilla_nb.widgets.simulation.law_comparison import comparison_table

QUICK = Settings(grid=GRID, loss_fn=mse, seed_regime=SeedRegime((1e18, 1e20), (5, 50)), num_seeding_steps=12)


@pytest.fixture
def panel(session) -> SimulationPanel:
    session.settings = QUICK
    panel = SimulationPanel(session)
    panel.task.size.value = "0"
    return panel


def text_of(widget) -> str:
    return re.sub("<[^>]*>", " ", widget.value)


def test_it_starts_from_the_settings_of_the_session(panel):
    assert (panel.procedure.seeds.value, panel.procedure.factor.value) == ("12", "10")
    assert "Seeds from 10¹⁸ to 10²⁰ FLOPs with 5 to 50 tokens per parameter, as configured" in text_of(panel.source)
    assert panel.task.preset.label == "At the scale of the runs"
    assert not panel.run_button.disabled
    assert panel.pause_button.disabled
    assert panel.cancel_button.disabled
    assert panel.errors.value == ""


def test_run_finds_a_law_without_noise_and_touches_no_run(panel, session, database):
    panel.task.preset.value = "Hoffmann et al. 2022"
    panel.task.size.value = "0"
    runs, table, before = session.runs, database.df, session.fit
    # Before, a sentence takes the place of two charts without axes.
    assert panel.charts.empty in panel.charts.children
    assert panel.charts.cards[0] not in panel.charts.children
    panel.run_button.click()
    panel.wait()
    assert "13 runs done" in text_of(panel.state)
    assert panel.charts.empty not in panel.charts.children
    assert panel.charts.children[:2] == panel.charts.cards[:2]
    law = KNOWN_LAWS["Hoffmann et al. 2022"]
    assert panel.simulated.fit.law.as_dict() == pytest.approx(law.as_dict(), rel=1e-3)
    assert len(panel.charts.plane.runs.x) == 13
    np.testing.assert_allclose(panel.charts.trace.line.y[-1], 1, rtol=1e-3)
    # The frontiers lie on each other: N* = G (C/6)^a.
    np.testing.assert_allclose(panel.charts.true_frontier.y, law_N(law, panel.charts.true_frontier.x))
    a = law.beta / (law.alpha + law.beta)
    assert f"{a:.4g}" in text_of(panel.comparison)
    assert session.runs is runs
    assert session.fit is before
    assert database.df.equals(table)
    assert not session.busy
    assert panel.errors.value == ""
    assert panel.failure.value == ""


def law_N(law, C):
    G = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
    return G * (np.asarray(C) / 6) ** (law.beta / (law.alpha + law.beta))


def test_steps_then_resume_is_the_same_as_running_through(panel, session):
    panel.task.size.value = "0.05"
    for done in (1, 2, 3, 4, 5, 6, 7):
        panel.step_button.click()
        assert panel.simulated.done == done
    assert "Paused at 7 of 13 runs" in text_of(panel.state)
    assert panel.run_button.description == "Resume"
    assert len(panel.simulated.fits) == 2  # to six runs and to seven
    # Changes made now apply to the next simulation.
    panel.procedure.seeds.value = "20"
    panel.run_button.click()
    assert panel.simulated.total == 13
    assert panel.run_button.description == "Run"
    stepped = panel.simulated
    panel.procedure.seeds.value = "12"
    panel.run_button.click()
    np.testing.assert_array_equal(panel.simulated.runs.loss, stepped.runs.loss)
    assert panel.simulated.fit.law.as_dict() == stepped.fit.law.as_dict()
    panel.procedure.random_seed.value = "1"
    panel.run_button.click()
    assert not np.array_equal(panel.simulated.runs.loss, stepped.runs.loss)


def test_cancel_discards_a_paused_simulation(panel):
    panel.step_button.click()
    assert not panel.cancel_button.disabled
    panel.cancel_button.click()
    assert "Cancelled at 1 of 13 runs" in text_of(panel.state)
    assert panel.cancel_button.disabled
    panel.step_button.click()
    assert panel.simulated.done == 1


def test_study_shows_quartiles_by_seeds(panel):
    panel.task.size.value = "0.05"
    panel.procedure.counts.value, panel.procedure.repetitions.value = "20, 8", "3"
    panel.study_button.click()
    panel.wait()
    assert "6 simulations done" in text_of(panel.state)
    assert panel.study.seeds.tolist() == [8, 20]
    np.testing.assert_array_equal(panel.charts.study.median.x, [8, 20])
    middle = 100 * np.sort(panel.study.errors, axis=0)[1]
    np.testing.assert_allclose(panel.charts.study.median.y, np.clip(middle, 1e-2, 1e4))
    np.testing.assert_array_equal(panel.charts.study.band.x, [8, 20, 20, 8])
    assert "20 seeds: N* off by" in text_of(panel.charts.summary)
    assert panel.errors.value == ""


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        (lambda p: p.procedure.seeds, "2", "Seeds must be a whole number from 3 to 5,000, got 2"),
        (lambda p: p.procedure.seeds, "1e9", "Seeds must be a whole number from 3 to 5,000, got 1e9"),
        (lambda p: p.procedure.seeds, "x", "Seeds 'x' is not a number"),
        (lambda p: p.procedure.scalings, "-1", "Scaled runs must be a whole number from 0 to 100, got -1"),
        (lambda p: p.procedure.factor, "0", "Factor must be positive and finite, got 0"),
        (lambda p: p.procedure.random_seed, "0.5", "Random seed must be a whole number of 0 or more, got 0.5"),
        (lambda p: p.procedure.budget, "lots", "'lots' is not a number of FLOPs: write 5.76e23 or 1e24"),
        (lambda p: p.procedure.counts, "10,", "Numbers of seeds is empty: type a number, such as 0.5 or 1e18"),
        (lambda p: p.procedure.counts, "10, 2", "Numbers of seeds must be a whole number from 3 to 5,000, got 2"),
        (lambda p: p.procedure.repetitions, "0", "Repetitions must be a whole number from 1 to 10,000, got 0"),
        (lambda p: p.task.size, "-0.1", "Size of the noise must be finite and not negative, got -0.1"),
        (lambda p: p.task.numbers["E"], "-1e30", "E must be finite and not negative, got -1e30"),
        (lambda p: p.task.numbers["alpha"], "0", "α must be positive and finite, got 0"),
        (lambda p: p.task.numbers["B"], "<img src=x>", "B '<img src=x>' is not a number"),
    ],
)
def test_an_invalid_field_is_marked_and_explained_and_prevents_a_run(panel, field, text, problem):
    box, rows = field(panel), [*panel.task.rows, *panel.procedure.rows]
    old, box.value = box.value, text
    assert [row.problem for row in rows if row.problem] == [problem]
    assert [one for row in rows for one in row.inputs if "cnb-wrong" in one._dom_classes] == [box]
    assert not any("<img" in row.remark.value for row in rows)
    assert panel.run_button.disabled
    assert panel.study_button.disabled
    box.value = old
    assert not any(row.problem for row in rows)
    assert not panel.run_button.disabled
    assert panel.errors.value == ""


@pytest.mark.parametrize(
    ("breaks", "acts"),
    [
        ("chinchilla_nb.widgets.simulation.task_editor.Task", lambda p: setattr(p.task.size, "value", "0.3")),
        ("chinchilla_nb.widgets.simulation.task_editor.Numbers", lambda p: setattr(p.procedure.seeds, "value", "9")),
        ("chinchilla_nb.widgets.simulation.simulation_panel.comparison_table", lambda p: p.step_button.click()),
        ("chinchilla_nb.widgets.simulation.simulation_charts.error_figure", lambda p: p.study_button.click()),
    ],
)
def test_errors_of_every_part_are_shown(panel, monkeypatch, breaks, acts):
    def broken(*_, **__):
        raise KeyError("broken on purpose")

    panel.procedure.counts.value, panel.procedure.repetitions.value = "8", "1"
    with monkeypatch.context() as patch:
        patch.setattr(breaks, broken)
        acts(panel)
    assert "KeyError: &#x27;broken on purpose&#x27;" in panel.errors.value


def test_a_number_that_is_put_back_selects_its_law_again(panel):
    panel.task.preset.value = "Besiroglu et al. 2024"
    box = panel.task.numbers["A"]
    before, box.value = box.value, "abc"
    assert panel.task.preset.value == "own"
    box.value = before
    assert panel.task.preset.value == "Besiroglu et al. 2024"


def test_presets(panel, session):
    panel.task.preset.value = "Besiroglu et al. 2024"
    assert [box.value for box in panel.task.numbers.values()] == ["1.8172", "482.01", "2085.43", "0.3478", "0.3658"]
    panel.task.numbers["E"].value = "1.5"
    assert panel.task.preset.value == "own"
    assert "Current fit" not in dict(panel.task.preset.options)
    fit = session.run_fit()
    panel.task.preset.value = dict(panel.task.preset.options)["Current fit"]
    assert panel.task.numbers["alpha"].value == f"{fit.law.alpha:.6g}"
    session.fit = None
    assert panel.task.preset.value == "own"


def test_failures_of_the_work_are_shown(panel):
    panel.task.family.value, panel.task.size.value = "normal", "50"
    panel.run_button.click()
    panel.wait()
    assert "must leave the loss positive" in text_of(panel.failure)
    # Seven values of the noise in thirteen leave no positive loss; a run or two precede the first of them.
    done = len(panel.simulated.runs)
    assert 1 <= done < 13
    assert f"Stopped at {done} of 13 runs" in text_of(panel.state)
    assert not panel.run_button.disabled


def test_seeds_are_drawn_from_the_range_of_the_runs_if_no_ranges_are_set(session):
    session.settings = replace(QUICK, seed_regime=None)
    assert "the range of the runs" in text_of(SimulationPanel(session).source)


def test_without_runs_and_ranges_there_is_a_default(empty_session):
    panel = SimulationPanel(empty_session)
    assert "Seeds from 10¹⁸ to 10²¹ FLOPs" in text_of(panel.source)


def test_in_a_notebook_the_loop_stays_free_and_pause_and_cancel_work(panel):
    async def scenario() -> None:
        panel.session.settings = replace(QUICK, grid=Settings().grid)
        panel.procedure.seeds.value = "200"
        panel.task.size.value = "0.1"
        started = time.monotonic()
        panel.run_button.click()
        assert time.monotonic() - started < 0.5
        assert panel.run_button.disabled
        while panel.simulated is None or panel.simulated.done < 8:
            await asyncio.sleep(0.02)
        panel.pause_button.click()
        while panel.work.busy:
            await asyncio.sleep(0.02)
        paused = panel.simulated.done
        assert paused < 200
        assert panel.run_button.description == "Resume"
        panel.run_button.click()
        while panel.simulated.done <= paused:
            await asyncio.sleep(0.02)
        panel.cancel_button.click()
        while panel.work.busy:
            await asyncio.sleep(0.02)
        assert "Cancelled at" in text_of(panel.state)
        panel.study_button.click()
        while panel.study is None:
            await asyncio.sleep(0.02)
        panel.cancel_button.click()
        while panel.work.busy:
            await asyncio.sleep(0.02)
        assert "Cancelled at" in text_of(panel.state)
        assert "simulations" in text_of(panel.state)

    asyncio.run(asyncio.wait_for(scenario(), 90))
    assert panel.errors.value == ""


def cells_of(table: str) -> dict[str, list[str]]:
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?>(.*?)</tr>", table)]
    return {name: texts for name, *texts in rows}


def test_the_laws_are_compared_number_by_number():
    # With A = B and alpha = beta = 1/2: a = 1/2 and N* = D* = sqrt(C/6). With 9 times A: N* is (9)^(1/(2 * 1/2)) times
    # as much at the same C, and D* a ninth.
    truth = ScalingLaw(E=1.0, A=30_000.0, B=30_000.0, alpha=0.5, beta=0.5)
    law = ScalingLaw(E=1.1, A=270_000.0, B=30_000.0, alpha=0.5, beta=0.5)
    cells = cells_of(comparison_table(truth, law, 6e20, SIX_ND))
    assert cells["True law"] == ["1", "30,000", "30,000", "0.5", "0.5", "0.5", "10B", "1"]
    assert cells["Estimate"] == ["1.1", "2.7×10⁵", "30,000", "0.5", "0.5", "0.5", "90B", "0.01235"]
    assert cells["Off by"] == ["+10 %", "+800 %", "0 %", "0 %", "0 %", "0 %", "+800 %", "−98.8 %"]


def test_a_law_without_an_optimum_has_no_allocation_to_compare():
    truth = ScalingLaw(E=1.0, A=300.0, B=300.0, alpha=0.5, beta=0.5)
    cells = cells_of(comparison_table(truth, replace(truth, alpha=0.0), 6e20, SIX_ND))
    assert cells["Estimate"] == ["1", "300", "300", "0", "0.5", "none", "none", "none"]
    assert cells["Off by"][-3:] == ["–", "–", "–"]


@pytest.mark.parametrize("source", ["python_stdlib", "runs"])
def test_before_a_fit_losses_are_at_the_scale_of_the_runs(session, source):
    session = session if source == "runs" else open_session(source)
    panel = SimulationPanel(session)
    panel.procedure.seeds.value = "20"
    panel.run_button.click()
    panel.wait()
    simulated, runs = panel.simulated.runs.loss, session.runs.loss
    assert runs.min() / 1.5 < simulated.min()
    assert simulated.max() < 2 * runs.max()
    assert np.median(simulated) == pytest.approx(np.median(runs), rel=0.3)


def test_after_a_fit_it_starts_from_the_fit_and_its_residuals(session, database, rows):
    rng = np.random.default_rng(3)
    database.df = rows.assign(loss=rows.loss + rng.normal(0, 0.02, len(rows)))
    panel = SimulationPanel(session)
    fit = session.run_fit()
    task = panel.task.value
    assert task.law.as_dict() == pytest.approx(fit.law.as_dict(), rel=1e-5)
    assert task.noise == "normal"
    assert task.size == pytest.approx(
        np.sqrt(np.mean((fit.runs.loss - fit.law.loss(fit.runs.N, fit.runs.D)) ** 2)), rel=0.05
    )


def test_what_the_user_chose_is_left_as_it_is(session):
    panel = SimulationPanel(session)
    panel.task.size.value = "0.5"
    panel.task.preset.value = "Besiroglu et al. 2024"
    session.run_fit()
    assert panel.task.preset.value == "Besiroglu et al. 2024"
    assert panel.task.value.size == 0.5


def test_no_chart_is_shown_before_it_has_something_to_show(session):
    panel = SimulationPanel(session)
    figures = panel.charts.cards
    assert not set(figures) & set(panel.charts.children)
    assert panel.charts.empty in panel.charts.children
    assert "Press Study" in panel.charts.summary.value
    panel.procedure.counts.value, panel.procedure.repetitions.value = "8", "1"
    panel.study_button.click()
    panel.wait()
    assert figures[2] in panel.charts.children
    assert figures[0] not in panel.charts.children
    panel.procedure.seeds.value = "8"
    panel.run_button.click()
    panel.wait()
    assert set(figures) <= set(panel.charts.children)
    assert panel.charts.empty not in panel.charts.children


def test_two_charts_leave_no_column_empty_until_a_study_adds_a_third(session):
    panel = SimulationPanel(session)
    panel.procedure.seeds.value = panel.procedure.counts.value = "8"
    panel.procedure.repetitions.value = "1"
    panel.run_button.click()
    panel.wait()
    assert "cnb-pair" in panel.charts._dom_classes
    panel.study_button.click()
    panel.wait()
    assert "cnb-pair" not in panel.charts._dom_classes
