"""Waiting times in two pages of the workbench, one with few and one with many runs, measured in turn."""

from __future__ import annotations

from typing import Any

from bench_panels import BUDGET, CURVES, DIAMOND, DOTS, READOUT, TABLE, changed, press
from page_clock import lab_pages, run_code, seconds, seconds_from_kernel, wait_idle

__all__ = ["waits"]

ROUNDS = 5
"""Times that each wait is measured in each page."""

OPEN = """
import tempfile
import numpy as np, pandas as pd
from chinchilla_nb import Chinchilla, ScalingLaw, Workbench, mse

rng, n = np.random.default_rng(0), {runs}
N, D = np.round(10 ** rng.uniform(7, 10, n)), np.round(10 ** rng.uniform(9, 12, n))
loss = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28).loss(N, D) * np.exp(0.01 * rng.normal(size=n))
grid = {{"e": [0, .5, 1], "a": [0, 5, 10], "b": [0, 5, 10], "alpha": [0, .5, 1], "beta": [0, .5, 1]}}
cc = Chinchilla(tempfile.mkdtemp(), grid, {{"C": (1e17, 1e19), "N_to_D": (5, 100)}}, log_level=50)
table = {{"N": N, "D": D, "loss": loss, "name": [f"run-{{i}}" for i in range(n)], "arch": rng.choice(["a", "b"], n)}}
cc.database.df = pd.DataFrame(table)
session = cc.session
session.run_fit()
workbench = Workbench(cc)
workbench
"""
PREPARE = """
workbench.toggles["Runs"].value = True
session.wait_for_uncertainty()
fits = [session.fit]
cc.loss_fn = mse
fits.append(cc.fit(parallel=False))
box = ("C", "loss"), ((1e20, 1.2e20), (1.0, 9.0))
"""
SELECTED = "[...document.querySelectorAll('.cnb-caption')].map(one => one.textContent).join()"
COLOURS = "[...document.querySelectorAll('.bqplot')[0].querySelectorAll('path.dot')].map(p => p.style.fill).join()"


def waits(few: int, many: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return seconds from an event to the frame that shows its result, by what is done, in both pages."""
    with lab_pages() as opened:
        found = []
        for runs in (few, many):
            with opened(OPEN.format(runs=runs), PREPARE) as page:
                wait_idle(page)
                found.append({what: [wait(page, turn) for turn in range(ROUNDS)] for what, wait in WAITS.items()})
    return found[0], found[1]


def _idle(page: Any, waited: float) -> float:
    wait_idle(page)
    return waited


def _slider(page: Any, turn: int) -> float:
    key = ("ArrowRight", "ArrowLeft")[turn % 2]
    return _idle(page, seconds(page, press(BUDGET, key), changed(page, f"{READOUT} + {DIAMOND}")))


def _append(page: Any, turn: int) -> float:
    loss = 4 + turn / 16
    count = page.evaluate(f"() => {DOTS}")
    line = f"cc.append(N=1e9 + {turn}, D=1e10, loss={loss}, name='new', arch='a')"
    return _idle(page, seconds_from_kernel(page, line, f"{TABLE}.includes('{loss:.4f}') && {DOTS} !== {count}"))


def _fit(page: Any, turn: int) -> float:
    return _idle(page, seconds_from_kernel(page, f"session.fit = fits[{turn % 2}]", changed(page, CURVES)))


def _filter(page: Any, turn: int) -> float:
    text = ("loss < 3", "loss < 2.5", "arch = a", "run-77", "N > 1e9")[turn % 5]
    box = "document.querySelector('input[placeholder^=Filter]')"
    act = f"const b = {box}; b.value = '{text}'; b.dispatchEvent(new Event('input', {{bubbles: true}}))"
    waited = seconds(page, act, changed(page, TABLE))
    wait_idle(page)
    run_code(page, "workbench.panels['Runs'].query.value = ''")
    return _idle(page, waited)


def _box(page: Any, turn: int) -> float:
    line = "workbench.frontier._select_region(*box)"
    waited = seconds_from_kernel(page, line, changed(page, SELECTED))
    wait_idle(page)
    run_code(page, "session.view.select(())")
    return _idle(page, waited)


def _colour(page: Any, turn: int) -> float:
    column = ("'arch'", "None")[turn % 2]
    return _idle(page, seconds_from_kernel(page, f"session.view.grouped_by = {column}", changed(page, COLOURS)))


def _page(page: Any, turn: int) -> float:
    return _idle(page, seconds(page, "cnbButton('›').click()", changed(page, TABLE)))


def _sort(page: Any, turn: int) -> float:
    name = ("loss", "N", "name", "D", "C")[turn % 5]
    head = f"[...document.querySelectorAll('.cnb-runs-head button')].find(b => b.textContent.startsWith('{name}'))"
    return _idle(page, seconds(page, f"{head}.click()", changed(page, TABLE)))


def _exclude(page: Any, turn: int) -> float:
    act = "from chinchilla_nb.engine.run_keys import run_keys\n"
    line = f"session.exclude([run_keys(session.all_runs)[-1 - {turn}]])"
    state = "[...document.querySelectorAll('[role=status]')].map(one => one.textContent).join()"
    return _idle(page, seconds_from_kernel(page, act + line, changed(page, state)))


WAITS = {
    "append": _append,
    "budget slider": _slider,
    "another fit": _fit,
    "colours of groups": _colour,
    "exclude a run": _exclude,
    "selection by a box": _box,
    "run log: filter": _filter,
    "run log: next page": _page,
    "run log: sort": _sort,
}
"""What is done in a page, in this order: a new run is on the first page of the log."""
