"""Kaplan's law in the panels: chosen, configured, saved, fitted and shown."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from runs import AXES, make_runs, table_of

from chinchilla_nb import Chinchilla, ConfigPanel, FitPanel, KaplanLaw, Session, Workbench
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.widgets.base.style import typeset
from chinchilla_nb.widgets.config.grid_editor import GridEditor
from chinchilla_nb.widgets.config.law_editor import LawEditor
from chinchilla_nb.widgets.config.limits_editor import LimitsEditor

# Kaplan et al. 2020, table 2.
LAW = KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)
KAPLAN = ["N_c", "D_c", "alpha_N", "alpha_D"]
CHINCHILLA = ["E", "A", "B", "alpha", "beta"]


@pytest.fixture
def cc(tmp_path) -> Chinchilla:
    cc = Chinchilla(tmp_path, AXES, bounds={"alpha": 0.34, "E": (1, 2)}, log_level=50)
    cc.database.df = table_of(make_runs(30, LAW))
    return cc


@pytest.fixture
def panel(cc) -> ConfigPanel:
    return ConfigPanel(cc)


def text_of(widget) -> str:
    return re.sub("<[^>]*>", "", widget.value)


def hidden(widget) -> bool:
    return "cnb-none" in widget._dom_classes


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("α_N = 0.1", 'α<span class="cnb-sub">N</span> = 0.1'),
        ("log N_c", 'log N<span class="cnb-sub">c</span>'),
        ("E + A/N^α", "E + A/N<sup>α</sup>"),
        (
            "D^(α_N/α_D)",
            'D<sup>α<span class="cnb-sub">N</span>/α<span class="cnb-sub">D</span></sup>',
        ),
        # Names of functions and hyperparameters stay as they are, and markup is escaped.
        ("d_model, my_loss, N_heads", "d_model, my_loss, N_heads"),
        ("<b>α_N", '&lt;b&gt;α<span class="cnb-sub">N</span>'),
    ],
)
def test_symbols_have_subscripts(text, html):
    assert typeset(text) == html


def test_laws_are_offered_with_their_equations(panel):
    assert [label for label, _ in panel.law.choice.options] == [
        "Chinchilla: E + A/N^α + B/D^β",
        "Kaplan: [(N_c/N)^(α_N/α_D) + D_c/D]^α_D",
    ]
    assert panel.law.choice.value == "chinchilla"
    assert text_of(panel.law.row.remark) == ""


def test_a_law_has_its_own_starts_and_drops_those_given_for_another(cc, panel):
    assert list(panel.grid.axes) == list(panel.limits.limits) == CHINCHILLA
    panel.law.choice.value = "kaplan"
    settings = cc.session.settings
    assert (settings.family, settings.grid, dict(settings.bounds)) == (FAMILIES["kaplan"], None, {})
    assert text_of(panel.law.row.remark) == (
        "Fits start from the 144 starting values of this law; "
        "the starting values and the limits of E, α of the other law are dropped"
    )
    assert "3 × 3 × 4 × 4 = 144 starts" in text_of(panel.sections[GridEditor].summary)
    assert list(panel.grid.axes) == list(panel.limits.limits) == KAPLAN
    alpha_N = panel.grid.axes["alpha_N"]
    assert [alpha_N.unit.value, alpha_N.spacing.value, alpha_N.low.value] == ["alpha_N", "ratios", "0.05"]
    assert panel.grid.axes["N_c"].unit.value == "log_N_c"
    assert hidden(panel.grid.suggest)
    # Later edits apply to this law, and the remark on the choice disappears.
    panel.grid.axes["N_c"].unit.value = "N_c"
    assert list(cc.param_grid) == ["N_c", "log_D_c", "alpha_N", "alpha_D"]
    np.testing.assert_allclose(cc.param_grid["N_c"][[0, -1]], np.exp([20, 40]), rtol=1e-3)
    assert text_of(panel.law.row.remark) == ""
    panel.law.choice.value = "chinchilla"
    assert cc.session.settings.starts is FAMILIES["chinchilla"].starts
    assert list(panel.grid.axes) == CHINCHILLA
    assert not hidden(panel.grid.suggest)
    assert text_of(panel.law.row.remark).endswith("the starting values of the other law are dropped")
    assert "applied" in text_of(panel.state)
    assert panel.errors.value == ""


def test_a_law_without_anything_given_drops_nothing(panel, cc):
    cc.param_grid = cc.bounds = None
    panel.law.choice.value = "kaplan"
    assert text_of(panel.law.row.remark) == "Fits start from the 144 starting values of this law"


def test_closed_sections_create_no_fields(cc, panel):
    panel.law.choice.value = "kaplan"
    assert panel.sections[LimitsEditor].content is None
    assert text_of(panel.sections[LawEditor].summary) == "Kaplan: [(Nc/N)αN/αD + Dc/D]αD"
    cc.bounds = {"alpha_N": 0.07}
    assert text_of(panel.sections[LimitsEditor].summary) == "αN = 0.07"
    assert list(panel.limits.limits) == KAPLAN


def test_a_field_of_the_other_law_that_was_wrong_is_gone(cc, panel):
    panel.grid.axes["E"].count.value = "x"
    panel.limits.limits["alpha"].low.value = "-1"
    assert "2 fields not valid" in text_of(panel.state)
    panel.law.choice.value = "kaplan"
    assert "applied" in text_of(panel.state)
    panel.grid.axes["alpha_D"].high.value = "-1"
    assert "1 field not valid" in text_of(panel.state)
    assert cc.param_grid is None


def test_changing_the_law_leaves_no_models_behind(panel):
    assert len(panel.limits.limits) == 5  # the section is made
    panel.law.choice.value = "kaplan"
    panel.law.choice.value = "chinchilla"
    before = len(_instances)
    panel.law.choice.value = "kaplan"
    panel.law.choice.value = "chinchilla"
    assert len(_instances) == before


def test_limits_are_suggested_from_the_published_law_and_then_from_the_fit(cc, panel):
    panel.law.choice.value = "kaplan"
    row = panel.limits.limits["alpha_N"]
    row.mode.value = "fixed"
    assert cc.bounds == {"alpha_N": (0.076, 0.076)}
    row.low.value = "-1"
    assert row.problem == "α_N is fixed at -1: type a number that is 0 or more"
    row.mode.value = "free"
    # A fit of another form has no number for this parameter.
    cc.law = "chinchilla"
    cc.fit(parallel=False)
    panel.law.choice.value = "kaplan"
    row = panel.limits.limits["D_c"]
    row.mode.value = "fixed"
    assert cc.bounds == {"D_c": (1.8e13, 1.8e13)}
    row.low.value = "0"
    assert row.problem == "D_c is fixed at 0: type a number that is above 0"
    row.mode.value = "free"
    row.low.value = ""
    cc.database.df = table_of(make_runs(30, KaplanLaw(1e14, 1e13, 0.08, 0.09)))
    cc.fit(parallel=False)
    row.mode.value = "fixed"
    assert cc.bounds["D_c"] == pytest.approx((1e13, 1e13), rel=1e-3)


def test_a_law_changed_in_code_shows(cc, panel):
    cc.bounds = cc.param_grid = None
    cc.law = "kaplan"
    assert panel.law.choice.value == "kaplan"
    assert list(panel.grid.axes) == KAPLAN
    assert text_of(panel.law.row.remark) == ""
    with pytest.raises(ValueError, match="param_grid has no key 'e'"):
        cc.param_grid = AXES
    assert list(panel.grid.axes) == KAPLAN


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_file_with_the_law_is_loaded_and_saved_to_the_same_text(cc, panel, tmp_path, suffix):
    panel.law.choice.value = "kaplan"
    panel.grid.axes["N_c"].spacing.value = "listed"
    panel.grid.axes["N_c"].listed.value = "25, 31.5"
    panel.limits.limits["alpha_D"].mode.value = "bounded"
    panel.limits.limits["alpha_D"].low.value, panel.limits.limits["alpha_D"].high.value = "0.05", "0.2"
    panel.path.value = str(tmp_path / f"mine.{suffix}")
    panel.save_button.click()
    assert "Saved" in text_of(panel.message)
    other = ConfigPanel(Session(cc.database, Settings()))
    assert list(other.limits.limits) == CHINCHILLA
    other.path.value = panel.path.value
    other.load_button.click()
    assert "Loaded" in text_of(other.message)
    assert other.law.choice.value == "kaplan"
    assert other.grid.axes["N_c"].listed.value == "25, 31.5"
    row = other.limits.limits["alpha_D"]
    assert (row.mode.value, row.low.value, row.high.value) == ("bounded", "0.05", "0.2")
    other.path.value = str(tmp_path / f"again.{suffix}")
    other.save_button.click()
    assert (tmp_path / f"again.{suffix}").read_text() == (tmp_path / f"mine.{suffix}").read_text()
    again = Chinchilla.from_config(tmp_path / f"again.{suffix}", project_dir=tmp_path, log_level=50)
    assert again.session.settings.grid == cc.session.settings.grid
    assert again.fit(parallel=False).law.as_dict() == pytest.approx(LAW.as_dict(), rel=1e-6)


def test_a_file_with_an_unknown_law_names_the_nearest(cc, panel, tmp_path):
    before = cc.session.settings
    (tmp_path / "config.yaml").write_text("law: kaplam\n")
    panel.load_button.click()
    assert "got 'kaplam': did you mean 'kaplan'?" in panel.message.value.replace("&#x27;", "'")
    assert cc.session.settings is before


def test_the_fit_panel_shows_the_law(cc):
    cc.param_grid = cc.bounds = None
    cc.law = "kaplan"
    panel = FitPanel(cc)
    panel.fit_button.click()
    panel.wait()
    said = " ".join(map(text_of, (panel.law, panel.facts))).replace("&thinsp;", "")
    assert "L(N, D) = [(6.4×10¹³ / N)0.7379 + 1.8×10¹³ / D]0.1030" in said
    # N* grows as C to the 1 / (1 + alpha_N / alpha_D).
    assert f"N* ∝ C{1 / (1 + 0.076 / 0.103):.3f}" in said
    shown = "".join(tile.value for tile in panel.parameters.values.values())
    tiles = re.findall(r'cnb-name">(.*?)</div><div class="cnb-value">(.*?)</div>', shown)
    assert [(re.sub("<[^>]*>", "", name), value) for name, value in tiles] == [
        ("Nc", "6.4×10¹³"),
        ("Dc", "1.8×10¹³"),
        ("αN, exponent of N", "0.07600"),
        ("αD, exponent of D", "0.1030"),
    ]
    assert "144 starts" in said
    panel.diagnostics.value = True
    landscape = panel.charts.landscape.value
    assert 'aria-label="Objective by starting α_N and α_D' in landscape
    assert "Minimum over Nc and Dc: " in text_of(panel.charts.landscape)
    assert landscape.count("<title>") == 16
    np.testing.assert_allclose(
        panel.charts.dots["prediction"].settled.x, panel.charts.dots["prediction"].settled.y, rtol=1e-9
    )
    assert panel.snapshot()["image/png"].startswith(b"\x89PNG")
    assert panel.problems.value == ""
    assert panel.errors.value == ""


def test_another_law_makes_the_fit_stale_and_leaves_it_on_the_charts(cc):
    workbench = Workbench(cc)
    for toggle in workbench.toggles.values():
        toggle.value = True
    workbench.fit.fit_button.click()
    workbench.fit.wait()
    before, law = cc.session.fit, workbench.fit.law.value
    allocation = workbench.frontier.allocation.value
    workbench.fit.diagnostics.value = True
    landscape = workbench.fit.charts.landscape.value
    workbench.panels["Configuration"].law.choice.value = "kaplan"
    assert "The settings have changed since this fit: press Fit" in text_of(workbench.fit.state)
    assert cc.session.fit is before
    assert workbench.fit.law.value == law
    assert workbench.frontier.allocation.value == allocation
    assert workbench.fit.charts.landscape.value == landscape
    workbench.fit.fit_button.click()
    workbench.fit.wait()
    assert cc.session.fit.law.N_c == pytest.approx(6.4e13, rel=1e-6)
    assert cc.get_params() == pytest.approx(LAW.as_dict(), rel=1e-6)
    assert "Up to date" in text_of(workbench.fit.state)
    # The other panels follow: the next run, the predictions of the table and of the download.
    loss = float(LAW.loss(*cc.allocate_compute(workbench.frontier.budget.C)))
    assert f"{loss:.4g}" in text_of(workbench.frontier.allocation)
    assert f'"predicted_loss": {loss:.6g}'.rstrip("0") in workbench.frontier.export.code.value.replace("&quot;", '"')
    rows = csv.DictReader(workbench.frontier._table().decode().splitlines())
    assert all(float(row["predicted_loss"]) == pytest.approx(float(row["loss"]), rel=1e-9) for row in rows)
    form = workbench.panels["Runs"].form
    form.fields["N"].value, form.fields["D"].value = "1e9", "1e11"
    assert f"the law predicts a loss of {float(LAW.loss(1e9, 1e11)):.4f}" in text_of(form.remark)
    assert not any(panel.errors.value for panel in workbench.panels.values())
    workbench.close()


def test_what_the_runs_cannot_support_is_said_in_the_laws_words(cc):
    cc.param_grid = cc.bounds = None
    cc.law = "kaplan"
    cc.database.df = table_of(make_runs(3, LAW))
    panel = FitPanel(cc)
    panel.fit_button.click()
    panel.wait()
    assert "3 runs cannot determine four parameters" in text_of(panel.problems)
