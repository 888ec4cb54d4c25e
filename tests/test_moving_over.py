"""What projects written for the package chinchilla 0.2.0 do, with the import renamed.

`tests/peer` runs what is different. These are the ways of its README, tips, API reference and notebook that stay, in
code of our own: runs of a known law, so that every number can be told.
"""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
from runs import AXES, LAW, make_runs, table_of

from chinchilla_nb import Chinchilla, Simulator
from chinchilla_nb._metrics import log_huber
from chinchilla_nb.engine.errors import InputError

PARAMS = LAW.as_dict()
NEAR = 1e-3
"""Relative error that the six decimals of a loss, as chinchilla writes it, leave in the parameters."""


@pytest.fixture
def cc(tmp_path, monkeypatch):
    """A project in the current folder, with runs in the form that chinchilla writes, fitted."""
    monkeypatch.chdir(tmp_path)
    table = table_of(make_runs(40))
    table.insert(0, "C", 6.0 * table.N * table.D)
    table.astype(float).to_csv("df.csv", index=False, float_format="%f")
    cc = Chinchilla("./", param_grid=AXES, log_level=50)
    cc.fit()
    return cc


def optimum(C):
    """N and D of Hoffmann et al. 2022, equation 4."""
    G = (LAW.alpha * LAW.A / (LAW.beta * LAW.B)) ** (1 / (LAW.alpha + LAW.beta))
    a = LAW.beta / (LAW.alpha + LAW.beta)
    return G * (np.asarray(C) / 6) ** a, (np.asarray(C) / 6) ** (1 - a) / G


class TestOneFit:
    def test_parameters(self, cc):
        assert cc.params == cc.get_params() == pytest.approx(PARAMS, rel=NEAR)
        assert {name: getattr(cc, name) for name in PARAMS} == cc.params

    def test_short_names(self, cc):
        assert cc.L(1e9, 2e10) == cc.predict_loss(1e9, 2e10) == pytest.approx(float(LAW.loss(1e9, 2e10)), rel=NEAR)
        assert cc.allocate(1e21) == cc.allocate_compute(C=1e21) == pytest.approx(optimum(1e21), rel=NEAR)

    def test_before_the_fit_there_are_no_parameters(self, cc, tmp_path):
        new = Chinchilla(tmp_path, AXES, log_level=50)
        assert not hasattr(new, "E")
        with pytest.raises(ValueError, match=r"has not been estimated yet: call fit\(\) first"):
            _ = new.params
        with pytest.raises(AttributeError, match="has not been estimated yet"):
            _ = new.beta

    def test_parameters_of_another_law_are_not_mixed_up(self, cc, tmp_path):
        other = Chinchilla(tmp_path, law="kaplan", log_level=50)
        other.fit()
        with pytest.raises(AttributeError, match=r"^E is not a parameter of the fitted law, got N_c, D_c, .*\.params$"):
            _ = other.E

    def test_parameters_are_not_assigned(self, cc):
        with pytest.raises(AttributeError, match=r"^E must not be assigned, .*: fix it in a fit with bounds={'E': "):
            cc.E = 1.7
        assert pytest.approx(LAW.E, rel=NEAR) == cc.E

    def test_runs_of_a_data_frame(self, cc):
        df = cc.database.df
        assert (df.D / df.N).to_numpy() == pytest.approx(make_runs(40).D / make_runs(40).N)
        assert cc.database.df.C.max() == pytest.approx(float(make_runs(40).C.max()))

    def test_curves_over_budgets(self, cc):
        C = np.logspace(18, 24, 7)
        N, D = cc.allocate_compute(C)
        assert np.allclose([N, D], optimum(C), rtol=NEAR)
        N_20 = np.sqrt(C / 120)
        assert (cc.L(N_20, 20 * N_20) >= cc.L(N, D)).all()
        assert np.allclose(np.array([cc.allocate_compute(each) for each in C]).T, [N, D])

    def test_another_loss_and_another_fit(self, cc):
        cc.loss_fn = log_huber
        cc.fit(parallel=False)
        assert cc.params == pytest.approx(PARAMS, rel=NEAR)

    def test_figures(self, cc, tmp_path):
        next_point = {"C": 1e22, "N": 1e10, "D": 1e22 / 6e10}
        cc.plot(next_point=next_point)
        cc.plot(next_point, True, "named")
        fit = cc.session.fit
        cc.visualizer.optim(fit.predictions, fit.runs.loss)
        cc.visualizer.optim(fit.predictions, fit.runs.loss, simulation=True, img_name="mine")
        for name in ("parametric_fit", "named", "optim", "simulation--mine"):
            assert (tmp_path / f"{name}.png").stat().st_size > 10_000

    def test_what_needs_seed_ranges_says_so(self, cc):
        _ = cc.scale(C=1e24)
        for call in (cc.seed, lambda: cc.step(num_seeding_steps=3, C=1e22), lambda: cc.simulate(5, 0)):
            with pytest.raises(ValueError, match="^seed_ranges must be given to draw seeds, e.g. "):
                call()


