"""The report of a project as one page: what it says, and that it needs and does nothing else."""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import re
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from runs import AXES, LAW, make_runs, table_of

from chinchilla_nb import (
    FAMILIES,
    Chinchilla,
    Database,
    RowsLeftOutWarning,
    Session,
    Settings,
    __version__,
    open_session,
    run_keys,
)
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.publishing.facts import fit_facts
from chinchilla_nb.publishing.report_page import report_page

DAY = date(2026, 11, 26)
HOSTILE = "<script>alert(1)</script>\x1b[2J\"'&"


class Page(HTMLParser):
    """The headings, tables and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.sections: dict[str, list[list[str]]] = {}
        self.text = ""
        self._heading = self._cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self._heading = tag == "h2"
        if tag == "tr":
            self._rows.append([])
        self._cell = tag in ("td", "th")
        if self._cell:
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._heading = self._cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._heading:
            self.sections[data] = []
        elif self._cell:
            self._rows[-1][-1] += data

    @property
    def _rows(self) -> list[list[str]]:
        return next(reversed(self.sections.values()))

    def facts(self, title: str) -> dict[str, str]:
        return dict(self.sections[title])


@pytest.fixture(scope="module")
def cc(tmp_path_factory):
    """A project of 130 runs with a column of text, two of them excluded, one for a reason."""
    runs = table_of(make_runs(130, noise=0.01))
    runs["name"] = [f"run {place}" for place in range(130)]
    runs.loc[3, "name"] = HOSTILE.replace("\x1b", "")  # a table holds no control characters
    project = Chinchilla(
        tmp_path_factory.mktemp("project"), AXES, loss_fn=functools.partial(log_huber, delta=1e-3), log_level=50, rng=7
    )
    project.database.df = runs
    project.exclude(name="run 7", reason=f"diverged {HOSTILE}")
    project.exclude(name="run 9")
    project.fit()
    project.uncertainty("sandwich")
    return project


@pytest.fixture(scope="module")
def text(cc):
    cc.rollout([1e20])
    return report_page(cc.session, title=f"Laws of {HOSTILE}", date=DAY, definitions={"N": HOSTILE, "loss": "nats"})


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_it_is_the_same_text_every_time(cc, text):
    again = report_page(cc.session, title=f"Laws of {HOSTILE}", date=DAY, definitions={"N": HOSTILE, "loss": "nats"})
    assert again == text


def test_it_needs_nothing_but_itself(page):
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("href", "src", "xlink:href"):
            assert value.startswith(("#", "data:text/csv;base64,", "data:image/png;base64,")), value


def test_every_reference_in_its_charts_is_to_one_element(text, page):
    # Three charts in one page, each with ids of its own.
    assert text.count("<svg") == 3
    assert len(page.ids) == len(set(page.ids))
    referred = {one for pair in re.findall(r'xlink:href="#([^"]+)"|url\(#([^)]+)\)', text) for one in pair if one}
    assert referred
    assert referred <= set(page.ids)


def test_text_of_others_is_shown_and_does_nothing(text, page):
    shown = HOSTILE.replace("\x1b", "\\x1b")
    assert "<script" not in text
    assert "\x1b" not in text
    assert f"Laws of {shown}" in page.text
    assert page.facts("Definitions")["N"] == shown
    assert ["diverged " + shown[:50]] == [row[4][:59] for row in page.sections["Excluded runs"][1:] if "run 7" in row]


def test_it_says_how_the_law_was_fitted(cc, page):
    how = page.facts("How the law was fitted")
    assert how["loss function"].startswith("Huber of the logarithms, δ = 0.001: ")
    assert "32, a grid of e from -0.5 to 0.5 (2 values); a from 0 to 10" in how["starts"]
    assert how["weights of runs"] == "equal"
    assert how["limits of parameters"] == "none"
    assert how["certificate"].startswith("a local optimum")
    assert how["intervals"] == "sandwich covariance"
    assert how["random numbers"] == "PCG64, seed 7"
    assert page.facts("Definitions")["D"] == "tokens"
    assert page.facts("Definitions")["C"] == "compute in FLOPs; plans use C = 6ND"
    assert page.facts("Software")["chinchilla_nb"] == __version__
    assert page.facts("Software")["numpy"] == np.__version__


def test_long_tables_are_shortened_with_a_count_and_the_file_holds_all(cc, text, page):
    rows = page.sections["Runs of the fit"]
    assert len(rows) == 1 + 100
    assert "28 more runs are not shown." in page.text
    data = next(value for name, value in page.attributes if value.startswith("data:text/csv"))
    saved = pd.read_csv(io.BytesIO(base64.b64decode(data.partition(",")[2])))
    assert len(saved) == 130
    np.testing.assert_allclose(saved["loss"], cc.database.df["loss"])
    np.testing.assert_allclose(saved["predicted_loss"], cc.predict_loss(saved["N"], saved["D"]))
    assert saved.loc[saved["excluded"], "name"].tolist() == ["run 7", "run 9"]


def test_excluded_runs_are_listed_with_their_reasons(page):
    head, first, second = page.sections["Excluded runs"]
    reason = head.index("reason")
    assert first[reason].startswith("diverged")
    assert second[reason] == "not stated"
    assert page.facts("Runs")["excluded runs"] == "2"
    assert page.facts("Runs")["runs of the fit"] == "128"


def test_the_next_model_and_the_chinchilla_table_are_in_it(cc, page):
    (N, _), _ = cc.scale(scaling_factor=10, simulation=True)
    assert page.facts("Next model")["parameters N"].startswith(f"{N:,} (")
    head, *rows = page.sections["Compute-optimal runs"]
    assert head[:3] == ["Parameters N", "Training tokens D", "Compute C (FLOPs)"]
    assert len(rows) == 4
    own = Page(report_page(cc.session, date=DAY, table=cc.chinchilla_table([3e9])))
    assert [row[0] for row in own.sections["Compute-optimal runs"][1:]] == ["3B"]


def test_the_next_model_is_that_of_the_budget_that_was_chosen(cc):
    (N, _), _ = cc.scale(C=1e24, simulation=True)
    cc.session.budget = 1e24
    try:
        own = Page(report_page(cc.session, date=DAY))
    finally:
        cc.session.budget = None
    assert own.facts("Next model")["parameters N"].startswith(f"{N:,} (")
    times = 1e24 / cc.session.runs.C.max()
    assert 1000 < times < 10_000
    assert own.facts("Next model")["compute C"] == f"1e+24 FLOPs, the budget chosen, {times:,.0f} × the largest run"
    assert "At 10²⁴ FLOPs the law puts the optimum at" in own.text


def test_a_stale_fit_says_so(cc):
    before = cc.session.settings
    cc.loss_fn = mse
    assert "The runs or settings have changed since this fit" in report_page(cc.session, date=DAY)
    cc.session.settings = before


def test_it_says_how_a_table_was_read():
    frame = pd.DataFrame({"params": [1e8, 2e8, 3e8, 4e8], "tokens": [1e9] * 4, "val_loss": [3.4, 3.2, 3.1, 3.05]})
    session = open_session(frame)
    session.run_fit()
    text = Page(report_page(session, date=DAY)).text
    assert "loss is column 'val_loss', the validation loss (3.05 to 3.4)." in text


def test_the_file_has_intervals_and_roll_outs_that_were_not_known(tmp_path):
    cc = Chinchilla(tmp_path, AXES, loss_fn=mse, log_level=50, rng=0)
    cc.database.df = table_of(make_runs(noise=0.01))
    with pytest.raises(ValueError, match="has not been estimated yet"):
        cc.save_report()
    assert not (tmp_path / "report.html").exists()
    cc.fit()
    assert cc.save_report(date=DAY) == tmp_path / "report.html"
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.facts("How the law was fitted")["intervals"].startswith("pairs bootstrap")
    assert "Roll-outs" in page.sections
    other = tmp_path / "other.html"
    cc.save_report(other, date=DAY)
    assert other.read_bytes() == (tmp_path / "report.html").read_bytes()


def test_a_loss_without_intervals_and_a_law_of_compute_have_a_report_too(tmp_path, capfd):
    cc = Chinchilla(tmp_path, AXES, loss_fn=lambda y_true, y_pred: (y_true - y_pred) ** 2, log_level=30, rng=0)
    cc.database.df = table_of(make_runs(20, noise=0.01))
    cc.fit()
    page = Page(cc.save_report().read_text(encoding="utf-8"))
    assert page.facts("How the law was fitted")["intervals"] == "not estimated"
    assert "the report has no intervals" in " ".join(capfd.readouterr().err.split())
    session = cc.session
    session.settings = dataclasses.replace(session.settings, loss_fn=mse, family=FAMILIES["frontier"], grid=None)
    session.run_fit()
    page = Page(report_page(session, date=DAY))
    assert "There are none: law must be a function of N and D" in page.text


@pytest.mark.parametrize(
    ("loss_fn", "words"),
    [
        (asymmetric_mae, "Absolute, asymmetric, w = 10"),
        (huber, "Huber, δ = 1"),
        (functools.partial(huber, delta=0.5), "Huber, δ = 0.5"),
        (log_huber, "Huber of the logarithms, δ = 1"),
        (functools.partial(log_huber, delta=np.float32(1e-3)), "Huber of the logarithms, δ = 0.001"),
        (mae, "Absolute: "),
        (mse, "Squared: "),
    ],
)
def test_a_loss_is_stated_as_choosers_write_it_with_its_parameter_also_where_that_is_the_default(
    loss_fn, words, tmp_path
):
    cc = Chinchilla(tmp_path, AXES, loss_fn=loss_fn, log_level=50)
    cc.database.df = table_of(make_runs(20, noise=0.01))
    fit = cc.fit()
    assert dict(fit_facts(fit, None, np.random.default_rng(1)))["loss function"].startswith(words)


def test_weights_and_limits_are_stated(tmp_path):
    def by_compute(C):
        return C**0.5

    cc = Chinchilla(
        tmp_path, AXES, loss_fn=mse, log_level=50, weight_fn=by_compute, bounds={"alpha": 0.34, "beta": (0.2, 0.5)}
    )
    cc.database.df = table_of(make_runs(20, noise=0.01))
    facts = dict(fit_facts(cc.fit(), None, np.random.default_rng([1, 2])))
    assert facts["weights of runs"] == "by_compute(C)"
    assert facts["limits of parameters"] == "α fixed at 0.34; β from 0.2 to 0.5"
    assert facts["random numbers"] == "PCG64, seed [1, 2]"


def test_a_law_that_the_search_started_from_is_stated(tmp_path):
    cc = Chinchilla(tmp_path, AXES, loss_fn=mse, log_level=50)
    cc.database.df = table_of(make_runs(20, noise=0.01))
    assert "by hand" not in dict(fit_facts(cc.fit(), None, np.random.default_rng(1)))["starts"]
    assert dict(fit_facts(cc.fit(start=LAW), None, np.random.default_rng(1)))["starts"].endswith(
        f"; and a law set by hand, {LAW}"
    )


def test_the_filter_and_the_laws_beside_the_fit_are_stated():
    runs = table_of(make_runs(20, noise=0.01))
    twin = runs.iloc[:1]
    session = Session(Database(), Settings())
    session.database.df = pd.concat([runs, twin], ignore_index=True)
    session.exclude([run_keys(session.all_runs)[20]], reason="a duplicate")
    session.filter_runs("N > 0")
    session.overlays = (NamedLaw("Another", LAW, "a paper"),)
    session.run_fit()
    page = Page(report_page(session, date=DAY))
    assert page.facts("Runs")["filter"] == "N > 0"
    assert page.facts("Other laws") == {"Another": f"{LAW}; a paper"}
    head, *rows = page.sections["Excluded runs"]
    assert [row[head.index("reason")] for row in rows] == ["a duplicate"]


def test_the_filter_is_that_of_the_fit_and_not_one_that_was_set_since():
    session = Session(Database(), Settings())
    session.database.df = table_of(make_runs(20, noise=0.01))
    session.filter_runs("N < 1e9")
    count = len(session.run_fit().runs)
    session.filter_runs("")
    text = report_page(session, date=DAY)
    facts = Page(text).facts("Runs")
    assert (facts["filter"], facts["runs of the fit"]) == ("N < 1e9", f"{count}")
    assert "The fit uses only the runs that match the filter N &lt; 1e9." in text
    session.run_fit()
    assert Page(report_page(session, date=DAY)).facts("Runs")["filter"] == "none"


def test_every_row_that_was_left_out_is_listed_with_its_reason(tmp_path):
    table = table_of(make_runs(40)).astype(object)
    table.loc[:11, "loss"] = None
    table.to_csv(tmp_path / "<b>export.csv", index=False)
    with pytest.warns(RowsLeftOutWarning, match="12 of 40 rows left out"):
        session = open_session(tmp_path / "<b>export.csv")
    session.run_fit()
    head, *rows = Page(report_page(session, date=DAY)).sections["Rows left out"]
    assert head == ["Line", "Reason"]
    assert [row[0] for row in rows] == [f"{line}" for line in range(2, 14)]
    assert all("loss" in row[1] for row in rows)
    assert "<b>export" not in report_page(session, date=DAY)
