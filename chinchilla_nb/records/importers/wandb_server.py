"""Read the runs of a project at Weights & Biases, with the library and its login."""

from __future__ import annotations

import netrc
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers.extras import import_library
from chinchilla_nb.records.importers.run_values import RunValues, run_table
from chinchilla_nb.records.importers.wandb_folder import public_entries
from chinchilla_nb.records.tables import Table
from chinchilla_nb.records.tables.nested import flat

__all__ = ["TITLE", "is_address", "read"]

TITLE = "runs of a project at Weights & Biases"
_HOSTS = ("wandb.ai", ".wandb.ai", ".wandb.io")
_WAIT = 30
"""Seconds to wait for an answer."""


def is_address(address: str) -> bool:
    """Return whether an address is at Weights & Biases, or at the server that ``WANDB_BASE_URL`` names."""
    host = urlsplit(address).hostname or ""
    own = urlsplit(os.environ.get("WANDB_BASE_URL", "")).hostname
    return host in (_HOSTS[0], own) or host.endswith(_HOSTS[1:])


def read(address: str) -> Table:
    """Return a row for each run of the project at ``https://wandb.ai/ENTITY/PROJECT``: ``config.*``, ``summary.*``.

    Raises
    ------
    InputError
        If the address names no project, wandb is not installed or not logged in, or the server refuses.
    """
    parts = [unquote(part) for part in urlsplit(address).path.split("/") if part]
    if len(parts) < 2:
        remedy = "give https://wandb.ai/ENTITY/PROJECT"
        raise InputError(brief(address), "names no project of Weights & Biases", remedy=remedy)
    wandb = import_library("wandb", "wandb")
    server = str(wandb.setup().settings.base_url)
    if not _is_logged_in(server):
        raise InputError(brief(address), f"needs a login at {server}", remedy="run: wandb login")
    try:
        runs = list(_runs(wandb.Api(timeout=_WAIT).runs("/".join(parts[:2]), lazy=False)))
    except Exception as error:  # noqa: BLE001  wandb raises its own errors, those of requests, and ValueError
        raise InputError(brief(address), f"cannot be read: {error}", remedy="check the address and the login") from None
    return run_table(TITLE, enumerate(runs, 1))


def _is_logged_in(server: str) -> bool:
    """Return whether wandb will find a login; without one, it would ask for a key and wait."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    try:
        logins = netrc.netrc(os.environ.get("NETRC"))
    except (OSError, netrc.NetrcParseError):
        return False
    return logins.authenticators(urlsplit(server).hostname or "") is not None


def _runs(runs: Any) -> Iterator[RunValues]:
    for run in runs:
        config: Mapping[str, Any] = public_entries(run.config)
        summary = public_entries(run.summary_metrics)
        values = {"state": run.state, **dict(flat(config, "config.")), **dict(flat(summary, "summary."))}
        yield RunValues(run.name, values)
