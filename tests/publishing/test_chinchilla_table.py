"""The Chinchilla table of a project as HTML, LaTeX, CSV and a data frame."""

from __future__ import annotations

import io
import string
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from latex import compiled, problems, too_wide
from runs import AXES, make_runs, table_of

from chinchilla_nb import Chinchilla, Hardware, KaplanLaw, ScalingLaw
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.publishing.chinchilla_table import ChinchillaTable
from chinchilla_nb.publishing.latex_text import latex_table, latex_text
from chinchilla_nb.publishing.typeset import as_latex, as_mathml

HARDWARE = Hardware("H100 SXM", 64, 0.4, 2.5)
HOSTILE = '\\input{/etc/passwd} 5 % of $x_1^2$ & #1 ~ <b>"q"</b> | [a] {b}\n\n漢字 é ą Ð 10²³ × −1'


@pytest.fixture(scope="module")
def cc(tmp_path_factory):
    project = Chinchilla(tmp_path_factory.mktemp("project"), AXES, loss_fn=mse, log_level=50)
    project.database.df = table_of(make_runs(noise=0.01))
    project.fit()
    project.uncertainty("sandwich")
    return project


class Cells(HTMLParser):
    """The text of the cells of a page, row by row; any script or unknown element is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"table", "thead", "tbody", "tr", "th", "td", "div", "small", "html", "meta", "title"}, tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_every_form_holds_the_same_numbers(cc):
    table = cc.chinchilla_table([1e9, 70e9], hardware=HARDWARE)
    frame = table.to_frame()
    assert frame["N"].tolist() == [1e9, 70e9]
    np.testing.assert_allclose(frame["C"], 6 * frame["N"] * frame["D"])
    np.testing.assert_allclose(frame["cost"], HARDWARE.cost(frame["C"]))
    # N and D are whole numbers there.
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(table.to_csv())), frame, check_dtype=False, rtol=1e-9)
    rows = Cells(table.to_html()).rows
    assert rows[0][:2] == ["Parameters N", "Training tokens D"]
    assert [row[0] for row in rows[1:]] == ["1B", "70B"]
    loss, interval = rows[1][4].split("\n")
    assert float(loss) == pytest.approx(frame["loss"][0], rel=1e-3)
    low, high = (float(end) for end in interval.split("–"))
    assert (low, high) == pytest.approx((frame["loss_low"][0], frame["loss_high"][0]), rel=2e-3)
    assert f"\n    1B & {rows[1][1].splitlines()[0]} & " in table.to_latex()


def test_without_sizes_it_has_the_budgets_of_the_next_decades(cc):
    frame = cc.chinchilla_table().to_frame()
    np.testing.assert_allclose(frame["C"], cc.database.df["C"].max() * np.array([1, 10, 100, 1000]))


def test_it_says_what_the_numbers_are(cc):
    notes = " ".join(cc.chinchilla_table([1e9], hardware=HARDWARE, level=0.9).notes)
    assert "90 % intervals if the law holds, sandwich covariance" in notes
    assert "C = 6ND" in notes
    assert "64 × H100 SXM at 40 %" in notes
    cc.session.uncertainty = None
    assert "interval" not in " ".join(cc.chinchilla_table([1e9]).notes)
    cc.uncertainty("sandwich")


def test_it_is_saved_as_the_end_of_the_name_says(cc, tmp_path):
    table = cc.chinchilla_table([1e9])
    for name, beginning in (("t.html", "<!doctype html>"), ("t.tex", "% needs"), ("t.csv", "N,D,")):
        table.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)
    with pytest.raises(ValueError, match=r"path must end in .html, .tex, .csv, got 't.pdf'"):
        table.save(tmp_path / "t.pdf")
    with pytest.raises(OSError, match="create its folder"):
        table.save(tmp_path / "missing" / "t.csv")


def test_text_of_others_does_nothing_in_html(cc):
    table = ChinchillaTable(cc.chinchilla_table([1e9]).runs, HOSTILE)
    assert f"Training {HOSTILE} D" in Cells(table.to_html()).rows[0]


def test_its_latex_compiles_whatever_the_text_holds(cc, tmp_path):
    for name, table in (
        ("usual", cc.chinchilla_table([1e9, 70e9], hardware=HARDWARE)),
        ("hostile", ChinchillaTable(cc.chinchilla_table(C=[1e21]).runs, HOSTILE)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        assert problems(table.to_latex()) == []
        assert compiled(table.to_latex(), folder) == ""


@pytest.mark.parametrize("device", ["H100 SXM", 989e12])
@pytest.mark.parametrize("asked", [{"N": [4e8, 7e9, 70e9, 1e12]}, {"C": [1e20, 1e24, 1e27]}], ids=["sizes", "budgets"])
@pytest.mark.parametrize("noise", [0.004, 0.03])
def test_its_latex_fits_between_the_margins_of_an_article(tmp_path, noise, asked, device):
    """With days, cost and intervals of all numbers, which are wider the less is known."""
    project = Chinchilla(tmp_path, AXES, loss_fn=mse, log_level=50)
    project.database.df = table_of(make_runs(noise=noise))
    project.fit()
    project.uncertainty("sandwich")
    table = project.chinchilla_table(asked.get("N"), C=asked.get("C"), hardware=Hardware(device, 1024, 0.4, 2.5))
    assert table.head[-2:] == ["Days", "Cost"]
    assert problems(table.to_latex()) == []
    assert too_wide(table.to_latex(), tmp_path) == []


def test_intervals_stay_on_one_line_where_there_is_room(cc):
    assert r"{\scriptsize" in cc.chinchilla_table([1e9]).to_latex()
    assert r"\shortstack[r]{{\scriptsize" not in cc.chinchilla_table([1e9]).to_latex()


def test_the_speed_of_a_device_has_its_prefix(cc):
    notes = " ".join(cc.chinchilla_table([1e9], hardware=Hardware(989e12, 64, 0.4)).notes)
    assert "Days and cost: 64 × 989 TFLOP/s at 40 % of the peak." in notes


def test_every_character_compiles_at_the_beginning_of_a_row_and_in_a_caption(tmp_path):
    characters = [*string.printable, *map(chr, range(0xA0, 0x180)), "\x00", "\u200b", "\U0001f600", "²", "−", "κ"]
    rows = [[one, f"{one}1\n{one}2"] for one in characters]
    # In parts, because a table is not broken across pages.
    for start in range(0, len(rows), 30):
        part = rows[start : start + 30]
        caption = latex_text("".join(characters[start : start + 30]))
        source = latex_table(part, ["a", "b"], caption=caption, label="%_\\", notes=characters[start : start + 3])
        assert problems(source) == []
        assert compiled(source, tmp_path) == ""


@pytest.mark.parametrize(
    ("law", "latex"),
    [
        (
            ScalingLaw(E=1.69, A=406.4, B=2.75e6, alpha=0.34, beta=0.28),
            r"L\left(N, D\right) = 1.69 + \frac{406.4}{N^{0.34}} + \frac{2.75 \times 10^{6}}{D^{0.28}}",
        ),
        (
            KaplanLaw(N_c=8.8e13, D_c=5.4e13, alpha_N=0.0515, alpha_D=0.103),
            (
                r"L\left(N, D\right) = \left[\left(\frac{8.8 \times 10^{13}}{N}\right)^{0.5} + "
                r"\frac{5.4 \times 10^{13}}{D}\right]^{0.103}"
            ),
        ),
        (FrontierLaw(E=1.6, A=300.0, alpha=0.05), r"L\left(C\right) = 1.6 + \frac{300}{C^{0.05}}"),
    ],
)
def test_a_law_is_typeset(law, latex):
    assert as_latex(law) == latex
    # Each fraction and each power is one in MathML too, and nothing but signs stands between its elements.
    mathml = as_mathml(law)
    assert mathml.count("<mfrac>") == latex.count(r"\frac")
    assert mathml.count("<msup>") == latex.count("^")
    assert "</mo><mfrac><mrow>" in mathml
