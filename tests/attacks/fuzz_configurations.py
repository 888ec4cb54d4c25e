"""Odd configurations and odd arguments: each one gets an answer, or a refusal of one sentence.

``PYTHONPATH=tests python tests/attacks/fuzz_configurations.py 40000`` tries as many inputs and prints a line of
counts; `--seed` chooses others. An exception of a library, a warning, an answer that is NaN, a refusal of several
lines, and an input that computes for more than five seconds are faults: they are printed, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import functools
import io
import json
import math
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from odd_values import ODD_TEXTS, ODD_VALUES, PLAIN_VALUES
from runs import AXES, GRID, LAW, make_runs

from chinchilla_nb import Chinchilla, InputError, Problem, Runs, ScalingLaw, StartGrid, allocate, fit
from chinchilla_nb._utils import is_between, search_model_config
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.settings import SETTINGS
from chinchilla_nb.config.validators import SimulationArgs, validate
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES, mse
from chinchilla_nb.engine.laws.families import FAMILIES, law_of

SLOW = 5.0
"""Seconds of computation after which an answer comes too late."""
LONGEST = 1000
"""Characters of the longest sentence."""

CONFIGURATION: dict[str, Any] = {
    "project_dir": ".",
    "log_level": 50,
    "law": "chinchilla",
    "param_grid": {"e": {"linspace": [-1, 1, 3]}, "A": {"geomspace": [1, 1e4, 3]}, "b": [0, 5], "alpha": [0.3, 0.5]}
    | {"beta": [0.3]},
    "seed_ranges": {"C": [1e18, 2.5e19], "N_to_D": [10, 100]},
    "model_search_config": {
        "size_estimator": "transformer",
        "hyperparam_grid": {"d_model": {"linspace": [64, 1024, 16]}, "n_layers": [2, 4, 8], "vocab_size": [50_000]},
    },
    "loss_fn": {"name": "log_huber", "delta": 1e-3},
    "num_seeding_steps": 7,
    "scaling_factor": 10,
    "bounds": {"alpha": 0.34, "beta": [0.2, 0.5]},
    "compute": "8ND",
    "rng": 3,
    "dtype": "float64",
}
RUNS = make_runs(9, noise=0.01)


@dataclass
class Counts:
    """How inputs fared, and which of them did not fare well."""

    tried: int = 0
    answered: int = 0
    refused: int = 0
    slowest: float = 0.0
    raw: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    by_attack: Counter[str] = field(default_factory=Counter)

    def table(self) -> str:
        """Return the counts as a line."""
        return (
            f"configurations and calls: {self.tried:,} tried, {self.answered:,} answered, {self.refused:,} refused in "
            f"one sentence, {len(self.raw):,} raw errors, {len(self.slow):,} slower than {SLOW:g} s "
            f"(the slowest took {self.slowest:.1f} s)"
        )


class Attack:
    """Draws inputs and tries them on a project in a folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(seed)
        self.counts = Counts()
        self.project = Chinchilla(folder, AXES, {"C": (1e18, 1e20), "N_to_D": (5, 100)}, log_level=50, rng=seed)
        for N, D, loss in zip(RUNS.N, RUNS.D, RUNS.loss, strict=True):
            self.project.append(N=N, D=D, loss=loss)
        self.project.fit(parallel=False)
        self.attacks: list[tuple[float, Callable[[], tuple[str, Callable[[], Any]]]]] = [
            (8, self.configuration),
            (4, self.broken_text),
            (3, self.setting),
            (4, self.runs),
            (8, self.planning),
            (4, self.problem),
            (4, self.laws),
            (3, self.search),
            (2, self.simulation),
            (0.1, self.fit),
        ]

    def run(self, count: int) -> Counts:
        """Try inputs."""
        weights = np.array([weight for weight, _ in self.attacks])
        for chosen in self.rng.choice(len(self.attacks), size=count, p=weights / weights.sum()):
            name, call = self.attacks[chosen][1]()
            self._try(name, call)
        return self.counts

    def _try(self, name: str, call: Callable[[], Any]) -> None:
        started = time.process_time()
        self.counts.tried += 1
        try:
            # A log level may be among the odd values.
            with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("error")
                answer = call()
        except InputError as error:
            self.counts.refused += 1
            sentence = str(error)
            if "\n" in sentence or not 10 < len(sentence) < LONGEST:
                self.counts.raw.append(f"not a sentence: {sentence[:300]!r}: {name}")
        except (FileNotFoundError, FileExistsError) as error:
            self.counts.refused += 1
            if "project_dir must be a folder" not in str(error) and "there is no configuration file" not in str(error):
                self.counts.raw.append(f"{error!r}: {name}")
        except Exception as error:  # noqa: BLE001  this is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            self.counts.raw.append(f"{brief(error, 200)} at {where}: {name}")
        else:
            self.counts.answered += 1
            if _holds_nan(answer):
                self.counts.raw.append(f"answered {brief(answer, 200)}: {name}")
        took = time.process_time() - started
        self.counts.slowest = max(self.counts.slowest, took)
        if took > SLOW:
            self.counts.slow.append(f"{name}: {took:.1f} s")

    def odd(self, values: tuple[Any, ...] = ODD_VALUES) -> Any:
        """Return an odd value, or one within a list or an array."""
        value = values[self.rng.integers(len(values))]
        match self.rng.integers(12):
            case 0:
                return [value]
            case 1:
                return [1.0, value]
            case 2:
                return (value, 2.0)
            case 3 if values is ODD_VALUES:
                boxed = np.empty(1, dtype=object)
                boxed[0] = value
                return boxed
            case 4:
                return {"E": value, "a": value}
        return value

    def pick(self, *usual: Any) -> Any:
        """Return a usual value, or an odd one."""
        return usual[self.rng.integers(len(usual))] if self.rng.random() < 0.5 else self.odd()

    # Configuration files

    def configuration(self) -> tuple[str, Callable[[], Any]]:
        """Change some values of a configuration, and read it and draw a seed."""
        config = copy.deepcopy(CONFIGURATION)
        for _ in range(self.rng.integers(1, 3)):
            self._change(config)
        return self._read(self._written(config), config)

    def _change(self, config: dict[str, Any]) -> None:
        holder: Any = config
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                return
            key = keys[self.rng.integers(len(keys))]
            inner = holder[key]
            if not (isinstance(inner, (dict, list)) and inner and self.rng.random() < 0.6):
                break
            holder = inner
        change = self.rng.integers(14)
        if change == 0:
            del holder[key]
        elif change == 1 and isinstance(holder, dict):
            holder[self._key(key)] = holder.pop(key)
        elif change > 9 and isinstance(holder[key], (int, float)):
            with contextlib.suppress(OverflowError):  # a whole number beyond float64 stays as it is
                holder[key] *= 1 + 0.1 * self.rng.random()
        else:
            holder[key] = copy.copy(self.odd((*PLAIN_VALUES, *ODD_TEXTS)))

    def _key(self, key: str) -> Any:
        text = str(key)
        place = self.rng.integers(len(text) + 1)
        typed = text[:place] + text[place + 1 :]
        odd = ODD_TEXTS[self.rng.integers(len(ODD_TEXTS))]
        return (typed, text.upper(), text + "_", odd)[self.rng.integers(4)]

    def _written(self, config: dict[str, Any]) -> tuple[str, str]:
        suffix = (".json", ".yaml")[self.rng.integers(2)]
        dump = json.dumps if suffix == ".json" else functools.partial(yaml.safe_dump, sort_keys=False)
        try:
            return dump(config), suffix
        except (ValueError, TypeError):  # Python does not write out numbers of thousands of digits
            return repr(brief(config, 2000)), suffix

    def _read(self, text: tuple[str, str], what: Any) -> tuple[str, Callable[[], Any]]:
        path = self.folder / f"c{text[1]}"
        path.write_bytes(text[0].encode("utf-8", "surrogatepass"))

        def read() -> Any:
            project = Chinchilla.from_config(path, project_dir=self.folder) if self.rng.random() < 0.5 else None
            return (project or Chinchilla.from_config(path)).seed()[0]

        return f"configuration {brief(what, 600)}", read

    def broken_text(self) -> tuple[str, Callable[[], Any]]:
        """Break the text of a configuration in some places."""
        suffix = (".json", ".yaml")[self.rng.integers(2)]
        text = json.dumps(CONFIGURATION) if suffix == ".json" else yaml.safe_dump(CONFIGURATION, sort_keys=False)
        pieces = (
            "[",
            "]",
            "{",
            "}",
            ":",
            ",",
            "\n",
            " ",
            "\t",
            "&a ",
            "*a",
            "<<: *a",
            "!!int ",
            "!!bool ",
            "'",
            '"',
            "#",
        )
        pieces += (
            "- ",
            "? ",
            "| ",
            "> ",
            "%",
            "---",
            "...",
            "0",
            "9",
            "1e",
            "_",
            ".",
            "\\",
            "\\U",
            "\x00",
            "\x85",
            "é",
            "~",
        )
        pieces += (
            "!!python/name:os.system ",
            "!!timestamp ",
            "!!binary ",
            "!!set ",
            "!!omap ",
            "=",
            "\ud800",
            "\ufeff",
        )
        for _ in range(self.rng.integers(1, 6)):
            place = self.rng.integers(len(text) + 1)
            cut = self.rng.integers(0, 8)
            text = text[:place] + pieces[self.rng.integers(len(pieces))] * self.rng.integers(0, 3) + text[place + cut :]
        return self._read((text, suffix), text)

    # Calls

    def setting(self) -> tuple[str, Callable[[], Any]]:
        """Set a setting of a project."""
        name = list(SETTINGS)[self.rng.integers(len(SETTINGS))]
        value = self.odd()
        project = copy.copy(self.project)

        def assign() -> None:
            setattr(project, name, value)
            repr(project)

        return f"cc.{name} = {brief(value)}", assign

    def runs(self) -> tuple[str, Callable[[], Any]]:
        """Make runs."""
        N, D, loss, C = (self.pick([1e8, 1e9], np.array([1e8, 1e9]), 3) for _ in range(4))
        return f"Runs({brief(N)}, {brief(D)}, {brief(loss)}, {brief(C)})", lambda: Runs(N, D, loss, C).C

    def planning(self) -> tuple[str, Callable[[], Any]]:
        """Plan with the fitted law."""
        cc = self.project
        value = self.pick(1e20, 3e9, 2.5, np.array([1e18, 1e20]), [1e9, np.float32(1e10)])
        other = self.pick(1e9, [1e9, 1e10])
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("allocate_compute", lambda: cc.allocate_compute(value)),
            ("predict_loss", lambda: cc.predict_loss(value, other)),
            ("predict_loss", lambda: cc.predict_loss(other, value)),
            ("adjust_D_to_N", lambda: cc.adjust_D_to_N(value)),
            ("scale(C)", lambda: cc.scale(C=value)[0]),
            ("scale(scaling_factor)", lambda: cc.scale(value)[0]),
            ("step(num_seeding_steps)", lambda: cc.step(value, scaling_factor=2)[0]),
            ("step(C)", lambda: cc.step(100, C=value)[0]),
            ("is_between", lambda: is_between(value, (1, 2))),
            ("is_between", lambda: is_between(1.5, value)),
        ]
        name, call = calls[self.rng.integers(len(calls))]
        return f"{name} of {brief(value)}, {brief(other)}", call

    def problem(self) -> tuple[str, Callable[[], Any]]:
        """State a problem."""
        losses = [*BUILTIN_LOSSES.values(), mse]
        option = ("delta", "w", "dleta", "y_true")[self.rng.integers(4)]
        options: dict[str, Any] = {
            "runs": self.pick(RUNS),
            "family": self.pick(*FAMILIES.values()),
            "starts": self.pick(GRID, FAMILIES["kaplan"].starts),
            "loss_fn": functools.partial(losses[self.rng.integers(len(losses))], **{option: self.odd()}),
            "weight_fn": self.pick(None, np.sqrt, lambda C: self.odd()),
            "bounds": {("alpha", "E", "alhpa", 3)[self.rng.integers(4)]: self.odd()},
            "dtype": self.pick(np.float64, "longdouble"),
        }
        given = {name: value for name, value in options.items() if self.rng.random() < 0.3} | {"starts": GRID}
        if self.rng.random() < 0.2:
            given["starts"] = options["starts"]
        runs = given.pop("runs", RUNS)

        def state() -> Any:
            problem = Problem(runs, **given)
            problem.check_runs()
            return problem.weights()

        return f"Problem({brief(runs)}, {', '.join(f'{name}={brief(value)}' for name, value in given.items())})", state

    def laws(self) -> tuple[str, Callable[[], Any]]:
        """Make laws and grids of starts."""
        value = self.odd()
        name = ("E", "e", "A", "a", "alpha", "x", 3)[self.rng.integers(7)]
        params = {**LAW.as_dict(), name: value}
        axes = {**AXES, name: value}
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("ScalingLaw", lambda: ScalingLaw(value, 1, 1, 0.3, 0.3).as_dict()),
            ("from_params", lambda: ScalingLaw.from_params(params).as_dict()),
            ("from_params", lambda: ScalingLaw.from_params(value).as_dict()),
            ("law_of", lambda: law_of(params).as_dict()),
            ("law_of", lambda: law_of(value).as_dict()),
            ("StartGrid", lambda: len(StartGrid(axes))),
            ("StartGrid", lambda: len(StartGrid(value))),
            ("allocate", lambda: allocate(LAW, value)),
        ]
        made, call = calls[self.rng.integers(len(calls))]
        return f"{made} of {name!r}, {brief(value)}", call

    def search(self) -> tuple[str, Callable[[], Any]]:
        """Search for a model."""
        grid: Any = {"width": self.pick([64, 128], range(10**9)), "depth": self.pick([1, 2], {3})}
        if self.rng.random() < 0.2:
            grid = self.odd()
        size = self.odd()
        estimator = self.pick(lambda width, depth: width * depth, lambda **sizes: size)
        N = self.pick(1e4)
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("search_model_config", lambda: search_model_config(N, grid, estimator)[1]),
            ("search_model_config(cached)", lambda: search_model_config(N, grid, estimator, use_cache=True)[1]),
            ("ModelSearch.table", lambda: ModelSearch(grid, estimator).table().N),
        ]
        name, call = calls[self.rng.integers(len(calls))]
        return f"{name}({brief(N)}, {brief(grid)}, {brief(estimator)} -> {brief(size)})", call

    def simulation(self) -> tuple[str, Callable[[], Any]]:
        """Check the arguments of a simulation, and simulate a few seeds."""
        noise = self.odd()
        given = {
            "num_seeding_steps": self.pick(0, 1, 2),
            "num_scaling_steps": 0,
            "target_params": self.pick(LAW.as_dict(), {**LAW.as_dict(), "A": self.odd()}),
            "noise_generator": self.pick(None, (lambda: noise, ()), iter([noise, noise, 0.1])),
        }
        given[("num_scaling_steps", "scaling_factor", "num_seeding_steps")[self.rng.integers(3)]] = self.odd()

        def simulate() -> Any:
            if isinstance(given["num_seeding_steps"], (int, float)) and given["num_seeding_steps"] > 100:
                return validate(SimulationArgs, given).num_seeding_steps  # it would simulate for years
            return self.project.simulate(**given).database.df["loss"].to_numpy()

        return f"simulate({', '.join(f'{name}={brief(value)}' for name, value in given.items())})", simulate

    def fit(self) -> tuple[str, Callable[[], Any]]:
        """Fit with odd functions."""
        returned = self.odd()
        per_run = self.rng.choice([0.0, 1.0, np.nan, np.inf, -1.0, 1e308], size=len(RUNS))
        option = ("delta", "w")[self.rng.integers(2)]
        extreme = (1e-320, 1e-100, 1e-30, 1e30, 1e100, 1e308)[self.rng.integers(6)]
        functions: list[dict[str, Any]] = [
            {"loss_fn": lambda y, p: returned},
            {"loss_fn": lambda y, p: per_run},
            {"loss_fn": lambda y, p: (y - p) ** 2, "weight_fn": lambda C: returned},
            {"loss_fn": mse, "weight_fn": lambda C: per_run},
            {
                "loss_fn": functools.partial(
                    BUILTIN_LOSSES["asymmetric_mae" if option == "w" else "huber"], **{option: extreme}
                )
            },
        ]
        chosen = functions[self.rng.integers(len(functions))]
        return (
            f"fit({', '.join(chosen)}) -> {brief(returned)}, {brief(per_run)}, {option}={extreme}",
            lambda: fit(RUNS, GRID, **chosen).law.as_dict(),
        )


def _holds_nan(answer: Any) -> bool:
    if isinstance(answer, dict):
        return any(map(_holds_nan, answer.values()))
    if isinstance(answer, (list, tuple)):
        return any(map(_holds_nan, answer))
    if isinstance(answer, np.ndarray):
        return answer.dtype.kind == "f" and bool(np.isnan(answer).any())
    return isinstance(answer, float) and math.isnan(answer)


def attack(count: int, seed: int) -> Counts:
    """Try inputs on a new project, and return how they fared."""
    with tempfile.TemporaryDirectory() as folder:
        return Attack(Path(folder), seed).run(count)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=40_000, help="number of inputs")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    counts = attack(arguments.count, arguments.seed)
    for fault in (*dict.fromkeys(counts.raw), *counts.slow):
        print(fault, file=sys.stderr)
    print(counts.table())
    return 1 if counts.raw or counts.slow else 0


if __name__ == "__main__":
    sys.exit(main())
