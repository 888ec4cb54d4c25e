"""The setting `compute`: what it takes, what it shows, what files keep, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chinchilla_nb import Chinchilla
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.config.saving import write_config
from chinchilla_nb.config.settings import Settings, change_settings, make_settings
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.errors import InputError

SEARCH = {
    "hyperparam_grid": {"d_model": [128, 256, 512], "n_layers": [4, 8], "vocab_size": [1000], "seq_len": [256]},
    "size_estimator": "transformer",
}


def flops(d_model, n_layers, vocab_size, seq_len) -> float:
    """Return the FLOPs per token of the matrices of a decoder."""
    return 72.0 * n_layers * d_model**2 + 6 * d_model * vocab_size + 12 * n_layers * d_model * seq_len


def built_in(search):
    from chinchilla_nb.engine.planning.model_sizes import SIZE_ESTIMATORS

    return {**search, "size_estimator": SIZE_ESTIMATORS[search["size_estimator"]]}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("6ND", "6ND"),
        (6, "6ND"),
        (8, "8ND"),
        ("8ND", "8ND"),
        (np.float64(6.9), "6.9ND"),
        (" 6.25 * ND ", "6.25ND"),
        ("measured", "measured"),
        ("fitted", "fitted"),
        ("fitted:total_flos", "fitted:total_flos"),
        ("measured:a:b c", "measured:a:b c"),
        (ProductCompute(8), "8ND"),
        (PowerCompute(9, 0.9, 1.1), PowerCompute(9, 0.9, 1.1)),
    ],
)
def test_what_is_written_is_shown(written, shown):
    assert change_settings(Settings(), compute=written).compute is not None
    from chinchilla_nb.config.settings import SETTINGS

    row = SETTINGS["compute"]
    assert row.show(row.read(written, {})) == shown
    assert row.read(row.show(row.read(written, {})), {}) == row.read(written, {})


@pytest.mark.parametrize(
    "written", [0, -6, math.nan, math.inf, True, None, [], {}, "7", "ND", "fit", "fitted:", b"6ND"]
)
def test_anything_else_is_refused(written):
    with pytest.raises(InputError, match="compute"):
        make_settings({"compute": written})


def test_a_convention_that_may_change_is_refused():
    with pytest.raises(InputError, match="compute must be hashable"):
        make_settings({"compute": _Unhashable()})


class _Unhashable:
    """Counts FLOPs, and can be changed."""

    __hash__ = None

    def __eq__(self, other):
        return self is other

    def __call__(self, d_model):
        return 6.0 * d_model


def test_a_function_needs_a_model_search_that_it_goes_with():
    with pytest.raises(InputError, match="compute flops needs the configurations of a model search"):
        make_settings({"compute": flops})
    search = built_in(SEARCH)
    settings = make_settings({"compute": flops, "model_search_config": search})
    with pytest.raises(InputError, match="compute flops needs"):
        change_settings(settings, model_search_config=None)
    other = {"hyperparam_grid": {"width": [64, 128]}, "size_estimator": lambda width: width}
    with pytest.raises(InputError, match="does not take"):
        change_settings(settings, model_search_config=other)


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize(
    "compute",
    [
        "8ND",
        "measured",
        "fitted:total_flos",
        PowerCompute(9.1, 0.93, 1.02),
        TabulatedCompute((1e6, 1e8), (1e7, 8e8), "mine"),
        "transformer",
    ],
)
def test_files_keep_it(tmp_path, suffix, compute):
    search = {"model_search_config": built_in(SEARCH)} if compute == "transformer" else {}
    settings = make_settings({"compute": compute, **search})
    path = tmp_path / f"study.{suffix}"
    write_config(path, settings, tmp_path)
    assert read_settings(path).settings.compute == settings.compute
    assert Chinchilla.from_config(path, log_level=50).session.settings.compute == settings.compute


def test_the_default_is_not_written(tmp_path):
    write_config(tmp_path / "study.yaml", make_settings({"compute": 6.0}))
    assert "compute" not in (tmp_path / "study.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("compute: 6NB", "6NB"),
        ("compute: {k: 6, r: 1}", "r"),
        ("compute: {p: 1}", "'k'"),
        ("compute: {sizes: [1.0e6, 1.0e8]}", "'flops'"),
        ("compute: {k: -6}", "k must be positive"),
        ("compute: os:system", "allow_imports"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path, text, match):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=match) as refused:
        _ = read_settings(path).settings
    assert "study.yaml" in str(refused.value)


def test_it_is_an_attribute(tmp_path):
    cc = Chinchilla(tmp_path, log_level=50)
    assert cc.compute == "6ND"
    cc.compute = 8
    assert cc.compute == "8ND"
    assert cc.session.settings.compute.compute == ProductCompute(8)
    assert Chinchilla(tmp_path, log_level=50, compute="fitted").compute == "fitted"
    assert cc.session.runs.compute != SIX_ND
