"""Each convention inverts itself and states its own growth; a table keeps its sizes and says where it ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.errors import InputError

TABLE = TabulatedCompute((1e6, 1e7, 1e8, 1e9), (1e7, 8e7, 7e8, 6.5e9))
CONVENTIONS = [ProductCompute(8), PowerCompute(9.5, 0.93, 1.04), TABLE]


@pytest.mark.parametrize("compute", CONVENTIONS, ids=lambda compute: compute.text)
@given(log_N=st.floats(10, 26), log_D=st.floats(10, 30))
def test_the_three_forms_are_inverses(compute: Compute, log_N: float, log_D: float) -> None:
    N, D = np.exp([log_N, log_D])
    C = compute.C(N, D)
    assert compute.D(C, N) == pytest.approx(D, rel=1e-11)
    assert compute.N(C, D) == pytest.approx(N, rel=1e-11)
    assert compute.log_D(C, log_N) == pytest.approx(log_D, rel=1e-11)


@pytest.mark.parametrize("compute", CONVENTIONS, ids=lambda compute: compute.text)
@given(log_N=st.floats(10, 26), log_D=st.floats(10, 30))
def test_elasticities_are_the_derivatives_of_log_C(compute: Compute, log_N: float, log_D: float) -> None:
    N, D, step = np.exp(log_N), np.exp(log_D), 1e-6
    if np.any(np.abs(compute.kinks - log_N) < 2 * step):
        return
    in_N, in_D = compute.elasticities(N, D)
    up, down = np.exp([step, -step])
    assert in_N == pytest.approx(np.log(compute.C(N * up, D) / compute.C(N * down, D)) / (2 * step), rel=1e-6)
    assert in_D == pytest.approx(np.log(compute.C(N, D * up) / compute.C(N, D * down)) / (2 * step), rel=1e-6)


def test_conventions_broadcast_and_equal_ones_are_equal() -> None:
    for compute in CONVENTIONS:
        assert compute.C(np.ones((3, 1)) * 1e8, np.ones(2) * 1e9).shape == (3, 2)
        assert isinstance(compute, Compute)
        assert hash(compute) == hash(compute)
    assert PowerCompute(2, 0.9, 1.1) == PowerCompute(2, 0.9, 1.1) != PowerCompute(2, 0.9, 1.2)


def test_a_power_law_is_written_with_its_exponents() -> None:
    assert PowerCompute(9.5, 0.93, 1.04).text == "9.5 N^0.93 D^1.04"
    assert ProductCompute(8).text == "8ND"


@pytest.mark.parametrize("wrong", [{"k": 0}, {"p": -1}, {"q": np.nan}, {"k": "six"}])
def test_a_power_law_refuses_what_is_not_positive(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        PowerCompute(**{"k": 6.0, "p": 1.0, "q": 1.0, **wrong})


def test_a_table_passes_through_its_sizes_and_is_straight_between_them() -> None:
    for N, f in zip(TABLE.sizes, TABLE.flops, strict=True):
        assert TABLE.C(N, 1e9) == pytest.approx(f * 1e9, rel=1e-13)
    assert TABLE.C(np.sqrt(1e6 * 1e7), 1) == pytest.approx(np.sqrt(1e7 * 8e7))


def test_a_table_goes_on_with_its_slope_at_each_end() -> None:
    assert TABLE.C(1e5, 1) == pytest.approx(1e7 / 8)
    assert TABLE.C(1e10, 1) == pytest.approx(6.5e9 * 6.5e9 / 7e8)
    assert TABLE.extrapolates([1e5, 1e6, 1e9, 1.01e9]).tolist() == [True, False, False, True]
    assert "from 1M to 1B" in TABLE.text


def test_models_of_about_one_size_share_a_value_and_the_table_grows() -> None:
    N = [1e6, 1.05e6, 1e7, 1e8, 2e8, 1e9]
    f = [1e7, 2e7, 8e7, 9e8, 7e8, 6.5e9]  # the fifth model is larger than the fourth, and cheaper
    table = TabulatedCompute.of(N[::-1], f[::-1])
    assert table.sizes == pytest.approx([np.sqrt(1e6 * 1.05e6), 1e7, np.sqrt(1e8 * 2e8), 1e9])
    assert table.flops == pytest.approx([np.sqrt(1e7 * 2e7), 8e7, np.sqrt(9e8 * 7e8), 6.5e9])


@pytest.mark.parametrize(
    ("sizes", "flops"), [([1e6], [1e7]), ([1e6, 1e7], [1e7]), ([1e6, 1.01e6], [1, 2]), ([1e6, 1e7], [2, 1])]
)
def test_a_table_that_cannot_grow_is_refused(sizes: list[float], flops: list[float]) -> None:
    with pytest.raises(InputError, match="flops|sizes"):
        TabulatedCompute.of(sizes, flops)
