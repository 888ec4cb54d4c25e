"""A project at Weights & Biases is read with the real library, from a server that gives the answers of theirs.

Their own server cannot run here: this one answers the two queries that the library asks, with fields as it names them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from runs_to_log import RUNS

PAGE = 5
"""Runs in an answer; the library asks for the next ones."""
READ = """
import json, sys
from chinchilla_nb.records.importers.sources import read_source
table = read_source(sys.argv[1])
print(json.dumps({"rows": [dict(row) for row in table.rows], "notes": table.notes}))
"""
VIEWER = {"id": "1", "entity": "somebody", "username": "somebody", "email": "", "flags": "{}", "teams": {"edges": []}}
ABSENT = ("sweepName", "group", "jobType", "commit", "description", "notes", "historyKeys", "heartbeatAt")


def node(number: int) -> dict[str, object]:
    run = RUNS[number]
    config = {"n_params": {"value": run.N, "desc": None}, "_wandb": {"value": {"cli_version": "0.31"}}}
    summary = {"val": {"loss": run.losses[-1]}, "tokens": run.D, "_wandb": {"runtime": 3}}
    return dict.fromkeys(ABSENT) | {
        "id": str(number),
        "projectId": "1",
        "name": f"id{number}",
        "displayName": run.name,
        "state": "crashed" if number == 0 else "finished",
        "tags": [],
        "readOnly": True,
        "createdAt": "2026-01-01T00:00:00Z",
        "historyLineCount": 5,
        "user": {"name": "somebody", "username": "somebody"},
        "config": json.dumps(config),
        "summaryMetrics": json.dumps(summary),
        "systemMetrics": "{}",
    }


def runs_after(cursor: str | None) -> dict[str, object]:
    numbers = range(len(RUNS))[int(cursor or 0) :][:PAGE]
    end = numbers[-1] + 1
    return {
        "edges": [{"node": node(number), "cursor": str(number + 1)} for number in numbers],
        "pageInfo": {"endCursor": str(end), "hasNextPage": end < len(RUNS)},
    }


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data: dict[str, object] = {}
        if self.path == "/graphql":
            asked = json.loads(content)
            data = {"viewer": VIEWER}
            if "query Runs(" in asked["query"]:
                wanted = asked["variables"]
                known = (wanted["entity"], wanted["project"]) == ("somebody", "scaling")
                runs = {
                    "runCount": len(RUNS),
                    "internalId": "1",
                    "readOnly": True,
                    "runs": runs_after(wanted["cursor"]),
                }
                data = {"project": runs if known else None}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def read(address: str, project: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Read a project with a new process: the library keeps the first server that it was told of."""
    environment = os.environ | {"WANDB_BASE_URL": address, "WANDB_SILENT": "true"} | variables
    command = [sys.executable, "-c", READ, f"{address}/{project}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_all_pages_of_a_project_are_read_as_they_were_logged(address):
    result = read(address, "somebody/scaling/workspace", WANDB_API_KEY="a" * 40)
    table = json.loads(result.stdout)
    assert table["notes"] == ["read as runs of a project at Weights & Biases"]
    assert table["rows"] == [
        {
            "run": run.name,
            "state": "crashed" if number == 0 else "finished",
            "config.n_params": run.N,
            "summary.val.loss": run.losses[-1],
            "summary.tokens": run.D,
        }
        for number, run in enumerate(RUNS)
    ]


def test_a_project_that_is_not_there_is_one_sentence(address):
    last = read(address, "somebody/other", WANDB_API_KEY="a" * 40).stderr.strip().splitlines()[-1]
    assert "cannot be read: Could not find project other: check the address and the login" in last


def test_without_a_login_nobody_is_asked_for_a_key(address, tmp_path):
    last = read(address, "somebody/scaling", NETRC=str(tmp_path / "none"), WANDB_API_KEY="").stderr.strip()
    assert "needs a login at http://127.0.0.1" in last.splitlines()[-1]
