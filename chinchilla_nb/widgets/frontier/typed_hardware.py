"""Hardware and amounts as the user types them."""

from __future__ import annotations

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.devices import DEVICES
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.records.typed_number import FLOP_RATE, typed_quantity

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
        Peak FLOP/s of one device, with or without its name: ``H100 SXM · 989e12``, ``989 TFLOP/s``.
    utilisation : str
        Share of the peak that training reaches: ``0.4`` or ``40%``.
    price : str
        Price of a device for an hour; empty if it is not known.

    Raises
    ------
    InputError
        If a field is not a positive number, or the utilisation is above one.
    """
    count = amount(DEVICE_COUNT, devices, "64", "devices")
    name, flops = _speed(speed.strip())
    reached = _share(utilisation)
    paid = amount(PRICE, price, "2.5") if price.strip() else None
    known = DEVICES.get(name)
    return Hardware(name if known is not None and known.flops == flops else flops, count, reached, paid)


def _speed(text: str) -> tuple[str, float]:
    """Return the name of a device, empty if none was typed, and its FLOP/s; those of a known device may be left out."""
    name = next((name for name in sorted(DEVICES, key=len, reverse=True) if text.startswith(name)), "")
    written = text.removeprefix(name).lstrip(" ·")
    if name and not written:
        return name, DEVICES[name].flops
    own, _, number = written.rpartition("·")
    return name or own.strip(), amount(SPEED, number, "989e12 or 989 TFLOP/s", FLOP_RATE)


def amount(name: str, text: str, example: str, unit: str = "") -> float:
    """Return a positive number that the user typed, with or without its unit.

    Raises
    ------
    InputError
        If it is not one.
    """
    try:
        return typed_quantity(text, unit)
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
