"""Peak speeds of accelerators, as their makers publish them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["DEVICES", "Device"]


@dataclass(frozen=True, slots=True)
class Device:
    """An accelerator.

    Attributes
    ----------
    name : str
    flops : float
        Peak FLOP/s in BF16 without sparsity.
    source : str
        The data sheet or documentation that states it.
    """

    name: str
    flops: float
    source: str


_HALVED = "half of the speed that it states with sparsity"

DEVICES: Mapping[str, Device] = MappingProxyType(
    {
        device.name: device
        for device in (
            Device("A100", 312e12, "NVIDIA A100 Tensor Core GPU data sheet"),
            Device("H100 SXM", 989e12, f"NVIDIA H100 Tensor Core GPU data sheet, {_HALVED}"),
            Device("H100 PCIe", 756e12, f"NVIDIA H100 Tensor Core GPU data sheet, {_HALVED}"),
            Device("H100 NVL", 835e12, f"NVIDIA H100 Tensor Core GPU data sheet, {_HALVED}"),
            Device("H200", 989e12, f"NVIDIA H200 Tensor Core GPU data sheet, {_HALVED}"),
            Device("B200", 2250e12, f"NVIDIA Blackwell data sheet, HGX B200, {_HALVED}"),
            Device("GB200", 2500e12, f"NVIDIA GB200 NVL72 data sheet, per GPU, {_HALVED}"),
            Device("L40S", 362e12, f"NVIDIA L40S data sheet, {_HALVED}"),
            Device("MI250X", 383e12, "AMD Instinct MI250X data sheet"),
            Device("MI300X", 1307.4e12, "AMD Instinct MI300X data sheet"),
            Device("TPU v4", 275e12, "Google Cloud documentation, TPU v4"),
            Device("TPU v5e", 197e12, "Google Cloud documentation, TPU v5e"),
            Device("TPU v5p", 459e12, "Google Cloud documentation, TPU v5p"),
            Device("TPU v6e", 918e12, "Google Cloud documentation, TPU v6e"),
        )
    }
)
"""Accelerators by name; any other speed can be given as a number."""
