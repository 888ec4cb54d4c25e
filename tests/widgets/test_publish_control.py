"""The report and the Chinchilla table in the frontier panel: what a click makes is what a cell makes."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from runs import make_runs, table_of

from chinchilla_nb import datasets, open_session
from chinchilla_nb.engine.uncertainty.estimate import estimate_uncertainty
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel


@pytest.fixture
def panel():
    session = open_session(table_of(make_runs(noise=0.01)))
    panel = FrontierPanel(session)
    assert panel.publish.layout.display == "none"  # there is nothing to publish
    session.run_fit()
    yield panel
    panel.close()


def downloaded(control):
    """The name and the content of the file that the link downloads."""
    name, data = re.search(r'download="([^"]+)" href="data:[^,]+;base64,([^"]+)"', control.link.value).groups()
    return name, base64.b64decode(data).decode()


def test_one_click_makes_the_report_of_the_fit(panel):
    control = panel.publish
    assert control.layout.display is None
    control.report.click()
    name, page = downloaded(control)
    assert name == "report.html"
    assert page.startswith("<!doctype html>")
    assert "<mfrac>" in page
    assert "Absolute, asymmetric, w = 10" in page


def test_a_table_of_typed_sizes_is_shown_and_saved_in_each_form(panel):
    control, fit = panel.publish, panel.session.fit
    control.values.value = "1B, 7e10"
    control.make.click()
    assert "Parameters N" in control.table.value
    control.files["CSV"].click()
    name, text = downloaded(control)
    saved = pd.read_csv(io.StringIO(text))
    assert name == "chinchilla_table.csv"
    assert saved["N"].tolist() == [1e9, 7e10]
    np.testing.assert_allclose(saved["loss"], fit.law.loss(saved["N"], saved["D"]), rtol=1e-9)
    control.files["LaTeX"].click()
    assert downloaded(control)[0] == "chinchilla_table.tex"
    assert r"\toprule" in downloaded(control)[1]
    control.files["HTML"].click()
    assert downloaded(control)[1].startswith("<table>")
    # The report has the table that is shown.
    control.report.click()
    assert "<td>70B</td>" in downloaded(control)[1]


def test_budgets_hardware_and_intervals_are_those_of_the_panel(panel):
    control, session = panel.publish, panel.session
    control.given.value = "budgets C"
    control.values.value = "1e21, 1e22"
    control.make.click()
    assert "sandwich covariance" in control.notes.value
    session.uncertainty = estimate_uncertainty(session.fit, "pairs", 100, 0)  # comes later, from the background
    assert "pairs bootstrap" in control.notes.value
    control.files["CSV"].click()
    saved = pd.read_csv(io.StringIO(downloaded(control)[1]))
    assert saved["C"].tolist() == [1e21, 1e22]
    at = session.uncertainty.allocate([1e21, 1e22])
    np.testing.assert_allclose(saved["N_low"], at["N"].low, rtol=1e-9)
    assert "days" not in saved


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1B, seven", "seven&#x27;, not a number"),
        ("-1", "above 0"),
        ("1,234,567", "a comma may be part of a number"),
        (", ".join(["1e9"] * 51), "at most 50 rows, got 51"),
    ],
)
def test_what_cannot_be_a_table_is_said_beside_the_field(panel, typed, said):
    control = panel.publish
    control.values.value = typed
    control.make.click()
    assert said in control.problem.value
    assert control.table.value == ""
    control.values.value = ""  # the largest compute of the runs, and the next decades
    control.make.click()
    assert control.problem.value == ""
    assert control.table.value.count("<tr>") == 5


def test_what_was_made_of_an_older_fit_goes_with_it(panel):
    control = panel.publish
    control.make.click()
    control.report.click()
    panel.session.exclude([(0.0, 0.0, 0.0, 0)])  # any change of what a fit uses
    assert control.table.value == control.link.value == ""
    control._save_table("CSV", None)  # a click that was already on its way
    assert control.link.value == ""


def test_the_unit_of_the_data_is_that_of_the_session():
    session = open_session(datasets.load("python_stdlib"))
    session.run_fit()
    panel = FrontierPanel(session)
    panel.publish.make.click()
    assert "Training bytes D" in panel.publish.table.value
    panel.close()
