"""The configuration panel on a real project: fields and settings follow each other; invalid fields change nothing."""

from __future__ import annotations

import dataclasses
import functools
import html
import importlib
import re
import sys
import types
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import yaml

from chinchilla_nb import Chinchilla, ConfigPanel, Session, Workbench
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.fitting.losses import huber, log_huber, mse
from chinchilla_nb.engine.planning.model_sizes import transformer_size, transformer_size_without_embeddings
from chinchilla_nb.quantity import number_text
from chinchilla_nb.widgets.config.choices_text import choices_text, parse_choices
from chinchilla_nb.widgets.config.grid_editor import GridEditor
from chinchilla_nb.widgets.config.loss_editor import LossEditor

ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture
def cc(tmp_path, rows) -> Chinchilla:
    cc = Chinchilla(
        tmp_path,
        {"E": np.linspace(1, 2, 5), "a": [0, 5, 10], "B": [100, 300, 900], "alpha": [0.3], "beta": [0.3, 0.4, 0.9]},
        {"C": (1e18, 1e20), "N_to_D": (5, 50)},
        log_level=50,
    )
    cc.database.df = rows
    return cc


@pytest.fixture
def panel(cc) -> ConfigPanel:
    return ConfigPanel(cc)


def text_of(widget) -> str:
    return re.sub("<[^>]*>", "", widget.value)


def all_models():
    return ipywidgets.widgets.widget._instances


def boxes(row):
    return [field for field in row.inputs if isinstance(field, ipywidgets.Text)]


def wrong(row):
    """Return the inputs that are marked as wrong."""
    return [field for field in row.inputs if "cnb-wrong" in field._dom_classes]


def test_opening_it_shows_the_settings_and_changes_nothing(cc):
    before = cc.session.settings
    panel = ConfigPanel(cc)
    assert cc.session.settings is before
    E, a, B, alpha, beta = panel.grid.rows
    assert [E.unit.value, E.spacing.value, E.low.value, E.high.value, E.count.value] == ["E", "even", "1", "2", "5"]
    assert (a.unit.value, a.high.value) == ("a", "10")
    assert B.spacing.value == "ratios"
    assert (alpha.low.value, alpha.count.value) == ("0.3", "1")
    assert (beta.spacing.value, beta.listed.value) == ("listed", "0.3, 0.4, 0.9")
    assert "5 × 3 × 3 × 1 × 3 = 135 starts" in text_of(panel.sections[GridEditor].summary)
    assert [box.value for box in boxes(panel.plan.C)] == ["1e18", "1e20"]
    # N = sqrt(C / (6 ratio)): 1e18 at 50 tokens per parameter, 1e20 at 5.
    assert "N from 57.7M to 1.83B" in text_of(panel.plan.C.remark)
    assert "applied" in text_of(panel.state)
    assert panel.errors.value == ""


def test_valid_input_is_applied_at_once(cc, panel):
    panel.grid.axes["E"].count.value = "3"
    np.testing.assert_allclose(cc.param_grid["E"], [1, 1.5, 2])
    panel.grid.axes["beta"].listed.value = "0.25, .5"
    np.testing.assert_array_equal(cc.param_grid["beta"], [0.25, 0.5])
    assert "= 54 starts" in text_of(panel.sections[GridEditor].summary)
    boxes(panel.plan.C)[1].value = "2.5e21"
    assert cc.seed_ranges == {"C": (1e18, 2.5e21), "N_to_D": (5.0, 50.0)}
    boxes(panel.plan.seeds)[0].value = "12"
    boxes(panel.plan.factor)[0].value = "1.5"
    assert (cc.num_seeding_steps, cc.scaling_factor) == (12, 1.5)
    boxes(panel.plan.seeds)[0].value = ""
    assert cc.num_seeding_steps is None
    panel.loss.precision.value = np.float64
    assert cc.dtype is np.float64


def test_switching_to_logarithms_keeps_the_ends(cc, panel):
    panel.grid.axes["E"].unit.value = "e"
    np.testing.assert_allclose(cc.param_grid["e"], np.linspace(0, np.log(2), 5), atol=1e-4)
    panel.grid.axes["A"].unit.value = "A"
    np.testing.assert_allclose(cc.param_grid["A"][[0, -1]], np.exp([0, 10]), rtol=1e-3)


