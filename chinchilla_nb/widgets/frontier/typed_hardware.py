"""Hardware and amounts as the user types them."""

from __future__ import annotations

import re

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.devices import DEVICES
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.quantity import parse_quantity

__all__ = ["DAYS", "DEVICE_COUNT", "PRICE", "SPEED", "SPEEDS", "UTILISATION", "amount", "typed_hardware"]

DEVICE_COUNT, DAYS, SPEED, UTILISATION = "number of devices", "number of days", "FLOP/s", "utilisation"
PRICE = "price per device-hour"
"""What errors call the fields."""

SPEEDS = tuple(f"{device.name} · {device.flops / 1e12:g}e12" for device in DEVICES.values())
"""Known devices with their speeds, as suggestions: any number can be typed."""


def typed_hardware(devices: str, speed: str, utilisation: str, price: str = "") -> Hardware:
    """Return the hardware that the user typed.

    Parameters
    ----------
    devices : str
        Number of devices.
    speed : str
        Peak FLOP/s of one device, with or without its name: ``H100 SXM · 989e12``.
    utilisation : str
        Share of the peak that training reaches: ``0.4`` or ``40%``.
    price : str
        Price of a device for an hour; empty if it is not known.

    Raises
    ------
    InputError
        If a field is not a positive number, or the utilisation is above one.
    """
    count = amount(DEVICE_COUNT, devices, "64")
    flops = amount(SPEED, re.split(r"[·\s]+", speed.strip())[-1], "989e12")
    reached = _share(utilisation)
    paid = amount(PRICE, price, "2.5") if price.strip() else None
    name = speed.split("·", maxsplit=1)[0].strip()
    known = DEVICES.get(name)
    return Hardware(name if known is not None and known.flops == flops else flops, count, reached, paid)


def amount(name: str, text: str, example: str) -> float:
    """Return a positive number that the user typed.

    Raises
    ------
    InputError
        If it is not one.
    """
    try:
        return parse_quantity(text)
    except ValueError:
        raise InputError(name, f"{text.strip()!r} is not a positive number", remedy=f"write {example}") from None


def _share(text: str) -> float:
    written = text.strip()
    if written.endswith("%"):
        reached = amount(UTILISATION, written[:-1], "40%") / 100
    else:
        reached = amount(UTILISATION, written, "0.4")
    if reached > 1:
        raise InputError(UTILISATION, f"{text!r} is above 1", remedy="write 0.4 or 40%")
    return reached
