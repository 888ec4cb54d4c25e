"""The warning of a fit as a value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FitWarning"]


@dataclass(frozen=True, slots=True)
class FitWarning:
    """A reason not to trust part of a fit.

    Attributes
    ----------
    code : str
        Identifier for programs, e.g. ``collinear``.
    message : str
        What is wrong, with the numbers.
    remedy : str
        What to do about it.
    """

    code: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}"
