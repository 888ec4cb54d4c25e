"""Waiting times for the panels in a real page: clicks, drags and appends. Prints; asserts nothing.

    python tests/benchmarks/bench_panels.py                  everything, about three minutes
    python tests/benchmarks/bench_panels.py slider append    parts of it: cancel, simulation, slider, by_hand, append,
                                                             many

Every wait begins with the event in the page (or the line of Python in the kernel) and ends with the frame that shows
the result, so that it includes messages, kernel and drawing. JupyterLab in Chromium with software rendering.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from typing import Any

from page_clock import lab_pages, late, run_code, seconds, seconds_from_kernel, wait_idle

OPEN = """
import functools, tempfile
import numpy as np, pandas as pd
from chinchilla_nb import Chinchilla, ScalingLaw, SimulationPanel, Workbench, asymmetric_mae, huber, log_huber, mae, mse

def project(n):
    rng = np.random.default_rng(0)
    N, D = np.round(10 ** rng.uniform(7, 10, n)), np.round(10 ** rng.uniform(9, 12, n))
    law = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    ranges = {{"C": (1e17, 1e19), "N_to_D": (5, 100)}}
    grid = {{"e": [-1, -.5, 0, .5, 1], "a": [0, 5, 10, 15, 20, 25], "b": [0, 5, 10, 15, 20, 25],
            "alpha": [0, .5, 1, 1.5, 2], "beta": [0, .5, 1, 1.5, 2]}}
    cc = Chinchilla(tempfile.mkdtemp(), grid, ranges, log_level=50)
    cc.database.df = pd.DataFrame({{"N": N, "D": D, "loss": law.loss(N, D) * np.exp(0.01 * rng.normal(size=n))}})
    return cc

def slow_loss(y_true, y_pred):
    end = time.perf_counter() + 0.02
    while time.perf_counter() < end:
        pass  # in Python, so that it holds the interpreter lock
    return np.abs(y_true - y_pred)