def test_spacings(cc, panel):
    row = panel.grid.axes["E"]
    row.spacing.value = "ratios"
    np.testing.assert_allclose(cc.param_grid["E"], 2 ** np.linspace(0, 1, 5))
    row.spacing.value = "listed"
    assert len(row.listed.value.split(",")) == 5
    row.listed.value = "1.1, 1.7"
    np.testing.assert_array_equal(cc.param_grid["E"], [1.1, 1.7])


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        (lambda p: p.grid.axes["E"].count, "x", "'x' is not a number"),
        (lambda p: p.grid.axes["E"].high, "1,5", "'1,5' is not a number: write decimals with a point"),
        (lambda p: p.grid.axes["E"].count, "2.5", "count must be a whole number"),
        (lambda p: p.grid.axes["E"].count, "1e6", "count must be from 1 to 1,000"),
        (lambda p: p.grid.axes["E"].low, "-1", "low must be positive, got -1"),
        (lambda p: p.grid.axes["E"].low, "3", "low must not be above high, got 3 and 2"),
        (lambda p: p.grid.axes["E"].low, "nan", "low must be finite"),
        (lambda p: p.grid.axes["B"].low, "0", "low must be positive for equal ratios, got 0: choose even steps"),
        (lambda p: p.grid.axes["beta"].listed, "0.1,, 2", "type a number"),
        (lambda p: p.grid.axes["beta"].listed, "-0.1", "β must not be negative, got -0.1"),
        (lambda p: boxes(p.plan.C)[1], "1e17", "high must not be below low, got 1e17 and 1e18"),
        (lambda p: boxes(p.plan.ratio)[0], "", "low is empty: type a number"),
        (lambda p: boxes(p.plan.ratio)[0], "-5", "low must be positive and finite, got -5"),
        (lambda p: boxes(p.plan.ratio)[1], "inf", "high must be positive and finite, got inf"),
        (lambda p: boxes(p.plan.seeds)[0], "1.5", "must be a whole number, got 1.5"),
        (lambda p: boxes(p.plan.factor)[0], "0", "must be positive and finite, got 0"),
        (lambda p: p.grid.axes["E"].count, "1", "count must be 2 or more where low and high are not the same"),
        (lambda p: p.loss.option, "-1", "w must be positive"),
        (lambda p: p.grid.axes["E"].count, ATTACK, "is not a number"),
    ],
)
def test_invalid_input_is_explained_beside_its_field_and_changes_nothing(cc, panel, field, text, message):
    before, box = cc.session.settings, field(panel)
    old = box.value
    box.value = text
    assert cc.session.settings is before
    row = next(row for editor in panel.editors for row in editor.rows if box in row.inputs)
    assert message in row.problem
    assert wrong(row) == [box]
    assert "<img" not in row.remark.value
    assert "1 field not valid" in text_of(panel.state)
    # Other fields stay usable, and the last valid values still apply.
    panel.limits.limits["E"].mode.value = "fixed"
    panel.limits.limits["E"].low.value = "1.7"
    assert cc.session.settings.bounds == {"E": (1.7, 1.7)}
    assert cc.session.settings.grid is before.grid
    assert box.value == text
    box.value = old
    assert "applied" in text_of(panel.state)
    assert panel.errors.value == ""


def test_fix_free_and_bound_parameters(cc, panel):
    row = panel.limits.limits["alpha"]
    row.mode.value = "fixed"
    # The exponent of Hoffmann et al., because there is no fit yet.
    assert cc.session.settings.bounds == {"alpha": (0.34, 0.34)}
    row.low.value = "-1"
    assert row.problem == "α is fixed at -1: type a number that is 0 or more"
    row.low.value = "0.34"
    assert cc.fit(parallel=False).law.alpha == 0.34
    row.mode.value = "bounded"
    assert cc.session.settings.bounds == {"alpha": (0.34, 0.68)}
    row.high.value = "0.2"
    assert row.problem == "upper limit must be finite, and not below the lower limit, got 0.2"
    assert wrong(row) == [row.high]
    row.low.value = "-0.1"
    assert row.problem == "lower limit must be 0 or more, got -0.1"
    assert wrong(row) == [row.low]
    row.low.value = "0.34"
    assert wrong(row) == [row.high]
    row.high.value = "0.5"
    assert cc.session.settings.bounds == {"alpha": (0.34, 0.5)}
    row.mode.value = "free"
    assert cc.session.settings.bounds == {}


