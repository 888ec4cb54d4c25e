"""The scale of charts is one choice for all panels, and says so where it acts on other panels than its own."""

from __future__ import annotations

import pytest

from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.groups.groups_panel import GroupsPanel


@pytest.fixture
def panels(session):
    session.run_fit()
    fit, frontier, groups = FitPanel(session), FrontierPanel(session), GroupsPanel(session)
    fit.diagnostics.value = True
    return fit, frontier, groups


def test_the_scale_chosen_in_one_panel_is_that_of_all(panels, session):
    fit, frontier, groups = panels
    groups.scale.value = "excess"
    assert (fit.scale.value, frontier.scale.value) == ("excess", "excess")
    assert frontier.charts.loss.frame.axes["y"].label.endswith("L − E")
    # No axis of the fit panel is one of the loss on a logarithmic scale.
    labels = {name: frame.axes["x"].label for name, frame in fit.charts.residuals.items()}
    groups.scale.value = "log"
    assert {name: frame.axes["x"].label for name, frame in fit.charts.residuals.items()} == labels


def test_each_choice_says_that_it_is_for_all_panels(panels):
    for panel in panels:
        assert all("in all panels" in text for text in panel.scale.tooltips)
        assert "without such an axis look as with Log" in panel.scale.tooltips[2]