cc = project({runs})
session = cc.session
{then}
"""
FITTED_BENCH = "session.run_fit()\nworkbench = Workbench(cc)\nworkbench"
INTERVALS_DONE = "session.wait_for_uncertainty()"
WITH_RUNS = "workbench.toggles['Runs'].value = True"
BUDGET, OFF_FRONTIER = 0, 1  # index of the slider on the page
ALPHA = 3  # once the sliders of a law by hand are open, before the others
FIT_READY = "cnbButton('Fit').disabled === false"
READOUT = "[...document.querySelectorAll('.cnb-tiles')].at(-1).textContent"
DIAMOND = "[...document.querySelector('.bqplot').querySelectorAll('g.object_grp')].at(-1).getAttribute('transform')"
DOTS = "document.querySelectorAll('.bqplot')[0].querySelectorAll('path.dot.element').length"
CURVES = (
    "[...document.querySelectorAll('.bqplot')[0].querySelectorAll('path.line')].map(p => p.getAttribute('d')).join()"
)
TABLE = "document.querySelector('.cnb-runs-scroll [role=table]').textContent"


def report(what: str, times: list[float], target: float | None = None) -> None:
    goal = f"{target:8.1f}" if target is not None else "       –"
    print(f"{what:<58}{statistics.median(times):8.2f}{max(times):8.2f}{goal}", flush=True)


def changed(page: Any, expression: str) -> str:
    """Return a condition that is true once an expression of the page has changed."""
    page.evaluate(f"() => {{ globalThis.cnbBefore = {expression} }}")
    return f"({expression}) !== globalThis.cnbBefore"


def press(slider: int, key: str = "ArrowRight") -> str:
    handle = f"document.querySelectorAll('.noUi-handle')[{slider}]"
    return f"{handle}.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))"


def cancelled(page: Any, start: str, wait_ms: int, ended: str = FIT_READY) -> float:
    """Start work, let it run for a while, and return the time that Cancel takes."""
    run_code(page, start)
    page.wait_for_timeout(wait_ms)
    if run_code(page, "print(session.busy)") != "True\n":
        return float("nan")
    return seconds(page, "cnbButton('Cancel').click()", ended)


def cancel(opened: Any) -> None:
    """Cancel fits of every kind, and measure the delay of the event loop meanwhile."""
    change = "import dataclasses\nsession.settings = dataclasses.replace(session.settings, loss_fn={})\n"
    with opened(OPEN.format(runs=240, then="Workbench(cc)")) as page:
        page.wait_for_function("() => cnbButton('Cancel')")  # the first page loads the code of the charts
        times = [cancelled(page, "session.start_fit(exhaustive=True)", wait) for wait in (300, 700, 900, 1100, 1300)]
        report("Cancel of an exhaustive fit, 4,500 starts, 240 runs", times, 0.3)
        report("  delay of the kernel's event loop", [late(page)])
        run_code(page, change.format("slow_loss"))
        times = [cancelled(page, "session.start_fit()", wait) for wait in (300, 700, 900, 1100, 1300)]
        report("Cancel of a custom loss, 20 ms of Python per call", times, 0.3)
        report("  delay of the kernel's event loop", [late(page)])
    with opened(OPEN.format(runs=100_000, then="Workbench(cc)")) as page:
        times = []
        for loss in ("asymmetric_mae", "mae", "mse", "functools.partial(huber, delta=1e-3)", "log_huber"):
            run_code(page, change.format(loss))
            wait_idle(page)
            late(page)
            times += [cancelled(page, "session.start_fit()", wait) for wait in (150, 400)]
        report("Cancel of a fit to 100,000 runs, each built-in loss", [t for t in times if t == t], 0.3)
        report("  delay of the kernel's event loop", [late(page)])


def simulation(opened: Any) -> None:
    """Cancel a simulation and a study, and measure the delay of the event loop while they draw."""
    with opened(OPEN.format(runs=240, then="panel = SimulationPanel(cc)\npanel")) as page:
        for name, done in (("Run", "simulation"), ("Study", "study")):
            times, lags = [], []
            for wait in (500, 900, 1300, 1700, 2100):
                seconds(page, f"cnbButton('{name}').click()", "cnbButton('Cancel').disabled === false")
                page.wait_for_timeout(wait)
                lags.append(late(page))
                times.append(seconds(page, "cnbButton('Cancel').click()", f"cnbButton('{name}').disabled === false"))
                late(page)
            report(f"Cancel of a {done}", times, 0.3)
            report(f"  a {done}: delay of the kernel's event loop", lags)


def echoes(page: Any, slider: int, then: str) -> list[float]:
    times = []
    for key in ("ArrowRight", "ArrowLeft") * 5:
        times.append(seconds(page, press(slider, key), changed(page, then)))
        wait_idle(page)
    return times


def slider(opened: Any) -> None:
    """Move the sliders of the frontier by keys and by a drag: after the intervals have come, and before."""
    with opened(OPEN.format(runs=240, then=FITTED_BENCH), INTERVALS_DONE) as page:
        both = f"{READOUT} + {DIAMOND}"
        report("Budget slider, to numbers and marker, 240 runs", echoes(page, BUDGET, both), 0.1)
        # Not the number next to the slider, which the page updates without the kernel.
        cost = "[...document.querySelectorAll('.cnb-tools .widget-html')].map(html => html.textContent).join()"
        report("Off-frontier slider, to its cost", echoes(page, OFF_FRONTIER, cost), 0.1)
        drag = "; ".join(f"setTimeout(() => {press(BUDGET)}, {at})" for at in range(0, 600, 20))
        page.evaluate(f"() => {{ {drag} }}")
        page.wait_for_timeout(600)
        times = [seconds(page, press(BUDGET, "ArrowLeft"), changed(page, READOUT)) for _ in range(3)]
        report("Budget slider, right after a drag of 30 steps", times, 0.1)
        run_code(page, "session.run_fit(); cc.fit()")
        times = echoes(page, BUDGET, both)
        report("Budget slider while intervals are estimated", times, 0.1)


def by_hand(opened: Any) -> None:
    """Move alpha of a law by hand: alone, with the others fitted, and with the diagnostics open."""
    path = "path.line[style*='--cnb-law-by-hand']"
    lines = f'[...document.querySelectorAll("{path}")].map(p => p.getAttribute("d")).join()'
    residuals = "document.querySelectorAll('.cnb-charts')[0].innerHTML"
    for runs in (240, 2_000):
        with opened(OPEN.format(runs=runs, then=FITTED_BENCH), INTERVALS_DONE) as page:
            seconds(page, "cnbButton('Law by hand').click()", "document.querySelectorAll('.cnb-hand-row').length === 5")
            wait_idle(page)
            report(f"Law by hand, slider to its lines, {runs:,} runs", echoes(page, ALPHA, lines), 0.1)
            run_code(page, "workbench.fit.hand_law.follow.value = True")
            report("  the others follow", echoes(page, ALPHA, lines), 0.1)
            run_code(page, "workbench.fit.diagnostics.value = True")
            wait_idle(page)
            report("  to the residuals too", echoes(page, ALPHA, f"{lines} + {residuals}"), 0.1)


def append(opened: Any) -> None:
    """Record runs from a cell."""
    with opened(OPEN.format(runs=1_000, then=FITTED_BENCH), WITH_RUNS) as page:
        times, rows = [], []
        for i in range(8):
            loss = 3 + i / 16
            line = f"cc.append(N=1e9 + {i}, D=1e10, loss={loss})"
            count = page.evaluate(f"() => {DOTS}")
            times.append(seconds_from_kernel(page, line, f"{TABLE}.includes('{loss:.4f}') && {DOTS} > {count}"))
            rows.append(seconds_from_kernel(page, line.replace("3.", "4."), changed(page, TABLE)))
        report("Append at 1,000 runs, to dot and row", times, 0.5)
        report("  to the row alone", rows)


def many(opened: Any) -> None:
    """All interactions with ten thousand runs."""
    with opened(OPEN.format(runs=10_000, then=FITTED_BENCH), WITH_RUNS) as page:
        said = page.get_by_text("runs drawn").first.inner_text()
        print(f"10,000 runs: {page.evaluate(f'() => {DOTS}'):,} dots in a chart, and the panel says: {said}")
        both = f"{READOUT} + {DIAMOND}"
        report("Budget slider at 10,000 runs", echoes(page, BUDGET, both), 0.1)
        run_code(
            page, "fits = [session.fit, cc.fit(parallel=False)]; cc.loss_fn = mse; fits[1] = cc.fit(parallel=False)"
        )
        wait_idle(page)
        times = []
        for i in range(6):
            times.append(seconds_from_kernel(page, f"session.fit = fits[{i % 2}]", changed(page, CURVES)))
            wait_idle(page)
        report("Another fit, to its lines", times, 0.1)
        times = []
        for name in ("loss", "N", "loss", "D", "C"):
            head = (
                f"[...document.querySelectorAll('.cnb-runs-head button')].find(b => b.textContent.startsWith('{name}'))"
            )
            times.append(seconds(page, f"{head}.click()", changed(page, TABLE)))
            wait_idle(page)
        report("Run log: sort", times)
        box = "document.querySelector('input[placeholder^=Filter]')"
        times = []
        for text in ("loss < 3", "loss < 2.5", "N > 1e9", "loss < 4", ""):
            act = f"const b = {box}; b.value = '{text}'; b.dispatchEvent(new Event('input', {{bubbles: true}}))"
            times.append(seconds(page, act, changed(page, TABLE)))
            wait_idle(page)
        report("Run log: filter", times)
        times = []
        for _ in range(6):
            times.append(seconds(page, "cnbButton('›').click()", changed(page, TABLE)))
            wait_idle(page)
        report("Run log: next page", times)


PARTS: dict[str, Callable[[Any], None]] = {
    part.__name__: part for part in (cancel, simulation, slider, by_hand, append, many)
}


def main(*names: str) -> None:
    """Print one table."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'seconds':<58}{'median':>8}{'worst':>8}{'target':>8}")
    with lab_pages() as opened:
        for name in names or PARTS:
            PARTS[name](opened)


if __name__ == "__main__":
    main(*sys.argv[1:])
