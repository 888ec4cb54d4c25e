"""A compute budget from hardware: devices, days, peak FLOP/s and utilisation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import parse_quantity

__all__ = ["DEVICES", "Hardware"]

DEVICES = ("A100 · 312e12", "H100 · 989e12", "H200 · 989e12", "B200 · 2250e12", "TPU v4 · 275e12", "TPU v5p · 459e12")
"""Peak dense BF16 FLOP/s as stated by the manufacturers; suggestions only, since any number can be typed."""

SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the user typed about the devices used for training.

    Attributes
    ----------
    devices, days : str
        Number of devices and of days.
    speed : str
        Peak FLOP/s of one device, with or without its name: ``H100 · 989e12``.
    utilisation : str
        Share of the peak that training reaches: ``0.4`` or ``40%``.
    """

    devices: str
    days: str
    speed: str
    utilisation: str

    @property
    def C(self) -> float:
        """FLOPs that the devices deliver: devices x days x 86,400 s x peak FLOP/s x utilisation.

        Raises
        ------
        InputError
            If a field is not a positive number, or the utilisation is above one.
        """
        # In the order of the fields, so that the error names the first invalid one.
        devices, days = _number("number of devices", self.devices, "64"), _number("number of days", self.days, "14")
        return devices * days * SECONDS_PER_DAY * self._peak() * self._reached()

    def days_for(self, C: float) -> float:
        """Return the number of days that the devices need for C FLOPs.

        Raises
        ------
        InputError
            If a field other than the days is not valid, as for `C`.
        """
        devices = _number("number of devices", self.devices, "64")
        return C / (devices * SECONDS_PER_DAY * self._peak() * self._reached())

    def _peak(self) -> float:
        return _number("FLOP/s", re.split(r"[·\s]+", self.speed.strip())[-1], "989e12")

    def _reached(self) -> float:
        share = self.utilisation.strip()
        if share.endswith("%"):
            reached = _number("utilisation", share[:-1], "40%") / 100
        else:
            reached = _number("utilisation", share, "0.4")
        if reached > 1:
            raise InputError("utilisation", f"{self.utilisation!r} is above 1", remedy="write 0.4 or 40%")
        return reached


def _number(name: str, text: str, example: str) -> float:
    try:
        return parse_quantity(text)
    except ValueError:
        raise InputError(name, f"{text.strip()!r} is not a positive number", remedy=f"write {example}") from None
