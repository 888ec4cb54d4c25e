"""Compute, time and money: what devices deliver in days, and how long and how much a budget takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_positive_number, as_positive_values
from chinchilla_nb.engine.errors import InputError, nearest_or_all
from chinchilla_nb.engine.planning.devices import DEVICES
from chinchilla_nb.quantity import flop_rate

__all__ = ["Hardware"]

SECONDS_PER_DAY, HOURS_PER_DAY = 86_400.0, 24.0


@dataclass(frozen=True, slots=True)
class Hardware:
    """Devices that train a model.

    Parameters
    ----------
    device : str or float
        The name of one in `DEVICES`, such as ``"H100 SXM"``, or the peak FLOP/s of one device.
    devices : float
        How many there are.
    utilisation : float
        Share of the peak that training reaches, at most 1.
    price_per_device_hour : float, optional
        Price of one device for an hour, in any currency.

    Raises
    ------
    InputError
        If a number is not positive and finite, the utilisation is above 1, or the device is unknown.
    """

    device: str | float
    devices: float
    utilisation: float
    price_per_device_hour: float | None = None

    def __post_init__(self) -> None:
        for name in ("devices", "utilisation"):
            object.__setattr__(self, name, as_positive_number(getattr(self, name), name))
        if self.utilisation > 1:
            raise InputError(
                "utilisation", "must be at most 1", got=f"{self.utilisation:g}", remedy="write 40 % as 0.4"
            )
        if self.price_per_device_hour is not None:
            price = as_positive_number(self.price_per_device_hour, "price_per_device_hour")
            object.__setattr__(self, "price_per_device_hour", price)
        if not isinstance(self.device, str):
            object.__setattr__(self, "device", as_positive_number(self.device, "device"))
        elif self.device not in DEVICES:
            raise _unknown(self.device)

    @property
    def flops(self) -> float:
        """Peak FLOP/s of one device."""
        return DEVICES[self.device].flops if isinstance(self.device, str) else self.device

    @property
    def text(self) -> str:
        """The devices and how well they are used, such as ``64 × H100 SXM at 40 %``."""
        device = self.device if isinstance(self.device, str) else flop_rate(self.device)
        return f"{self.devices:g} × {device} at {100 * self.utilisation:.3g} %"

    def C(self, days: float) -> float:
        """Return the FLOPs that the devices deliver in days: devices x days x 86,400 s x peak FLOP/s x utilisation.

        Raises
        ------
        InputError
            If the number of days is not positive and finite.
        """
        days = as_positive_number(days, "days")
        return self.devices * days * SECONDS_PER_DAY * self.flops * self.utilisation

    def days(self, C: ArrayLike) -> Any:
        """Return the days that the devices take for C FLOPs, a number or an array.

        Raises
        ------
        InputError
            If C is not positive and finite.
        """
        return as_positive_values(C, "C") / (self.devices * SECONDS_PER_DAY * self.flops * self.utilisation)

    def cost(self, C: ArrayLike) -> Any:
        """Return the price of C FLOPs; None if that of a device is not known. Errors as for `days`."""
        days = self.days(C)
        if self.price_per_device_hour is None:
            return None
        return days * HOURS_PER_DAY * self.devices * self.price_per_device_hour


def _unknown(device: str) -> InputError:
    # "H100" is nearer to "H200" than to "H100 PCIe".
    same = [name for name in DEVICES if device and name.lower().startswith(device.lower())]
    remedy = f"choose {' or '.join(map(repr, same))}" if same else nearest_or_all(device, DEVICES)
    return InputError("device", "must be the name of a known one, or its FLOP/s", got=brief(device), remedy=remedy)
