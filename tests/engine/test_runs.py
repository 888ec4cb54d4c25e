"""Runs: validated once, immutable afterwards."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import make_runs

from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.runs import Runs


def test_compute_is_6ND_where_it_is_not_given():
    runs = Runs([1e8, 2e8], [1e9, 3e9], [3.0, 2.5])
    assert runs.C.tolist() == [6e17, 3.6e18]
    assert Runs([1e8], [1e9], [3.0], [7e17]).C.tolist() == [7e17]


def test_integers_do_not_overflow():
    runs = Runs(np.array([2**31 - 1], np.int32), np.array([10**18]), [2.0])
    assert runs.C[0] == pytest.approx(6 * (2**31 - 1) * 1e18, rel=1e-15)


def test_runs_cannot_be_changed_directly_or_through_the_arrays_given():
    N = np.array([1e8, 2e8])
    note = np.array(["a", "b"])
    runs = Runs(N, [1e9, 1e9], [3.0, 2.5], columns={"note": note})
    N[0], note[0] = 5, "z"
    assert runs.N[0] == 1e8
    assert runs.columns["note"][0] == "a"
    for array in (runs.N, runs.D, runs.loss, runs.C, runs.columns["note"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    with pytest.raises(AttributeError):
        runs.N = N
    with pytest.raises(TypeError):
        runs.columns["other"] = N


def test_take_selects_from_every_column():
    runs = Runs([1.0, 2, 3], [4.0, 5, 6], [7.0, 8, 9], [1.0, 1, 2], {"seed": [0, 1, 2]})
    some = runs.take([False, True, True])
    assert (some.N.tolist(), some.C.tolist(), some.columns["seed"].tolist()) == ([2, 3], [1, 2], [1, 2])
    assert len(runs.take([2])) == 1


def test_pickle_round_trip_stays_read_only():
    runs = pickle.loads(pickle.dumps(Runs([1.0], [2.0], [3.0], columns={"seed": [4]})))
    assert (runs.loss[0], runs.columns["seed"][0]) == (3.0, 4)
    assert not runs.loss.flags.writeable


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.nan, "loss must be a finite number, got nan at index 1"),
        (np.inf, "loss must be a finite number, got inf at index 1"),
        (0, "loss must be positive, got 0.0 at index 1"),
        (-2.5, "loss must be positive, got -2.5 at index 1"),
        ("low", "loss must be numbers, got 'low' at index 1"),
        (None, "loss must be"),
    ],
)
def test_bad_values_are_reported_with_their_index(bad, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Runs([1.0, 2], [3.0, 4], [5.0, bad])


def test_lengths_and_shapes_must_agree():
    with pytest.raises(ValueError, match=r"^D must have one value per run"):
        Runs([1.0, 2], [3.0], [5.0, 6])
    with pytest.raises(ValueError, match=r"^columns\['seed'\] must have one value per run"):
        Runs([1.0, 2], [3.0, 4], [5.0, 6], columns={"seed": [1]})
    with pytest.raises(ValueError, match=r"^N must be one-dimensional"):
        Runs([[1.0, 2]], [3.0, 4], [5.0, 6])


def test_repr_shows_the_number_of_runs_and_the_range_of_compute():
    assert repr(Runs([], [], [])) == "Runs(none)"
    assert repr(Runs([1e8, 1e9], [1e9, 1e10], [3.0, 2.0])) == "Runs(2 runs, C from 6e+17 to 6e+19 FLOPs)"


def test_take_does_not_check_the_runs_again(monkeypatch):
    runs = make_runs(50)

    def checked(values, name):
        raise AssertionError(f"{name} was checked again")

    monkeypatch.setattr("chinchilla_nb.engine.runs.as_positive_array", checked)
    which = [3, 3, 0]  # as in a bootstrap
    assert runs.take(which).loss.tolist() == [runs.loss[3], runs.loss[3], runs.loss[0]]
    assert len(runs.take(runs.C > np.median(runs.C))) == 25


def test_runs_are_alike_by_their_numbers_in_their_order():
    runs = make_runs(5)
    assert runs.alike(Runs(runs.N, runs.D, runs.loss))
    assert runs.alike(Runs(runs.N, runs.D, runs.loss, columns={"note": list("abcde")}))
    assert not runs.alike(runs.take([1, 0, 2, 3, 4]))
    assert not runs.alike(runs.take(range(4)))
    assert not runs.alike(Runs(runs.N, runs.D, runs.loss, 2 * runs.C))


FRAME = pd.DataFrame({"params": [1e6, 2e6], "tokens": [1e8, 2e8], "val_loss": [3.0, 2.0], "run": ["a", "b"]})


def test_a_frame_gives_the_columns_that_are_named():
    runs = Runs.from_frame(FRAME, N="params", D="tokens", loss="val_loss")
    assert runs.alike(Runs([1e6, 2e6], [1e8, 2e8], [3.0, 2.0]))
    assert {name: values.tolist() for name, values in runs.columns.items()} == {"run": ["a", "b"]}
    renamed = FRAME.rename(columns={"params": "N", "tokens": "D", "val_loss": "loss"}).assign(C=[1e15, 4e15])
    assert Runs.from_frame(renamed).C.tolist() == [1e15, 4e15]
    assert Runs.from_frame(renamed.assign(flops=[2e15, 3e15]), C="flops").C.tolist() == [2e15, 3e15]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "^N is column 'N', which the frame does not have"),
        ({"N": "param"}, "^N is column 'param', which the frame does not have: did you mean 'params'"),
        ({"N": "params", "D": "params"}, "^N and D cannot both be column 'params'"),
        ({"N": "run"}, "^N must be numbers, got 'a'"),
        ({"N": ["params"]}, r"^N is column \['params'\], which the frame does not have"),
    ],
)
def test_columns_that_a_frame_does_not_have_are_named(columns, message):
    with pytest.raises(InputError, match=message):
        Runs.from_frame(FRAME, **{"D": "tokens", "loss": "val_loss", **columns})


@pytest.mark.parametrize("frame", [None, 1, "runs.csv", {"N": [1]}, np.ones((2, 3))])
def test_only_a_frame_is_one(frame):
    with pytest.raises(InputTypeError, match="^frame must be a pandas DataFrame"):
        Runs.from_frame(frame)


def test_runs_begin_with_others_whatever_follows():
    runs = make_runs(6)
    first = runs.take(np.arange(4))
    assert runs.begin_with(first)
    assert runs.begin_with(runs)
    assert not first.begin_with(runs)
    assert not runs.begin_with(runs.take(np.arange(1, 4)))
    assert not runs.begin_with(first.under(first.compute, 2 * first.C))


def named_runs(count: int, seed: int = 0) -> Runs:
    """Return runs with a number and a text of each."""
    runs = make_runs(count, rng=seed)
    names = np.array([f"run {at}" for at in range(count)], dtype=object)
    return Runs(runs.N, runs.D, runs.loss, columns={"lr": runs.loss / 100, "name": names})


def values_of(runs: Runs) -> list:
    """Return all that is known of each run."""
    return [*zip(runs.N, runs.D, runs.loss, runs.C, *runs.columns.values(), strict=True)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=12))
def test_runs_that_were_followed_by_others_stay_as_they_were(appends):
    known = [named_runs(3)]
    expected = [values_of(known[0])]
    for at, count in appends:  # to any of them, so that several grow from one
        more = named_runs(9, seed=at).take(np.arange(count))
        known.append(known[at % len(known)].followed_by(more))
        expected.append(expected[at % len(expected)] + values_of(more))
    assert [values_of(runs) for runs in known] == expected
    for one, values in zip(known, expected, strict=True):
        for other, others in zip(known, expected, strict=True):
            assert one.begin_with(other) == (values[: len(others)] == others)
    assert not any(array.flags.writeable for runs in known for array in (runs.N, runs.loss, runs.columns["name"]))


def test_runs_that_follow_each_other_share_memory():
    runs = named_runs(30)
    for _ in range(10):
        before, runs = runs, runs.followed_by(named_runs(1))
    assert np.shares_memory(before.loss, runs.loss)
    assert np.shares_memory(before.columns["lr"], runs.columns["lr"])


def test_runs_with_other_columns_cannot_follow():
    runs = named_runs(3)
    for others in (make_runs(3), Runs(runs.N, runs.D, runs.loss, columns={"lr": [1, 2, 3], "name": ["a", "b", "c"]})):
        with pytest.raises(InputError, match="^others must have the columns of these runs, of the same types"):
            runs.followed_by(others)
    with pytest.raises(InputError, match="^others must have"):
        make_runs(3).followed_by(Runs.frontier(runs.C, runs.loss))


def test_the_runs_after_others_are_those_that_follow():
    runs = named_runs(6)
    assert values_of(runs.after(runs.take(np.arange(4)))) == values_of(runs)[4:]
    assert len(runs.after(runs)) == 0
