"""Hardware: compute, days and cost from devices, checked by hand, and the table of devices."""

from __future__ import annotations

import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.devices import DEVICES
from chinchilla_nb.engine.planning.hardware import Hardware


def test_compute_days_and_cost():
    hardware = Hardware("H100 SXM", devices=64, utilisation=0.4, price_per_device_hour=2.5)
    # 64 x 14 x 86,400 x 989e12 x 0.4
    assert hardware.C(14) == pytest.approx(3.0625e22, rel=1e-4)
    assert hardware.days(hardware.C(14)) == pytest.approx(14)
    # 64 devices x 336 hours x 2.5
    assert hardware.cost(hardware.C(14)) == pytest.approx(53_760)


def test_a_speed_of_ones_own():
    assert Hardware(1e15, 10, 0.5).C(1) == pytest.approx(10 * 86_400 * 1e15 * 0.5)
    assert Hardware(1e15, 10, 0.5).cost(1e20) is None


def test_every_device_has_a_source():
    for device in DEVICES.values():
        assert any(word in device.source for word in ("data sheet", "documentation"))
        assert 1e14 < device.flops < 1e16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("H100", 64, 0.4), "got 'H100': choose 'H100 SXM' or 'H100 PCIe' or 'H100 NVL'"),
        (("MI300", 8, 0.4), "got 'MI300': choose 'MI300X'"),
        (("Cerebras", 8, 0.4), "device must be the name of a known one, or its FLOP/s, got 'Cerebras'"),
        ((0, 64, 0.4), "device must be positive and finite"),
        (("A100", -1, 0.4), "devices must be positive and finite"),
        (("A100", 8, 40), "utilisation must be at most 1, got 40: write 40 % as 0.4"),
        (("A100", 8, 0.4, 0), "price_per_device_hour must be positive and finite"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Hardware(*arguments)
