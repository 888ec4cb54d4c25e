"""The compute convention in panels: its editor, the note and the switch of the frontier, the run form and exports."""

from __future__ import annotations

import csv
import html
import io
import re

import numpy as np
import pandas as pd
import pytest
from runs import make_runs

from chinchilla_nb import Chinchilla, ConfigPanel, FrontierPanel, RunLogPanel
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.compute.tabulated import TabulatedCompute

TRUE = PowerCompute(9.5, 0.98, 1.01)
RUNS = make_runs(16, noise=0.002)
TABLE = pd.DataFrame({"C": TRUE.C(RUNS.N, RUNS.D), "N": RUNS.N, "D": RUNS.D, "loss": RUNS.loss})
GRID = {"E": [1.5], "A": [300.0], "B": [300.0], "alpha": [0.3], "beta": [0.3]}


def flops(width: int) -> float:
    """Count FLOPs per token, for the editor."""
    return 7.0 * width**2


def text_of(widget) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", widget.value))


@pytest.fixture
def cc(tmp_path):
    cc = Chinchilla(tmp_path, GRID, log_level=50)
    cc.database.df = TABLE
    cc.fit(parallel=False)
    return cc


@pytest.fixture
def panel(cc):
    panel = FrontierPanel(cc)
    yield panel
    panel.close()


def rows_of(panel) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(panel._table().decode())))


class TestFrontier:
    def test_the_note_says_what_disagrees_and_a_click_switches(self, cc, panel):
        assert "1.28 to 1.40 times 6ND" in text_of(panel.compute.text)
        assert panel.compute.switch.layout.display is None
        assert "C = 6ND." in text_of(panel.allocation)
        panel.budget.choose(1e22)
        panel.compute.switch.click()
        assert cc.compute == "fitted"
        assert not cc.session.stale
        assert text_of(panel.compute.text) == ""
        assert panel.compute.switch.layout.display == "none"
        assert "C = 9.5 N^0.98 D^1.01." in text_of(panel.allocation)
        N, D = cc.allocate_compute(panel.budget.C)
        assert TRUE.C(N, D) == pytest.approx(panel.budget.C, rel=1e-6)

    def test_runs_of_one_ratio_switch_to_their_mean(self, cc, panel):
        cc.database.df = TABLE.assign(D=20 * TABLE.N)
        panel.compute.switch.click()
        assert cc.compute == "measured"

    def test_nothing_is_said_of_runs_that_agree(self, cc, panel):
        cc.database.df = TABLE.assign(C=6 * TABLE.N * TABLE.D)
        assert panel.compute.text.value == ""
        assert panel.compute.switch.layout.display == "none"

    def test_a_run_that_disagrees_is_said_after_others_that_agree(self, cc, panel):
        cc.database.df = TABLE.assign(C=6 * TABLE.N * TABLE.D)
        for factor in (1.0, 1.04):
            cc.database.append(N=1e9, D=2e10, loss=2.5, C=factor * 1.2e20)
            assert panel.compute.text.value == ""
        for factor in (1.2, 1.0):  # and stays said
            cc.database.append(N=1e9, D=2e10, loss=2.5, C=factor * 1.2e20)
            assert "1.00 to 1.20 times 6ND (median 1.00)" in text_of(panel.compute.text)

    def test_runs_that_agreed_are_compared_with_another_convention(self, cc, panel):
        cc.database.df = TABLE.assign(C=8 * TABLE.N * TABLE.D)
        cc.compute = ProductCompute(8)
        assert panel.compute.text.value == ""
        cc.compute = ProductCompute(12)
        assert "0.667 to 0.667 times 12ND" in text_of(panel.compute.text)

    def test_a_convention_that_cannot_be_used_is_explained(self, cc, panel):
        cc.compute = "fitted:flops"
        assert "names column 'flops', which the runs do not have" in text_of(panel.compute.text)
        assert "Until then, C = 6ND" in text_of(panel.compute.text)

    def test_the_budget_line_is_that_of_the_convention_and_may_bend(self, cc, panel):
        cc.compute = TabulatedCompute((1e7, 1e9, 1e11), (4e8, 7e9, 2e12), "mine")
        cc.fit(parallel=False)
        panel.budget.choose(1e20)
        line = panel.charts.charts[2].isoflop
        assert len(line.x) > 2
        np.testing.assert_allclose(cc.session.runs.compute.C(line.x, line.y), panel.budget.C, rtol=1e-6)
        place = panel.charts.budget_at(("N", "D"), float(line.x[3]), float(line.y[3]))
        assert place == pytest.approx(panel.budget.C, rel=1e-6)

    def test_exports_name_it(self, cc, panel):
        assert {row["convention"] for row in rows_of(panel)} == {"C = 6ND"}
        assert '"compute": "6ND"' in panel.export.code.value.replace("&quot;", '"')
        panel.compute.switch.click()
        assert {row["convention"] for row in rows_of(panel)} == {"C = 9.5 N^0.98 D^1.01"}
        panel.export.language.value = "YAML"
        assert 'compute: "9.5 N^0.98 D^1.01"' in panel.export.code.value.replace("&quot;", '"')