class TestFromSeeds:
    @pytest.fixture
    def project(self, tmp_path):
        return Chinchilla(
            str(tmp_path),
            param_grid=AXES,
            seed_ranges={"C": (1e15, 1e16), "N_to_D": (10, 100)},
            model_search_config={
                "hyperparam_grid": {"hidden_size": list(range(64, 1025, 64)), "num_hidden_layers": list(range(1, 17))},
                "size_estimator": lambda hidden_size, num_hidden_layers: 12 * num_hidden_layers * hidden_size**2,
            },
            num_seeding_steps=8,
            scaling_factor=2.0,
            log_level=50,
            rng=0,
        )

    def test_the_loop(self, project):
        for _ in range(8 + 2):
            (N, D), model_config = project.step(num_seeding_steps=8)
            assert 12 * model_config["num_hidden_layers"] * model_config["hidden_size"] ** 2 == N
            project.append(N=N, D=D, loss=float(LAW.loss(N, D)))
        C = project.database.df.C
        assert (C[:8] <= 1.001e16).all()
        assert (C[8:] > 1.001e16).all()

    @pytest.mark.parametrize("scale", [{"C": 5e16}, {"scaling_factor": 5.0}])
    def test_the_budget_of_a_step_needs_no_preset(self, project, scale):
        project.scaling_factor, project.model_search_config = None, None
        for _ in range(8):
            (N, D), _ = project.step(8, **scale)
            project.append(N=N, D=D, loss=float(LAW.loss(N, D)))
        (N, D), config = project.step(8, **scale)
        assert 6.0 * N * D == pytest.approx(5e16, rel=1e-3)
        assert config is None

    def test_a_simulation_has_its_own_parameters(self, project):
        simulation = Simulator(project)
        for run in range(9):
            project.append(N=1e6 * 2**run, D=1e8 * 3**run, loss=3.0 * 0.8**run)
        project.fit()
        assert not hasattr(simulation, "E")
        noise = (random.expovariate, (10,))
        simulation(num_seeding_steps=20, num_scaling_steps=1, target_params=PARAMS, noise_generator=noise)
        assert simulation.params == simulation.session.fit.law.as_dict() != project.params
        assert simulation.L(1e9, 2e10) != project.L(1e9, 2e10)


class TestOnTheClass:
    @pytest.mark.parametrize("kind", [Chinchilla, Simulator])
    def test_a_law_needs_no_project(self, kind):
        N, D = kind.allocate_compute(1e21, PARAMS)
        assert (N, D) == pytest.approx(optimum(1e21))
        assert kind.predict_loss(N, D, PARAMS) == pytest.approx(float(LAW.loss(N, D)))
        assert kind.predict_loss(np.array([1e9, 1e10]), D=1e11, params=PARAMS).shape == (2,)
        assert kind.allocate_compute([1e20, 1e21, 1e22], params=PARAMS).N == pytest.approx(
            optimum([1e20, 1e21, 1e22])[0]
        )

    def test_an_allocation_needs_no_irreducible_loss(self):
        without = {name: value for name, value in PARAMS.items() if name != "E"}
        assert Chinchilla.allocate_compute(1e21, without) == Chinchilla.allocate_compute(1e21, PARAMS)
        with pytest.raises(InputError, match="^a law needs E "):
            Chinchilla.predict_loss(1e9, 1e10, without)

    @pytest.mark.parametrize("params", [{}, {"A": 400, "alpha": 0.3, "beta": 0.3}, None, 3])
    def test_parameters_that_are_missing(self, params):
        with pytest.raises(InputError, match="^a law "):
            Chinchilla.allocate_compute(1e21, params)

    def test_the_parameters_of_an_instance_are_those_of_its_fit(self, cc):
        with pytest.raises(TypeError, match="positional argument"):
            cc.predict_loss(1e9, 1e10, PARAMS)


