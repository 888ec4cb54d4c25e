"""A box for the reason of an exclusion."""

from __future__ import annotations

from typing import Any

import ipywidgets

__all__ = ["ExclusionReason"]

LONGEST_REASON = 300
"""Characters of a reason, which stands in a cell of tables; the rest of a longer text is left out."""


class ExclusionReason(ipywidgets.Text):
    """Why runs are excluded. It holds for the runs that are excluded while it stands there."""

    def __init__(self, **look: Any) -> None:
        super().__init__(
            **look,
            placeholder="Reason for exclusions",
            tooltip="Why runs are excluded: kept with those that are excluded from now on, for tables and reports",
        )
        self.add_class("cnb-reason")

    @property
    def reason(self) -> str:
        """The reason on one line; empty if none was typed."""
        return " ".join(self.value[:LONGEST_REASON].split())
