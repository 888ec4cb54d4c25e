"""Show the errors raised by the callbacks of a panel."""

from __future__ import annotations

import ipywidgets

from chinchilla_nb.widgets.base.style import note

__all__ = ["ErrorNotes"]


class ErrorNotes(ipywidgets.HTML):
    """One note for each callback whose last call failed; empty if none did."""

    def __init__(self) -> None:
        super().__init__()
        self._failures: dict[str, str] = {}

    def report(self, callback: str, error: Exception | None) -> None:
        """Show the error that a callback raised, or remove its note if ``error`` is None."""
        if error is None:
            self._failures.pop(callback, None)
        elif isinstance(error, ValueError) and error.args:
            self._failures[callback] = str(error)  # already a sentence for the user
        else:
            self._failures[callback] = f"{type(error).__name__}: {error}"
        self.value = "".join(note("bad", text) for text in self._failures.values())
