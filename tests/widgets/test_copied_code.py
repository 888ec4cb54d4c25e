"""Code that panels offer to copy runs by itself in a new process, and gives what the panel shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import yaml
from copied_text import copied_text
from runs import AXES, make_runs, table_of

from chinchilla_nb import Chinchilla, Workbench, open_session
from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.engine.planning.model_sizes import transformer_size
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.frontier.plan_choice import LOSS, SEARCH, SHAPES

SEARCH_CONFIG = {
    "hyperparam_grid": {"d_model": list(range(128, 4096, 128)), "n_layers": [4, 8, 16, 32], "vocab_size": [32000]},
    "size_estimator": transformer_size,
}
ROOT = Path(__file__).parents[2]


def in_a_new_process(code: str, tmp_path: Path) -> dict[str, dict[str, float]]:
    """Run code that ends with an expression, elsewhere and without this process's names; return its value."""
    *lines, last = code.splitlines()
    program = "\n".join([*lines, f"import json; print(json.dumps({last}))"])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stderr}"
    return json.loads(done.stdout)


def check_plans(panel: FrontierPanel, tmp_path: Path) -> str:
    code = copied_text(panel.plans.code)
    found = in_a_new_process(code, tmp_path)
    shown = panel.plans._rows or {panel.plans.plan.constraints.text: panel.plans.plan.amounts}
    assert list(found) == list(shown)
    for label, row in shown.items():
        for name, value in found[label].items():
            assert value == pytest.approx(float(row[name]), rel=1e-9), (label, name)
    return code


def table_session(tmp_path: Path, **settings) -> Session:
    path = tmp_path / "o'brien\nimport os.csv"
    table_of(make_runs(30, noise=0.004, rng=1)).to_csv(path, index=False)
    session = open_session(path)
    session.settings = change_settings(session.settings, param_grid=AXES, **settings)
    session.run_fit()
    return session


def frontier(session: Session) -> FrontierPanel:
    panel = FrontierPanel(session)
    panel.budget.type("1e21")
    panel.plans.toggle.value = True
    return panel


TYPED = {
    "The optimum": "",
    "Fixed N": "7B",
    "Fixed D": "300B",
    "Tokens per parameter": "20",
    "Listed sizes": "1B, 3B, 7B",
    SEARCH: "",
    "Times the optimal N": "0.5",
}


def test_every_kind_of_plan_is_made_again(tmp_path):
    panel = frontier(table_session(tmp_path, model_search_config=SEARCH_CONFIG))
    panel.budget_control.hardware_toggle.value = True
    panel.budget_control.hardware.speed.value = "H100 SXM · 989e12"
    panel.budget_control.hardware.price.value = "2.5"
    assert TYPED.keys() == SHAPES.keys()
    for goal in ("This budget", LOSS):
        panel.plans.goal.value, panel.plans.loss.value = goal, "2.5"
        for shape, typed in TYPED.items():
            panel.plans.shape.value, panel.plans.value.value = shape, typed
            panel.plans.add.click()
    panel.plans.shape.value, panel.plans.inference_tokens.value = "The optimum", "1T"
    panel.plans.add.click()
    panel.plans.inference_tokens.value, panel.plans.unique_tokens.value = "", "5B"
    panel.plans.add.click()
    assert len(panel.plans._rows) == 16
    code = check_plans(panel, tmp_path)
    assert repr(str(tmp_path / "o'brien\nimport os.csv")) in code  # one line: a name of a file is never code
    assert panel.errors.value == ""


@pytest.mark.parametrize("settings", [{"compute": "8ND"}, {"compute": "fitted"}, {"law": "kaplan"}])
def test_other_conventions_and_laws_are_written_out(tmp_path, settings):
    session = table_session(tmp_path)
    if settings.get("law"):
        session.settings = change_settings(session.settings, param_grid=None)
    session.settings = change_settings(session.settings, **settings)
    session.run_fit()
    check_plans(frontier(session), tmp_path)


def test_a_convention_of_a_model_search_is_written_out(tmp_path):
    grid = {**SEARCH_CONFIG["hyperparam_grid"], "seq_len": [2048]}
    settings = {"model_search_config": {**SEARCH_CONFIG, "hyperparam_grid": grid}, "compute": "transformer"}
    check_plans(frontier(table_session(tmp_path, **settings)), tmp_path)


def test_plans_of_two_fits_have_two_laws(tmp_path):
    session = table_session(tmp_path)
    panel = frontier(session)
    panel.plans.add.click()
    session.filter_runs("N > 3e7")
    session.run_fit()
    panel.plans.shape.value, panel.plans.value.value = "Fixed N", "7B"
    panel.plans.add.click()
    code = check_plans(panel, tmp_path)
    assert "law_2 = ScalingLaw(" in code


def test_the_code_of_a_project_names_its_file(tmp_path):
    cc = Chinchilla(str(tmp_path), AXES, log_level=50)
    cc.database.df = table_of(make_runs(30, rng=1))
    cc.fit()
    code = check_plans(frontier(cc.session), tmp_path)
    assert f"# fitted to 30 runs of {str(tmp_path / 'df.csv')!r}" in code


def test_all_code_in_all_panels_runs_by_itself(tmp_path):
    """Find the code in every text of every panel, whichever part shows it."""
    before = set(_instances())
    workbench = Workbench(table_session(tmp_path, model_search_config=SEARCH_CONFIG))
    for toggle in workbench.toggles.values():
        toggle.value = True
    workbench.frontier.budget.type("1e21")
    workbench.frontier.plans.toggle.value = True
    texts = []
    for language in ("Python", "YAML"):
        workbench.frontier.export.language.value = language
        texts += [widget.value for key, widget in _instances().items() if key not in before and _has_code(widget)]
    found = re.findall('<pre class="cnb-code"[^>]*>(.*?)</pre>', "".join(texts), re.DOTALL)
    code = {unescape(one) for one in found}
    assert len(code) == 3  # the allocation in two languages, and the plan
    for one in code:
        if one.startswith("allocation:"):
            assert np.isfinite(yaml.safe_load(one)["allocation"]["N"])
        elif one.startswith("allocation ="):
            assert in_a_new_process(f"{one}\nallocation", tmp_path)["N"] > 0
        else:
            in_a_new_process(one, tmp_path)
    workbench.close()


def _instances() -> dict[str, ipywidgets.Widget]:
    return ipywidgets.widgets.widget._instances


def _has_code(widget: ipywidgets.Widget) -> bool:
    return isinstance(widget, ipywidgets.HTML) and "cnb-code" in widget.value and "<style" not in widget.value