def test_limits_start_from_the_fitted_law(cc, panel):
    E = cc.fit(parallel=False).law.E
    row = panel.limits.limits["E"]
    row.mode.value = "bounded"
    assert not row.problem
    assert cc.session.settings.bounds["E"] == pytest.approx((E / 2, 2 * E), rel=0.01)
    row.mode.value = "free"
    row.low.value = row.high.value = ""
    row.mode.value = "fixed"
    assert cc.session.settings.bounds["E"] == pytest.approx((E, E), rel=1e-3)


def test_losses(cc, panel):
    panel.loss.kind.value = "mse"
    assert cc.loss_fn is mse
    panel.loss.kind.value = "log_huber"
    assert (cc.loss_fn.func, cc.loss_fn.keywords) == (log_huber, {"delta": 1e-3})
    panel.loss.option.value = "1"
    assert cc.loss_fn is log_huber


def define(monkeypatch, name, function):
    """Define a function in the notebook, as a cell would."""
    function.__module__, function.__qualname__ = "__main__", name
    monkeypatch.setattr(sys.modules["__main__"], name, function, raising=False)


def test_functions_defined_in_the_notebook_can_be_used(cc, panel, monkeypatch):
    main = sys.modules["__main__"]
    define(monkeypatch, "my_loss", lambda y, p: abs(y - p) ** 1.5)
    define(monkeypatch, "scalar_loss", lambda y, p: 1.0)
    define(monkeypatch, "my_weight", lambda C: C**0.5)
    before = cc.loss_fn
    panel.loss.kind.value = "own"
    assert cc.loss_fn is before
    panel.loss.function.value = "no_such_function"
    assert "is not defined" in panel.loss.loss_row.problem
    panel.loss.function.value = "scalar_loss"
    assert "must return a finite number per run" in panel.loss.loss_row.problem
    assert cc.loss_fn is before
    panel.loss.function.value = "my_loss"
    assert cc.loss_fn is main.my_loss
    panel.loss.weighting.value = "own"
    panel.loss.weight_function.value = "my_weight"
    assert cc.weight_fn is main.my_weight
    panel.loss.weighting.value = "none"
    assert cc.weight_fn is None


def test_model_search(cc, panel):
    panel.search.kind.value = "transformer"
    search = cc.session.settings.model_search
    assert search.size_estimator is transformer_size
    for name, text in {"d_model": "64, 128", "n_layers": "2..4", "vocab_size": "256"}.items():
        panel.search.values[name].inputs[0].value = text
    sizes = [transformer_size(d, n, 256) for d in (64, 128) for n in (2, 3, 4)]
    np.testing.assert_array_equal(cc.session.settings.model_search.table().N, sorted(sizes))
    assert "6 models of 116k to 826k" in text_of(panel.search.kind_row.remark)
    good = cc.session.settings
    panel.search.values["n_layers"].inputs[0].value = "4..2"
    assert "contains no numbers" in panel.search.values["n_layers"].problem
    panel.search.values["n_layers"].inputs[0].value = "two"
    assert panel.search.values["n_layers"].problem == "n_layers must list whole numbers above 0, got 'two'"
    assert cc.session.settings is good
    panel.search.values["n_layers"].inputs[0].value = "2"
    panel.search.kind.value = "transformer_without_embeddings"
    assert list(panel.search.values) == ["d_model", "n_layers", "n_heads", "d_ff", "d_head", "vocab_size", "seq_len"]
    assert cc.session.settings.model_search.size_estimator is transformer_size_without_embeddings
    panel.search.kind.value = "none"
    assert cc.model_search_config is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("64, 128", [64, 128]),
        ("2..5", [2, 3, 4, 5]),
        ("64..256 step 64, 1024", [64, 128, 192, 256, 1024]),
        ("0.1, 1e-3", [0.1, 1e-3]),
        ("relu, gelu", ["relu", "gelu"]),
        ("True, None", [True, None]),
        ("1_000, 7B, 2x4, 1:30", [1000, "7B", "2x4", "1:30"]),
        ("-3, +.5, 1e3", [-3, 0.5, 1000.0]),
        ("1, 2, 3, 1000000000000", [1, 2, 3, 10**12]),
    ],
)
def test_values_of_hyperparameters_are_read_and_written(text, values):
    assert parse_choices(text) == values
    assert parse_choices(choices_text(values)) == values