class TestAllocations:
    @pytest.fixture
    def two(self):
        return Chinchilla.allocate_compute([1e20, 1e21], PARAMS)

    @pytest.mark.parametrize(
        "unpack",
        [
            "N, D = two",
            "(N, D), other = two, 0",
            "for N, D in [two]: pass",
            "N, D = np.log10(two)",
            "N, D = two / 1e9",
            "N, D = 2 * two",
            "N, D = pickle.loads(pickle.dumps(two))",
            "print(*two)",
            "print(1, *two)",
            "law.loss(*two)",
        ],
    )
    def test_two_budgets_are_not_unpacked(self, two, unpack):
        """Their rows would be taken for N and D, without a word."""
        with pytest.raises(InputError, match=r"^the allocations of two budgets must not be unpacked, .*: use \.N and "):
            exec(unpack, {"two": two, "np": np, "pickle": pickle, "law": LAW})

    @pytest.mark.parametrize("k", [1, 3, 50])
    def test_others_are_unpacked_into_N_and_D(self, k):
        C = np.logspace(18, 24, k)
        N, D = Chinchilla.allocate_compute(C, PARAMS)
        assert np.allclose([N, D], optimum(C))
        assert type(N) is type(D) is np.ndarray
        log_N, _ = np.log10(Chinchilla.allocate_compute(C, PARAMS))
        assert np.allclose(log_N, np.log10(N))

    def test_columns(self, two):
        assert np.allclose([two.N, two.D], optimum([1e20, 1e21]))
        with pytest.raises(AttributeError, match="view or copy"):
            _ = two.T.N

    def test_it_is_an_array_of_the_documented_shape(self, two):
        rows = np.array(optimum([1e20, 1e21])).T
        assert isinstance(two, np.ndarray)
        assert two.shape == (2, 2)
        assert np.allclose(two, rows)
        assert np.allclose(two[0], rows[0])
        assert np.allclose(two[:, 1], rows[:, 1])
        assert type(two[0]) is type(two[:, 0]) is type(two[two[:, 0] > 0]) is np.ndarray
        assert np.allclose(two.sum(axis=0), rows.sum(axis=0))
        assert float(two.max()) == rows.max()
        assert np.concatenate([two, two]).shape == (4, 2)
        assert (two == pickle.loads(pickle.dumps(two))).all()

    def test_loops_and_calls_get_its_rows(self, two):
        rows = np.asarray(two).tolist()
        assert [row.tolist() for row in two] == rows
        assert [[float(N), float(D)] for N, D in two] == rows
        assert [row.tolist() for row in list(two)] == rows
        assert [row.tolist() for _, row in enumerate(two)] == rows
        assert [row.tolist() for _, row in zip((1, 2), two, strict=True)] == rows

    def test_transposed_or_converted_it_is_unpacked_like_any_array(self, two):
        N, D = two.T
        assert np.allclose([N, D], optimum([1e20, 1e21]))
        first, second = np.asarray(two)
        assert first.tolist() == two[0].tolist()
        assert second.tolist() == two[1].tolist()

    def test_one_budget_is_a_pair_of_numbers(self):
        N, D = Chinchilla.allocate_compute(1e21, PARAMS)
        assert type(N) is type(D) is float


class TestSweep:
    def test_the_best_start_and_a_picture(self, cc, tmp_path):
        cc.param_grid = {
            "E": [1.0, 1.69],
            "A": [406.4, 900],
            "b": np.log([200, 410.7]),
            "alpha": [0.34],
            "beta": [0.28],
        }
        best, lowest = cc.sweep_param_grid()
        assert best == pytest.approx({"E": 1.69, "A": 406.4, "b": np.log(410.7), "alpha": 0.34, "beta": 0.28})
        assert 0 < lowest < 1e-5
        assert (tmp_path / "sweep_param_grid.png").stat().st_size > 10_000
        assert cc.sweep_param_grid(plot=False, img_name="other") == (best, lowest)
        assert not (tmp_path / "other.png").exists()
        cc.sweep_param_grid(img_name="other")
        assert (tmp_path / "other.png").exists()

    def test_an_exact_start_is_drawn(self, cc, tmp_path):
        """Its objective is zero, which no logarithmic axis holds."""
        cc.loss_fn = lambda true, predicted: np.maximum(true - predicted - 1, 0)
        assert cc.sweep_param_grid()[1] == 0
        assert (tmp_path / "sweep_param_grid.png").exists()

    def test_a_large_grid(self, cc):
        """That of the tips, with 16 values on each of five axes."""
        axes = {"e": (-1, 1), "a": (0, 25), "b": (0, 25), "alpha": (0, 2), "beta": (0, 2)}
        cc.param_grid = {name: np.linspace(*ends, 16) for name, ends in axes.items()}
        best, lowest = cc.sweep_param_grid(plot=False)
        E, A, B = (np.exp(best[name]) for name in ("e", "a", "b"))
        runs = cc.session.runs
        errors = runs.loss - (E + A / runs.N ** best["alpha"] + B / runs.D ** best["beta"])
        assert lowest == pytest.approx(np.where(errors < 0, -10 * errors, errors).mean())
