"""Saved pictures and reports show groups of runs, hidden ones and other laws as the page does."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from runs import LAW, make_runs, table_of

from chinchilla_nb import Database, Session, Settings
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.figures.group_colours import GROUP_LOOKS
from chinchilla_nb.publishing.report_page import report_page
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

NAMES = ("$x^{$", "_lion", "adam")
"""In the order of their colours. The first two are a formula that is none and a name that a legend leaves out."""


@pytest.fixture
def session() -> Session:
    runs = table_of(make_runs(30, noise=0.01, rng=7))
    runs["_optimizer"] = np.repeat(NAMES, 10)
    database = Database()
    database.df = runs
    session = Session(database, Settings())
    session.run_fit()
    session.view.group_by("_optimizer")
    return session


def dots(svg: str) -> list[int]:
    """Return how many marks have the colour of each group."""
    return [len(re.findall(rf"<use [^>]*fill: {look.light}", svg)) for look in GROUP_LOOKS[: len(NAMES)]]


def texts(svg: str) -> set[str]:
    return {text.strip() for text in re.findall(r"<!-- (.*?) -->", svg)}


def test_the_saved_picture_has_the_colours_and_the_legend_of_groups(session):
    svg = FrontierPanel(session).picture("svg", 50).decode()
    assert dots(svg) == [4 * 10 + 1] * 3  # in four charts, and in the legend
    assert texts(svg) >= {"_optimizer: $x^{$", "_optimizer: _lion", "_optimizer: adam"}
    assert "Training run" not in texts(svg)


def test_groups_have_different_shapes(session):
    svg = FrontierPanel(session).picture("svg", 50).decode()
    shapes = [set(re.findall(rf'<use xlink:href="#(\w+)"[^>]*fill: {look.light}', svg)) for look in GROUP_LOOKS[:3]]
    assert all(shapes)
    assert len(set.union(*shapes)) == sum(len(names) for names in shapes)


def test_the_saved_picture_leaves_out_hidden_groups_and_says_so(session):
    panel = FrontierPanel(session)
    session.view.hide_groups(["_lion"])
    svg = panel.picture("svg", 50).decode()
    assert dots(svg) == [41, 0, 41]
    assert "1 group hidden (10 runs); fits use them all the same" in texts(svg)
    session.view.group_by(None)
    svg = panel.picture("svg", 50).decode()
    assert dots(svg) == [0, 0, 0]
    assert "Training run" in texts(svg)


def coloured_dots(panel) -> list[bool]:
    """Return whether the snapshot of a panel has the colour of each group."""
    picture = imread(io.BytesIO(panel.snapshot()["image/png"]))[..., :3]
    colours = [np.array(to_rgb(look.light)) for look in GROUP_LOOKS[: len(NAMES)]]
    return [bool((abs(picture - colour).max(axis=-1) < 0.01).sum() > 20) for colour in colours]


def test_the_snapshot_of_a_fit_has_the_colours_of_groups_without_hidden_ones(session):
    panel = FitPanel(session)
    assert coloured_dots(panel) == [True, True, True]
    session.view.hide_groups(["_lion"])
    assert coloured_dots(panel) == [True, False, True]
    session.view.hide_groups(NAMES)
    assert panel.snapshot() == {"text/html": "<p>All runs of this fit belong to hidden groups.</p>"}
    session.view.group_by(None)
    assert coloured_dots(panel) == [False, False, False]


def test_the_report_has_groups_hidden_ones_and_other_laws_as_the_page(session):
    session.overlays = (NamedLaw("Law of others", LAW),)
    session.view.hide_groups(["adam"])
    page = report_page(session)
    # In three planes and two charts of predictions, with a legend each.
    assert dots(page) == [3 * 10 + 1 + 2 * 10 + 1] * 2 + [0]
    assert texts(page) >= {"_optimizer: _lion", "Law of others"}
    assert len(re.findall(r"<figcaption>[^<]*10 of 30 runs belong to hidden groups.", page)) == 2


def test_a_report_of_runs_that_are_no_longer_in_the_log_names_them(session):
    database = session.database
    database.df = database.df.iloc[:25]
    svg = report_page(session)
    assert "_optimizer: not in the log" in texts(svg)
    assert dots(svg) == [52, 52, 3 * 5 + 1 + 2 * 5 + 1]


def test_a_report_with_every_group_hidden_has_the_law_alone(session):
    session.view.hide_groups(NAMES)
    page = report_page(session)
    assert dots(page) == [0, 0, 0]
    assert "30 of 30 runs belong to hidden groups." in page
