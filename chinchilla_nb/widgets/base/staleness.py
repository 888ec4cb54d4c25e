"""What has changed since the fit that a panel shows."""

from __future__ import annotations

from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.labels import runs_in_words

__all__ = ["changed_since_fit"]


def changed_since_fit(session: Session) -> str:
    """Say what has changed since the fit, without a full stop; empty if nothing has, or nothing is fitted."""
    if session.fit is None or not session.stale:
        return ""
    if session.new_runs:
        return f"{runs_in_words(session.new_runs)} since this fit"
    changed = "settings" if session.fit.runs is session.runs else "runs"
    return f"The {changed} have changed since this fit"