class TestEditor:
    @pytest.fixture
    def editor(self, cc):
        panel = ConfigPanel(cc, allow_functions=[f"{__name__}:flops"])
        yield panel.compute
        panel.close()

    def test_each_choice_is_a_setting(self, cc, editor):
        for kind, compute in (("measured", "measured"), ("fitted", "fitted"), ("6ND", "6ND"), ("kappa", "8ND")):
            editor.kind.value = kind
            assert cc.compute == compute
        editor.kappa.value = "6.5"
        assert cc.compute == "6.5ND"
        assert cc.session.runs.compute == ProductCompute(6.5)

    def test_a_wrong_number_changes_nothing(self, cc, editor):
        editor.kind.value = "kappa"
        for wrong in ("", "-3", "six"):
            editor.kappa.value = wrong
            assert editor.row.problem
            assert cc.compute == "8ND"

    def test_a_column(self, cc, editor):
        cc.database.df = TABLE.assign(flops=TABLE.C * 2)
        editor.kind.value = "measured"
        editor.column.value = "flops"
        assert cc.compute == "measured:flops"
        np.testing.assert_allclose(cc.session.runs.C, TABLE.C * 2, rtol=1e-6)

    def test_counting_needs_a_model_search(self, cc, editor):
        editor.kind.value = "transformer"
        assert "model search" in editor.row.problem
        assert cc.compute == "6ND"

    def test_what_code_sets_is_shown(self, cc, editor):
        cc.compute = 7.5
        assert (editor.kind.value, editor.kappa.value) == ("kappa", "7.5")
        cc.compute = "fitted:total_flos"
        assert (editor.kind.value, editor.column.value) == ("fitted", "total_flos")
        cc.compute = PowerCompute(9, 0.9, 1.1)
        assert editor.kind.value == "given"
        assert "9 N^0.9 D^1.1" in editor.describe(cc.session.settings)
        editor.kind.value = "6ND"
        assert cc.compute == "6ND"

    def test_a_function_of_the_configuration(self, cc, editor):
        grid = {"width": [1000, 2000, 4000, 8000]}
        cc.model_search_config = {"hyperparam_grid": grid, "size_estimator": lambda width: width**2}
        editor.kind.value = "own"
        editor.function.value = f"{__name__}:flops"
        assert editor.row.problem == ""
        assert cc.session.runs.compute.C(4e6, 1e9) == pytest.approx(7 * 4e6 * 1e9)


def test_a_run_that_is_added_does_not_change_a_fitted_convention(cc):
    cc.compute = "fitted"
    before = cc.session.runs.compute
    panel = RunLogPanel(cc)
    panel.form.fill(70e9, 1.4e12, None)
    panel.form.fields["loss"].value = "1.95"
    panel.form.add.click()
    assert len(cc.session.runs) == 17
    assert cc.database.df.C.iloc[-1] == pytest.approx(TRUE.C(70e9, 1.4e12), rel=1e-6)
    assert cc.session.runs.compute.p == pytest.approx(before.p, rel=1e-6)
    panel.close()


def test_the_run_form_counts_by_the_convention(cc):
    panel = RunLogPanel(cc)
    panel.form.fill(70e9, 1.4e12, None)
    assert "C = 6ND = 5.88×10²³ FLOPs" in text_of(panel.form.remark)
    cc.compute = 8
    panel.form.check()
    assert "C = 8ND = 7.84×10²³ FLOPs" in text_of(panel.form.remark)
    panel.close()