@pytest.mark.parametrize("text", ["1e999", "1" * 5000, "1_", "1__0", "１２", "64, ١٢", "1_e5", "_1"])
def test_a_value_that_is_almost_a_number_is_refused(text):
    with pytest.raises(ValueError, match="is not a number: write it as 64, 2.5 or 1e6"):
        parse_choices(text)


def test_numbers_of_any_length_can_be_shown():
    assert choices_text([10**5000]) == "a whole number of about 5,001 digits"


def test_changes_in_code_are_shown(cc, panel):
    cc.loss_fn = functools.partial(huber, delta=0.5)
    assert (panel.loss.kind.value, panel.loss.option.value) == ("huber", "0.5")
    cc.weight_fn = lambda C: C
    assert (panel.loss.weighting.value, panel.loss.weight_function.value) == ("own", "<lambda>")
    cc.model_search_config = {"hyperparam_grid": {"width": [8, 16]}, "size_estimator": lambda width: 12 * width**2}
    assert panel.search.values["width"].inputs[0].value == "8, 16"
    assert "2 models of 768 to 3.07k" in text_of(panel.search.kind_row.remark)
    cc.param_grid = {**cc.param_grid, "alpha": [0.1, 0.2, 0.3]}
    assert (panel.grid.axes["alpha"].low.value, panel.grid.axes["alpha"].count.value) == ("0.1", "3")
    cc.seed_ranges = None
    assert [box.value for box in boxes(panel.plan.C)] == ["", ""]
    cc.session.settings = Settings(bounds={"beta": (0.1, 0.2)})
    row = panel.limits.limits["beta"]
    assert (row.mode.value, row.low.value, row.high.value) == ("bounded", "0.1", "0.2")
    assert panel.search.kind.value == "none"
    assert panel.errors.value == ""


def test_values_that_cannot_be_typed_survive_an_edit_of_another_field(cc, panel):
    kernels = [(3, 3), (5, 5)]
    grid = {"kernel": kernels, "width": [8, 16]}
    cc.model_search_config = {"hyperparam_grid": grid, "size_estimator": lambda kernel, width: width * kernel[0]}
    panel.search.values["width"].inputs[0].value = "8, 32"
    assert cc.model_search_config["hyperparam_grid"] == {"kernel": kernels, "width": [8, 32]}


def test_a_function_without_a_name_is_restored_when_it_is_chosen_again(cc, panel):
    own = cc.weight_fn = lambda C: C
    panel.loss.weighting.value = "none"
    panel.loss.weighting.value = "own"
    assert cc.weight_fn is own


