"""Running a cell again closes the widgets it displayed: in a real kernel, with the cell ID that JupyterLab sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_core.utils import ensure_event_loop

COUNT = """
def count():
    from gc import collect
    from threading import enumerate as threads
    from time import sleep
    from ipywidgets.widgets.widget import _instances
    sleep(0.7)  # the file watch checks twice a second whether to end
    watching = sum(thread.name == "chinchilla_nb file watch" for thread in threads())
    print(len(_instances), watching, sum(isinstance(one, RunLogPanel) for one in _instances.values()))
"""


@pytest.fixture
def run(tmp_path) -> Iterator[Callable[..., str]]:
    """Run code in a cell with an ID, or without one, and return its text output."""
    manager, client = start_new_kernel(extra_arguments=["--HistoryManager.enabled=False"])

    def run(code: str, cell: str | None = None) -> str:
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        client.shell_channel.send(message)
        printed: list[str] = []
        while True:
            answer: dict[str, Any] = client.get_iopub_msg(timeout=120)
            if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if answer["msg_type"] == "stream":
                printed.append(answer["content"]["text"])
            elif answer["msg_type"] == "display_data" and list(answer["content"]["data"]) == ["text/plain"]:
                printed.append(answer["content"]["data"]["text/plain"])
            assert answer["msg_type"] != "error", answer["content"]
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return "".join(printed)

    try:
        run(
            "from chinchilla_nb.database import Database\nfrom IPython.display import display\n"
            "from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel\n"
            "from chinchilla_nb.widgets.workbench import Workbench\n"
            f"folder = {str(tmp_path)!r}\nDatabase(folder).extend([{{'N': 1e9, 'D': 2e10, 'loss': 2.5}}] * 9)\n{COUNT}"
        )
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        ensure_event_loop().close()  # created by jupyter_client, which does not close it


def test_running_a_cell_again_leaves_as_many_widgets_as_running_it_once(run):
    cell = "bench = Workbench(folder); bench.toggles['Runs'].value = True; bench"
    run(cell, "a")
    once = run("count()")
    assert once.split()[1:] == ["1", "1"]
    for _ in range(3):
        run(cell, "a")
    assert run("count()") == once
    assert int(once.split()[0]) > 100
    run(cell, "b")
    assert run("count()").split()[1:] == ["2", "2"]


def test_panels_of_one_run_or_without_a_cell_do_not_close_each_other(run):
    run("display(RunLogPanel(Workbench(folder).session), RunLogPanel(Workbench(folder).session))", "a")
    assert run("count()").split()[2] == "2"
    for _ in range(2):
        run("display(RunLogPanel(Workbench(folder).session))")
    assert run("count()").split()[2] == "4"
    run("0", "a")
    assert run("count()").split()[2] == "4"


def test_a_panel_shown_in_two_cells_is_closed_with_the_last_of_them(run):
    run("from chinchilla_nb.opening import open_session\nsession = open_session(folder)\npanel = RunLogPanel(session)")
    run("panel", "a")
    run("panel", "a")  # the same panel again
    run("panel", "b")
    run("RunLogPanel(session)", "a")
    assert run("print(panel.comm is not None)") == "True\n"
    run("RunLogPanel(session)", "b")
    assert run("print(panel.comm is not None)") == "False\n"
    assert run("panel", "c").startswith("This RunLogPanel was closed")
    assert run("count()").split()[1:] == ["1", "2"]


IS_OPEN = "print(bench.frontier.comm is not None, bench.fit.comm is not None)"


@pytest.mark.parametrize(
    "holding",
    [
        "bench",
        "ipywidgets.VBox([bench])",
        "ipywidgets.VBox([bench.frontier, bench.fit])",
        "ipywidgets.Tab([ipywidgets.HBox([bench.frontier]), bench.fit])",
        "bench.toggles['Frontier'].value = False; bench",
        "other = ipywidgets.VBox([bench.frontier])",
    ],
    ids=["workbench", "workbench in a box", "box", "tab", "hidden in the workbench", "box of a variable"],
)
def test_a_panel_that_is_shown_elsewhere_stays_open_when_its_own_cell_shows_another(run, holding):
    run("import ipywidgets\nbench = Workbench(folder)", "a")
    run(holding, "b")
    run("bench.frontier", "c")
    run("bench.fit", "c")
    assert run(IS_OPEN) == "True True\n"


def test_a_panel_of_a_workbench_that_only_a_variable_holds_stays_open(run):
    run("bench = Workbench(folder)", "a")
    run("bench.frontier", "b")
    run("bench.fit", "b")
    assert run(IS_OPEN) == "True True\n"
    run("old, bench = bench, Workbench(folder)", "a")
    run("bench.frontier", "b")
    assert run("print(old.fit.comm is not None)") == "False\n"


def test_a_panel_in_a_cell_of_its_own_outlives_the_workbench_that_is_made_again(run):
    make = "bench = Workbench(folder); bench"
    run(make, "a")
    run("first = bench; bench.frontier", "b")
    run(make, "a")
    assert run("print(*(one.comm is not None for one in (first.frontier, first.fit, first)))") == "True False False\n"
    run("bench.frontier", "b")
    assert run("print(first.frontier.comm is not None)") == "False\n"


def test_a_workbench_in_the_cell_of_its_panel_leaves_the_panel_open(run):
    run("bench = Workbench(folder)", "a")
    run("bench.frontier", "b")
    run("bench", "b")
    assert run(IS_OPEN) == "True True\n"
