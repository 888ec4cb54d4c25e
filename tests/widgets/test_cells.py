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