def test_sections_are_created_when_opened_and_summarise_their_settings(cc):
    panel = ConfigPanel(cc)
    assert [type(editor) for editor in panel.editors] == [LossEditor]
    summaries = {kind.__name__: text_of(section.summary) for kind, section in panel.sections.items()}
    assert summaries == {
        "LawEditor": "Chinchilla: E + A/Nα + B/Dβ",
        "GridEditor": "5 × 3 × 3 × 1 × 3 = 135 starts",
        "LimitsEditor": "all free",
        "PlanEditor": "10¹⁸ to 10²⁰ FLOPs, D/N from 5 to 50",
        "LossEditor": "Absolute, asymmetric, w = 10",
        "SearchEditor": "none: N is free",
        "ComputeEditor": "C = 6ND",
    }
    cc.session.settings = dataclasses.replace(
        cc.session.settings,
        bounds={"E": (1.5, 1.5), "beta": (0.1, 0.4)},
        loss_fn=functools.partial(log_huber, delta=1e-3),
        model_search=ModelSearch({"d_model": [64, 128], "n_layers": [2, 3], "vocab_size": [256]}, transformer_size),
        num_seeding_steps=12,
        scaling_factor=2.5,
    )
    summaries = {kind.__name__: text_of(section.summary) for kind, section in panel.sections.items()}
    assert summaries["LimitsEditor"] == "E = 1.5, β from 0.1 to 0.4"
    assert summaries["PlanEditor"].endswith("12 seeds, then × 2.5")
    assert summaries["LossEditor"] == "Huber of the logarithms, δ = 0.001"
    assert summaries["SearchEditor"] == "Transformer, with embeddings: 4 configurations"
    for kind, section in panel.sections.items():
        section.toggle.value = True
        assert isinstance(section.content, kind)
    panel.grid.axes["E"].count.value = "x"
    panel.sections[GridEditor].toggle.value = False
    assert re.search(r"1 field not valid\s*·", text_of(panel.sections[GridEditor].summary))
    assert panel.errors.value == ""


def test_a_panel_has_few_widget_models(cc):
    before = len(all_models())
    ConfigPanel(cc)
    assert len(all_models()) - before < 100


def test_functions_of_the_notebook_are_offered(panel, monkeypatch):
    main = sys.modules["__main__"]
    for name in ("my_loss", "_private"):
        function = types.FunctionType(mse.__code__, {"__name__": "__main__"}, name)
        monkeypatch.setattr(main, name, function, raising=False)
    panel.loss.kind.value = "own"
    assert "my_loss" in panel.loss.function.options
    assert "_private" not in panel.loss.function.options


def test_a_suggested_grid_is_applied(cc, panel, law):
    panel.grid.suggest.click()
    assert len(cc.session.settings.grid) > 135
    assert cc.param_grid["E"].max() < cc.session.runs.loss.min()
    assert panel.grid.axes["alpha"].spacing.value == "listed"
    assert cc.fit(parallel=False).law.alpha == pytest.approx(law.alpha, rel=1e-6)


def test_without_runs_no_grid_is_suggested(empty_session):
    assert ConfigPanel(empty_session).grid.suggest.disabled


def test_save_and_load(cc, panel, tmp_path):
    panel.path.value = str(tmp_path / "mine.yaml")
    panel.loss.kind.value = "log_huber"
    panel.loss.option.value = "0.01"
    panel.limits.limits["alpha"].mode.value = "fixed"
    panel.limits.limits["alpha"].low.value = "0.34"
    panel.search.kind.value = "transformer"
    panel.save_button.click()
    assert "Saved" in text_of(panel.message)
    again = Chinchilla.from_config(tmp_path / "mine.yaml", log_level=50)
    assert again.session.settings.grid == cc.session.settings.grid
    assert again.session.settings.bounds == {"alpha": (0.34, 0.34)}
    assert len(again.session.runs) == 30
    assert again.fit(parallel=False).law.as_dict() == cc.fit(parallel=False).law.as_dict()

    saved = cc.session.settings
    cc.session.settings = Settings()
    panel.load_button.click()
    assert cc.session.settings.grid == saved.grid
    assert cc.session.settings.bounds == saved.bounds
    assert cc.loss_fn.keywords == {"delta": 0.01}
    assert panel.search.kind.value == "transformer"


