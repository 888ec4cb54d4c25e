"""Charts of studies: medians and quartiles of errors, and what cannot be drawn together is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb import study_chart
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.figures.studies import study_figure


def table(**changed) -> pd.DataFrame:
    """Return five projects of each of two numbers of seeds and two losses."""
    rows = pd.DataFrame(
        {
            "seeds": np.repeat([15, 60], 10),
            "loss": ["mse", "mae"] * 10,
            "target": 1e22,
            "N_error": np.log([2.0, 1.5, 4.0, 1.1] * 5) * np.tile([1, -1], 10),
            "deadweight_share": 0.1,
        }
    )
    return rows.assign(**changed)


def test_errors_are_factors_whatever_their_sign():
    errors = np.log([2.0, 0.5, 4.0])
    (line,) = study_figure([10, 10, 10], [""] * 3, errors, "seeds", "N_error").lines
    assert line.median.y == pytest.approx([2.0])
    assert [bar.y.tolist() for bar in line.bars] == [pytest.approx([2.0, 3.0])]


def test_shares_are_in_per_cent():
    (line,) = study_figure(["a", "a"], ["", ""], np.array([0.1, 0.3]), "loss", "deadweight_share").lines
    assert line.median.y == pytest.approx([20.0])


def test_fits_without_an_optimum_are_left_out_and_counted():
    figure = study_figure([10, 10, 20], [""] * 3, np.array([0.0, np.nan, np.nan]), "seeds", "N_error")
    assert figure.note == "2 of 3 fits have no optimum and are left out"
    assert figure.lines[0].median.x == pytest.approx([10.0])


def test_a_study_without_any_optimum_has_an_empty_chart():
    for error in ("N_error", "deadweight_share"):
        figure = study_figure([10], [""], np.array([np.nan]), "seeds", error)
        assert len(figure.lines[0].median.x) == 0


def test_numbers_are_ticks_and_their_lines_lie_beside_each_other():
    figure = study_figure([15, 60, 15, 60], ["a", "a", "b", "b"], np.ones(4), "seeds", "N_error")
    assert figure.x.tick_labels == ("15", "60")
    assert figure.joined
    a, b = (line.median.x for line in figure.lines)
    assert (a < b).all()
    assert np.sqrt(a * b) == pytest.approx([15, 60])


def test_choices_are_places_in_their_order():
    figure = study_figure(["mse", "mae"], ["", ""], np.ones(2), "loss", "N_error")
    assert figure.x.tick_labels == ("mse", "mae")
    assert not figure.joined


def test_a_chart_has_a_line_for_each_choice():
    drawn = study_chart(table(), "seeds", by="loss")
    (legend,) = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == ["mse", "mae"]
    assert drawn.axes[0].get_ylabel() == "N* off by a factor of"
    assert not study_chart(table(loss="mse"), "seeds").legends


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: study_chart(table(), "seeds"), "table must have one loss, got mse, mae"),
        (lambda: study_chart(table(), "N"), "against must be"),
        (lambda: study_chart(table(), "seeds", by="n"), "by must be"),
        (lambda: study_chart(table(), "seeds", error="a_error"), "error must be"),
        (lambda: study_chart(table(), "noise"), "noise"),
        (lambda: study_chart(table().iloc[:0], "seeds"), "table must have a row"),
        (lambda: study_chart(table(loss=[str(i) for i in range(20)]), "seeds", by="loss"), "at most 7"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(call, said):
    with pytest.raises(InputError, match=said):
        call()


def test_something_else_than_a_table_is_refused():
    with pytest.raises(TypeError, match="table must be"):
        study_chart([1, 2], "seeds")
