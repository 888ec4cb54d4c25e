"""Read the runs that an MLflow tracking server has, with the library."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.extras import import_library
from chinchilla_nb.records.importers.mlflow_run import run_columns
from chinchilla_nb.records.importers.run_values import RunValues, run_table
from chinchilla_nb.records.tables import Table

__all__ = ["TITLE", "read"]

TITLE = "runs of an MLflow server"
_PAGE = 1_000
"""Runs that are asked for at a time."""
_WAIT = 10
"""Seconds to wait for the server's first answer. The library itself tries for minutes."""


def read(address: str) -> Table:
    """Return a row for each run of each experiment: ``params.*``, ``tags.*`` and the last value of each metric.

    A user name and password, or a token, are those that MLflow's environment variables name.

    Raises
    ------
    InputError
        If MLflow is not installed, or the server does not answer, or not as MLflow does.
    """
    mlflow = import_library("mlflow", "mlflow")
    _check_that_it_answers(address)
    client = mlflow.MlflowClient(tracking_uri=address)
    try:
        runs = list(_runs(client))
    except mlflow.exceptions.MlflowException as error:
        remedy = (
            "check that it is the address of an MLflow server, and MLFLOW_TRACKING_TOKEN or _USERNAME and _PASSWORD"
        )
        raise InputError(brief(address), f"cannot be read: {error}", remedy=remedy) from None
    return run_table(TITLE, enumerate(runs, 1))


def _check_that_it_answers(address: str) -> None:
    try:
        with urllib.request.urlopen(address, timeout=_WAIT):  # noqa: S310  its scheme has been checked
            pass
    except urllib.error.HTTPError:
        pass  # an answer, perhaps that a password is needed, which the library has
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        remedy = "check the address and that the server runs"
        raise InputError(brief(address), f"does not answer ({reason})", remedy=remedy) from None


def _runs(client: Any) -> Iterator[RunValues]:
    names = {one.experiment_id: one.name for one in _pages(client.search_experiments)}
    if not names:
        return
    for run in _pages(client.search_runs, list(names), order_by=["attributes.start_time ASC"]):
        values = run_columns(
            experiment=names[run.info.experiment_id],
            run_id=run.info.run_id,
            status=run.info.status,
            params=dict(sorted(run.data.params.items())),
            metrics={f"metrics.{name}": value for name, value in sorted(run.data.metrics.items())},
            tags=run.data.tags,
        )
        yield RunValues(run.info.run_name or run.info.run_id, values)


def _pages(search: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(*arguments, max_results=_PAGE, page_token=token, **options)
        yield from page
        token = page.token
        if not token:
            return