MINE = ["functions_of_mine:size", "functions_of_mine:loss", "functions_of_mine:weight"]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of the user's own with a size estimator, a loss and weights."""
    (tmp_path / "functions_of_mine.py").write_text(
        "def size(width, depth):\n    return 12 * depth * width**2\n\n"
        "def loss(y_true, y_pred):\n    return abs(y_true - y_pred) ** 1.5\n\n"
        "def weight(C):\n    return C**0.1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("functions_of_mine")
    del sys.modules["functions_of_mine"]


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_a_saved_file_reproduces_everything_that_was_typed(cc, mine, tmp_path, suffix):
    panel = ConfigPanel(cc, allow_functions=MINE)
    panel.grid.axes["B"].spacing.value = "listed"
    panel.grid.axes["B"].listed.value = "100, 0.1, 1e3"
    panel.grid.axes["E"].unit.value = "e"
    boxes(panel.plan.seeds)[0].value = "12"
    boxes(panel.plan.factor)[0].value = "1.5"
    panel.limits.limits["alpha"].mode.value = "fixed"
    panel.limits.limits["alpha"].low.value = "0.34"
    panel.limits.limits["beta"].mode.value = "bounded"
    panel.limits.limits["beta"].low.value, panel.limits.limits["beta"].high.value = "0.2", "0.4"
    panel.loss.kind.value = "huber"
    panel.loss.option.value = "1e-3"
    panel.loss.weighting.value = "own"
    panel.loss.weight_function.value = "functions_of_mine:weight"
    panel.loss.precision.value = np.float64
    panel.search.kind.value = "own"
    panel.search.function.value = "functions_of_mine:size"
    panel.search.values["width"].inputs[0].value = "64..1024 step 64"
    panel.search.values["depth"].inputs[0].value = "4, 8, 16"
    panel.path.value = str(tmp_path / f"mine{suffix}")
    panel.save_button.click()
    assert "Saved" in text_of(panel.message)

    again = Chinchilla.from_config(tmp_path / f"mine{suffix}", allow_imports=True, log_level=50)
    got, typed = again.session.settings, cc.session.settings
    assert got.grid == typed.grid
    np.testing.assert_array_equal(got.grid.axes["B"], [100, 0.1, 1e3])
    assert got.seed_regime == typed.seed_regime
    assert (got.num_seeding_steps, got.scaling_factor, got.dtype) == (12, 1.5, np.float64)
    assert dict(got.bounds) == {"alpha": (0.34, 0.34), "beta": (0.2, 0.4)}
    assert (got.loss_fn.func, got.loss_fn.keywords) == (huber, {"delta": 1e-3})
    assert (got.weight_fn, got.model_search.size_estimator) == (mine.weight, mine.size)
    table = got.model_search.table()
    assert len(table.N) == 16 * 3
    assert (table.N[0], table.N[-1]) == (12 * 4 * 64**2, 12 * 16 * 1024**2)
    assert again.fit(parallel=False).law.as_dict() == cc.fit(parallel=False).law.as_dict()

    # Loaded into a panel with other settings, the file fills every field, and saving it again gives the same text.
    other = ConfigPanel(Session(cc.database, Settings()), allow_functions=MINE)
    other.path.value = panel.path.value
    other.load_button.click()
    assert "Loaded" in text_of(other.message)
    assert other.search.values["width"].inputs[0].value == "64..1024 step 64"
    assert other.loss.weight_function.value == "functions_of_mine:weight"
    other.path.value = str(tmp_path / f"again{suffix}")
    other.save_button.click()
    assert (tmp_path / f"again{suffix}").read_text() == (tmp_path / f"mine{suffix}").read_text()


@pytest.mark.parametrize("typed", ["mine.yaml", "configs/mine.yaml", "./mine.yaml"])
@pytest.mark.parametrize("project", ["project", "{}/project"])
def test_a_relative_path_starts_at_the_project_folder(tmp_path, monkeypatch, project, typed):
    """The kernel runs in another folder; the message has the path of the file from there."""
    (tmp_path / "project" / "configs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    panel = ConfigPanel(Chinchilla(project.format(tmp_path), log_level=50))
    assert panel.path.value == "config.yaml"
    panel.path.value = typed
    panel.limits.limits["alpha"].mode.value = "fixed"
    panel.limits.limits["alpha"].low.value = "0.34"
    panel.save_button.click()
    assert (tmp_path / "project" / typed).is_file()
    path = re.search(r"Saved (.*)\. Load reads it again\.", html.unescape(text_of(panel.message)))[1]
    again = Chinchilla.from_config(path, log_level=50)
    assert again.session.settings.bounds == {"alpha": (0.34, 0.34)}
    assert Path(again.project_dir).resolve() == (tmp_path / "project").resolve()
    panel.limits.limits["alpha"].low.value = "0.4"
    panel.load_button.click()
    assert "Loaded" in text_of(panel.message)
    assert panel.limits.limits["alpha"].low.value == "0.34"


def test_a_saved_loss_of_the_user_is_loaded_again(cc, mine, tmp_path):
    panel = ConfigPanel(cc, allow_functions=MINE)
    panel.loss.kind.value = "own"
    panel.loss.function.value = "functions_of_mine:loss"
    panel.save_button.click()
    cc.loss_fn = mse
    panel.load_button.click()
    assert cc.loss_fn is mine.loss
    assert (panel.loss.kind.value, panel.loss.function.value) == ("own", "functions_of_mine:loss")


def test_a_workbench_opens_the_file(cc, panel, mine, tmp_path):
    panel.limits.limits["alpha"].mode.value = "fixed"
    panel.limits.limits["alpha"].low.value = "0.34"
    panel.save_button.click()
    workbench = Workbench(str(tmp_path / "config.yaml"))
    assert dict(workbench.session.settings.bounds) == {"alpha": (0.34, 0.34)}
    assert workbench.session.settings.grid == cc.session.settings.grid
    assert len(workbench.session.runs) == 30
    workbench.close()
    cc.weight_fn = mine.weight
    panel.save_button.click()
    panel.save_button.click()
    with pytest.raises(ValueError, match="weight_fn 'functions_of_mine:weight' is neither .*pass allow_functions="):
        Workbench(tmp_path / "config.yaml")
    workbench = Workbench(tmp_path / "config.yaml", allow_functions=["functions_of_mine:weight"])
    assert workbench.session.settings.weight_fn is mine.weight
    workbench.close()


def test_the_message_after_saving_names_the_file_and_the_control_that_reads_it(tmp_path):
    folder = tmp_path / """a"), print('<b>pwned'), ("b"""
    folder.mkdir()
    panel = ConfigPanel(Chinchilla(folder, log_level=50))
    panel.save_button.click()
    assert "<b>" not in panel.message.value
    said = html.unescape(text_of(panel.message))
    assert f"Saved {folder / 'config.yaml'}. {panel.load_button.description} reads it again." in said


def test_saving_asks_before_replacing_a_file_and_refuses_invalid_fields(cc, panel, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("mine")
    panel.save_button.click()
    assert "press Save again" in text_of(panel.message)
    assert path.read_text() == "mine"
    panel.grid.axes["E"].count.value = "x"
    panel.save_button.click()
    assert "correct the marked fields first" in text_of(panel.message)
    panel.grid.axes["E"].count.value = "4"
    panel.save_button.click()
    assert yaml.safe_load(path.read_text())["param_grid"]["E"] == {"linspace": [1, 2, 4]}


def test_a_file_that_imports_is_loaded_only_when_allowed(cc, tmp_path):
    panel, trusting = ConfigPanel(cc), ConfigPanel(cc, allow_functions=["numpy:sqrt"])
    path = tmp_path / "config.yaml"
    cc.weight_fn = np.sqrt
    panel.save_button.click()
    cc.weight_fn = None
    panel.load_button.click()
    message = html.unescape(text_of(panel.message))
    assert message.startswith("Nothing was loaded: in the configuration ")
    assert "weight_fn 'numpy:sqrt' is neither" in message
    assert cc.weight_fn is None
    trusting.load_button.click()
    assert cc.weight_fn is np.sqrt
    path.write_text("param_grid: [")
    panel.load_button.click()
    assert "does not parse" in text_of(panel.message)
    panel.path.value = str(tmp_path / ATTACK)
    panel.load_button.click()
    assert "<img" not in panel.message.value


@pytest.mark.parametrize(
    ("value", "text"),
    [(5e14, "5e14"), (1.5e7, "1.5e7"), (123456, "123456"), (68120.0, "68120"), (0.5, "0.5"), (12345678, "12345678")],
)
def test_numbers_in_boxes_are_short_and_exact(value, text):
    assert number_text(value) == text
    assert float(text) == value
