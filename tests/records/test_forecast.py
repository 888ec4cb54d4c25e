"""Forecasts: read back to the bit in another process, scored by arithmetic, and refused when damaged."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from runs import GRID, make_runs

from chinchilla_nb import Forecast, InputError, Problem, Runs, fit, log_huber, solve
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.uncertainty.roll_outs import iter_roll_outs
from chinchilla_nb.forecasting import forecast as forecast_of
from chinchilla_nb.records.forecast import AS_DONE, IF_HOLDS, digest_of

RUNS = make_runs(40, noise=0.01)
FIT = solve(Problem(RUNS, starts=GRID, loss_fn=partial(log_huber, delta=1e-3)))
N, D = 1e10, 2e11
POINTS = Runs.frontier(np.geomspace(1e18, 1e22, 12), 1.69 + 1001 * np.geomspace(1e18, 1e22, 12) ** -0.155)


def make(method="pairs", roll_outs=True, of_budget=False, **changes):
    *_, last = iter_roll_outs(FIT.problem, [1e19, 1e20])
    options = {"level": 0.9, "definitions": {"N": "all parameters"}, "versions": {"numpy": "2.0"}, **changes}
    found = FIT.uncertainty(method, draws=20, rng=0)
    return Forecast.of(found, N, D, last.result if roll_outs else None, of_budget=of_budget, **options)


@pytest.fixture(scope="module")
def forecast():
    return make()


class TestFile:
    def test_another_process_predicts_to_the_bit(self, forecast, tmp_path):
        forecast.save(tmp_path / "forecast.json")
        sizes, data = np.geomspace(1e6, 1e12, 50), np.geomspace(1e12, 1e8, 50)
        np.savez(tmp_path / "asked.npz", N=sizes, D=data)
        code = (
            "import numpy as np; from chinchilla_nb import Forecast\n"
            "asked = np.load('asked.npz'); forecast = Forecast.load('forecast.json')\n"
            "drawn = np.array([law.loss(asked['N'], asked['D']) for law in forecast.drawn_laws])\n"
            "np.savez('found.npz', loss=forecast.predict_loss(asked['N'], asked['D']), drawn=drawn,\n"
            "    ends=np.array(list(forecast.ends.values())), params=forecast.params, draws=forecast.draws)"
        )
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
        found = np.load(tmp_path / "found.npz")
        assert found["loss"].tobytes() == FIT.law.loss(sizes, data).tobytes()
        uncertainty = FIT.uncertainty("pairs", draws=20, rng=0)
        assert found["draws"].tobytes() == uncertainty.params.tobytes()
        assert found["drawn"].tobytes() == np.array([law.loss(sizes, data) for law in uncertainty.laws]).tobytes()
        assert found["ends"].tobytes() == np.array(list(forecast.ends.values())).tobytes()

    def test_a_file_says_what_it_is_of(self, forecast, tmp_path):
        forecast.save(tmp_path / "forecast.json")
        written = json.loads((tmp_path / "forecast.json").read_text())
        assert written["data"] == digest_of(RUNS)
        assert digest_of(RUNS) != digest_of(RUNS.take(np.arange(39)))
        assert (written["n_runs"], written["level"], written["method"]) == (40, 0.9, "pairs")
        assert written["definitions"] == {"N": "all parameters"}
        assert written["versions"] == {"numpy": "2.0"}

    def test_forecasts_without_draws_or_limits_are_kept(self, tmp_path):
        few = solve(Problem(RUNS.take(np.arange(4)), starts=GRID, loss_fn=partial(log_huber, delta=1e-3)))
        unlimited = Forecast.of(
            few.uncertainty("sandwich"), N, D, None, of_budget=True, level=0.9, definitions={}, versions={}
        )
        assert unlimited.intervals[IF_HOLDS].high == np.inf
        unlimited.save(tmp_path / "f.json")
        loaded = Forecast.load(str(tmp_path / "f.json"))
        assert loaded.ends == unlimited.ends
        assert loaded.drawn_laws == ()
        assert loaded.score(3.0).sigmas[IF_HOLDS] == 0

    def test_a_failed_write_leaves_the_file_as_it_was(self, forecast, tmp_path):
        path = tmp_path / "folder" / "f.json"
        with pytest.raises(OSError, match="nothing was written"):
            forecast.save(path)
        path.parent.mkdir()
        path.mkdir()
        with pytest.raises(OSError, match="nothing was written"):
            forecast.save(path)
        assert [one.name for one in path.parent.iterdir()] == ["f.json"]

    def test_no_file_is_replaced_unasked(self, forecast, tmp_path):
        path = tmp_path / "f.json"
        path.write_text("before")
        with pytest.raises(InputError, match=r"f\.json' exists, and a forecast replaces no file: .* overwrite=True$"):
            forecast.save(path)
        assert path.read_text() == "before"

    def test_it_replaces_a_file_whole(self, forecast, tmp_path):
        path = tmp_path / "f.json"
        path.write_text("before")
        path.chmod(0o640)
        forecast.save(path, overwrite=True)
        assert Forecast.load(path).N == N
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


class TestDamage:
    def change(self, forecast, path, **values):
        forecast.save(path, overwrite=True)
        content = {**json.loads(path.read_text()), **values}
        path.write_text(json.dumps({name: value for name, value in content.items() if value is not ...}))
        return path

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"format": "other"}, "must be a forecast that save"),
            ({"version": 2}, "must be of version 1, got version 2"),
            ({"version": ...}, "must be of version 1"),
            ({"params": ...}, "usable 'params', got none"),
            ({"params": [1, 2]}, "belong to one law 'chinchilla'"),
            ({"params": ["a"] * 5}, "usable 'params'"),
            ({"params": [1, -1, 1, 0.3, 0.3]}, "parameters that belong to one law"),
            ({"draws": [[1, 2, 3], [1]]}, "usable 'draws'"),
            ({"draws": 7}, "usable 'draws'"),
            ({"law_name": "unknown"}, "belong to one law 'unknown'"),
            ({"N": 0}, "usable 'N'"),
            ({"N": True}, "usable 'N'"),
            ({"D": "inf"}, "usable 'D'"),
            ({"level": 1}, "usable 'level'"),
            ({"ends": {"x": [1, 2, 3]}}, "usable 'ends'"),
            ({"ends": {"x": [1, 2]}}, "usable 'ends'"),
            ({"matched": -1}, "usable 'matched'"),
            ({"versions": {"numpy": 2}}, "usable 'versions'"),
        ],
    )
    def test_values_that_are_missing_or_wrong(self, forecast, tmp_path, values, message):
        path = self.change(forecast, tmp_path / "f.json", **values)
        with pytest.raises(InputError, match=message) as error:
            Forecast.load(path)
        assert str(path) in str(error.value)

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b"null", b"[" * 100_000, b"3.5"])
    def test_other_files(self, tmp_path, content):
        (tmp_path / "f.json").write_bytes(content)
        with pytest.raises(InputError, match="must be a forecast that save"):
            Forecast.load(tmp_path / "f.json")

    def test_every_truncation_is_refused(self, forecast, tmp_path):
        forecast.save(tmp_path / "f.json")
        whole = (tmp_path / "f.json").read_bytes().rstrip()
        for length in range(0, len(whole), 97):
            (tmp_path / "f.json").write_bytes(whole[:length])
            with pytest.raises(InputError, match="must be a forecast"):
                Forecast.load(tmp_path / "f.json")

    def test_files_that_cannot_be_read(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            Forecast.load(tmp_path / "none.json")
        with pytest.raises(InputError, match="cannot be read, is a folder"):
            Forecast.load(tmp_path)
        with pytest.raises(InputError, match="path must be the path of a file"):
            Forecast.load(3)


class TestScore:
    def test_sigmas_are_distances_in_log_loss(self, forecast):
        predicted = FIT.law.E + FIT.law.A / N**FIT.law.alpha + FIT.law.B / D**FIT.law.beta
        value, low, high = forecast.ends[IF_HOLDS]
        assert value == pytest.approx(predicted)
        for end, sign in ((low, -1), (high, 1)):
            # 1.645 standard deviations of a normal distribution contain 90 %.
            assert forecast.score(end).sigmas[IF_HOLDS] == pytest.approx(sign * 1.6448536, rel=1e-6)
            assert forecast.score(np.exp((np.log(value) + np.log(end)) / 2)).sigmas[IF_HOLDS] == pytest.approx(
                sign * 0.8224268, rel=1e-6
            )
        score = forecast.score(1.5 * predicted)
        assert score.error == pytest.approx(np.log(1.5))
        assert score.inside == {IF_HOLDS: False, AS_DONE: 1.5 * predicted <= forecast.ends[AS_DONE][2]}
        assert forecast.score(predicted).inside == {IF_HOLDS: True, AS_DONE: True}
        assert "50 % worse than predicted: outside the interval if the law holds" in str(score)

    def test_a_run_of_another_size_is_compared_with_its_own_prediction(self, forecast):
        loss = 1.01 * float(FIT.law.loss(2e10, 1e11))
        score = forecast.score(loss, N=2e10, D=1e11)
        assert score.error == pytest.approx(np.log(1.01))
        assert score.sigmas[IF_HOLDS] == pytest.approx(forecast.score(1.01 * forecast.loss).sigmas[IF_HOLDS])

    @pytest.mark.parametrize("C", [1e5, 1e60])
    def test_a_budget_far_outside_the_runs_is_said_and_kept(self, tmp_path, C):
        far = forecast_of(FIT.uncertainty("sandwich"), C)
        assert far.notes == (str(outside_the_runs(FIT.law, RUNS, C)),)
        assert far.notes[0] in repr(far)
        far.save(tmp_path / "f.json")
        assert Forecast.load(tmp_path / "f.json").notes == far.notes

    def test_of_a_run_with_its_own_size_only_the_compute_is_judged(self):
        assert forecast_of(FIT.uncertainty("sandwich"), (1e9, 1e13)).notes == ()
        (note,) = forecast_of(FIT.uncertainty("sandwich"), (1e12, 1e14)).notes
        assert note.startswith("C = 6×10²⁶ is ")

    def test_a_file_of_before_has_no_notes(self, forecast, tmp_path):
        forecast.save(tmp_path / "f.json")
        content = json.loads((tmp_path / "f.json").read_text())
        del content["notes"]
        (tmp_path / "f.json").write_text(json.dumps(content))
        assert Forecast.load(tmp_path / "f.json").notes == ()

    def test_what_the_law_does_not_depend_on_is_refused(self, forecast, of_compute):
        for given in ({"N": 1e9}, {"D": 1e10}):
            with pytest.raises(InputError, match="must be left out, because the law frontier depends on C, got 1"):
                of_compute.score(2.0, **given)
        with pytest.raises(InputError, match="C must be left out, because the law chinchilla depends on N and D, got"):
            forecast.score(2.0, C=1e20)

    @pytest.mark.parametrize("loss", [0, -1, np.nan, "x", None])
    def test_losses_that_cannot_be_used(self, forecast, loss):
        with pytest.raises(InputError, match="loss must be"):
            forecast.score(loss)

    def test_runs_are_matched_within_two_percent(self, forecast):
        runs = Runs([N, 1.01 * N, 1.03 * N, N], [D, 0.99 * D, D, 1.1 * D], [2.0, 2.1, 2.2, 2.3])
        assert forecast.matches(runs).tolist() == [0, 1]
        assert [score.loss for score in forecast.scores(runs)] == [2.0, 2.1]

    def test_a_run_of_the_budget_near_the_optimum_matches_a_forecast_of_a_budget(self):
        runs = Runs([1.2 * N, 2 * N, N], [D / 1.2, D / 2, 2 * D], [2.0, 2.1, 2.2])
        assert make("sandwich", of_budget=True).matches(runs).tolist() == [0]
        assert make("sandwich", of_budget=False).matches(runs).tolist() == []

    def test_runs_of_the_fit_are_not_scored(self):
        first = Forecast.of(
            FIT.uncertainty("sandwich"), RUNS.N[3], RUNS.D[3], None,
            of_budget=False, level=0.95, definitions={}, versions={},
        )  # fmt: skip
        assert first.matched == 1
        assert first.scores(RUNS) == ()
        more = Runs(*(np.append(getattr(RUNS, name), getattr(RUNS, name)[3]) for name in ("N", "D", "loss")))
        assert len(first.scores(more)) == 1

    def test_the_law_is_in_the_text(self, forecast):
        assert f"loss {float(FIT.law.loss(N, D)):.5g}" in repr(forecast)
        assert "90 % if the law holds" in repr(forecast)


@pytest.fixture(scope="module")
def of_compute():
    fitted = fit(POINTS, loss_fn=log_huber, law="frontier")
    return forecast_of(fitted.uncertainty(), 1e24, roll_outs=fitted.roll_outs())


class TestOfCompute:
    """Forecasts of a law of compute alone."""

    def test_it_predicts_the_law_and_is_read_back_to_the_bit(self, of_compute, tmp_path):
        assert of_compute.loss == pytest.approx(1.69 + 1001 * 1e24**-0.155, rel=1e-9)
        assert np.isnan([of_compute.N, of_compute.D]).all()
        of_compute.save(tmp_path / "forecast.json")
        loaded = Forecast.load(tmp_path / "forecast.json")
        assert np.isnan([loaded.N, loaded.D]).all()
        assert loaded.ends == of_compute.ends
        assert loaded.predict_loss(C=[1e23, 1e25]).tobytes() == of_compute.predict_loss(C=[1e23, 1e25]).tobytes()
        assert repr(loaded).startswith("forecast of C = 1e+24 FLOPs: loss ")

    def test_points_of_its_budget_are_scored_where_they_are(self, of_compute):
        C = np.array([1e23, 1.01e24, 1.03e24])
        [score] = of_compute.scores(Runs.frontier(C, of_compute.predict_loss(C=C)))
        assert score.predicted == pytest.approx(1.69 + 1001 * 1.01e24**-0.155, rel=1e-9)
        assert score.error == pytest.approx(0, abs=1e-12)
        assert all(score.inside.values())

    def test_it_predicts_of_compute_only(self, of_compute):
        with pytest.raises(InputError, match="predict_loss must be given C for the law frontier, got N and D"):
            of_compute.predict_loss(1e9, 1e11)

    def test_sizes_cannot_be_forecast(self):
        sure = fit(POINTS, loss_fn=log_huber, law="frontier").uncertainty()
        with pytest.raises(InputError, match="C must be a number"):
            forecast_of(sure, (1e9, 1e11))

    @pytest.mark.parametrize(("name", "value"), [("law_name", "chinchilla"), ("N", 1e9), ("C", "nan")])
    def test_a_file_whose_run_is_not_of_its_law_is_refused(self, of_compute, tmp_path, name, value):
        path = tmp_path / "forecast.json"
        of_compute.save(path)
        path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
        with pytest.raises(
            InputError, match=r"forecast.json' (must have a run, intervals and parameters|must be a complete)"
        ):
            Forecast.load(path)


def test_a_budget_in_plain_python_is_its_optimum():
    found = forecast_of(FIT.uncertainty("sandwich"), 1e22)
    a = FIT.law.beta / (FIT.law.alpha + FIT.law.beta)
    G = (FIT.law.alpha * FIT.law.A / (FIT.law.beta * FIT.law.B)) ** (1 / (FIT.law.alpha + FIT.law.beta))
    assert found.N == pytest.approx(G * (1e22 / 6) ** a, rel=1e-9)
    assert found.of_budget
    assert found.versions["numpy"] == np.__version__


@pytest.mark.parametrize(("name", "value"), [("C", 1e10), ("N", 1.0), ("params", [1, 1, 1, 0.5, 0.5])])
def test_parts_of_a_file_that_contradict_each_other_are_refused(forecast, tmp_path, name, value):
    path = tmp_path / "forecast.json"
    forecast.save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(InputError, match="must have a run, intervals and parameters that belong to one law"):
        Forecast.load(path)


def test_a_list_is_no_run():
    with pytest.raises(InputError, match=r"run must be a budget C, or a tuple \(N, D\), got \[1e\+22, 1e\+23\]"):
        forecast_of(FIT.uncertainty("sandwich"), [1e22, 1e23])


def test_better_than_predicted_is_less_than_all_of_it(forecast):
    assert "50 % better than predicted" in str(forecast.score(forecast.loss / 2))
    assert "100 % worse than predicted" in str(forecast.score(forecast.loss * 2))
