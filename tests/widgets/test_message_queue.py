"""A page that reads slowly gets all messages that create a workbench: a real kernel, read through a narrow socket."""

from __future__ import annotations

import pytest
import zmq
from jupyter_client.manager import start_new_kernel
from jupyter_core.utils import ensure_event_loop

OPEN = """
import pandas as pd
from ipywidgets.widgets.widget import _instances
from chinchilla_nb import Database, ScalingLaw, Session, Workbench
from chinchilla_nb.config.settings import Settings
database = Database()
law = ScalingLaw(E=1.7, A=400, B=410, alpha=0.34, beta=0.28)
rows = [(N, D, law.loss(N, D)) for N in (1e6, 1e7, 1e8) for D in (1e8, 1e9, 1e10)]
database.df = pd.DataFrame(rows, columns=["N", "D", "loss"])
before = len(_instances)
workbenches = [Workbench(Session(database, Settings())) for _ in range(3)]
"""


@pytest.fixture
def kernel():
    manager, client = start_new_kernel(extra_arguments=["--HistoryManager.enabled=False"])
    client.iopub_channel.stop()  # only the narrow socket reads
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    ensure_event_loop().close()  # created by jupyter_client, which does not close it


def test_a_page_that_reads_slowly_gets_every_widget(kernel):
    manager, client = kernel
    with zmq.Context() as context, context.socket(zmq.SUB) as page:
        page.rcvhwm, page.rcvbuf, page.linger = 1, 4096, 0
        page.connect(f"tcp://{manager.ip}:{manager.iopub_port}")
        page.subscribe(b"")
        for _ in range(100):  # until the kernel knows this page
            client.execute("1")
            client.get_shell_msg(timeout=60)
            if page.poll(100):
                break
        client.execute(OPEN, user_expressions={"widgets": "len(_instances) - before"})
        reply = client.get_shell_msg(timeout=120)["content"]
        assert reply["status"] == "ok", reply
        opened = 0
        while page.poll(3000):
            opened += b'"msg_type": "comm_open"' in b" ".join(page.recv_multipart()[2:4])
        assert opened == int(reply["user_expressions"]["widgets"]["data"]["text/plain"])
