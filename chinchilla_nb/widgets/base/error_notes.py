"""What went wrong in the callbacks of a panel, for the person in front of it."""

from __future__ import annotations

import ipywidgets

from chinchilla_nb.widgets.base.style import note

__all__ = ["ErrorNotes"]


class ErrorNotes(ipywidgets.HTML):
    """A note for every callback whose last call failed; empty when all is well."""

    def __init__(self) -> None:
        super().__init__()
        self._failures: dict[str, str] = {}

    def report(self, callback: str, error: Exception | None) -> None:
        """Show what a callback raised, or, for None, that it works again."""
        if error is None:
            self._failures.pop(callback, None)
        elif isinstance(error, ValueError) and error.args:
            self._failures[callback] = str(error)  # a sentence for a person
        else:
            self._failures[callback] = f"{type(error).__name__}: {error}"
        self.value = "".join(note("bad", text) for text in self._failures.values())
