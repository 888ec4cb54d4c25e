"""Colours of losses: their contrast with the page, and how far apart they are, for all kinds of vision.

Luminance and contrast follow WCAG 2.1, lightness and distances CIE 1976, and colour blindness the matrices of Machado,
Oliveira and Fernandes (2009) for severity 1.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from chinchilla_nb.figures import (
    DARK_PALETTE,
    LIGHT_PALETTE,
    loss_steps,
    steps_of,
)

PAGES = {"light": "#ffffff", "dark": "#212121"}
"""The lightest background of a light JupyterLab page, and the lightest of a dark one."""
PALETTES = {"light": LIGHT_PALETTE, "dark": DARK_PALETTE}
VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)


def linear(colour: str) -> NDArray[np.float64]:
    rgb = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)


def luminance(colour: str) -> float:
    return float(linear(colour) @ TO_XYZ[1])


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, vision: str) -> NDArray[np.float64]:
    xyz = TO_XYZ @ np.clip(np.asarray(VISION[vision]) @ linear(colour), 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", PAGES)
def test_every_colour_contrasts_with_its_page_by_three_to_one(theme):
    for colour in steps_of(PALETTES[theme]):
        assert contrast(colour, PAGES[theme]) >= 3, colour


@pytest.mark.parametrize("theme", PAGES)
def test_lightness_of_losses_changes_in_even_steps(theme):
    steps = np.diff([lab(colour, "usual")[0] for colour in PALETTES[theme]])
    steps = steps if theme == "light" else -steps  # the lowest loss contrasts most with the page
    assert steps.min() > 0.8 * steps.mean()
    assert steps.mean() > 5


@pytest.mark.parametrize("theme", PAGES)
@pytest.mark.parametrize("vision", VISION)
def test_colours_can_be_told_apart_without_colour_vision(theme, vision):
    losses = [lab(colour, vision) for colour in PALETTES[theme]]
    assert min(np.linalg.norm(one - other) for one, other in combinations(losses, 2)) > 4


def test_steps_run_from_the_first_colour_to_the_last():
    for palette in PALETTES.values():
        steps = steps_of(palette)
        assert (steps[0], steps[-1]) == (palette[0], palette[-1])
    assert steps_of(["#000000", "#1f3e5d"])[1:3] == ("#010203", "#020406")


def test_places_on_the_loss_scale_choose_the_nearest_step():
    assert loss_steps([-1, 0, 0.5 / 31 + 0.001, 1, 2]).tolist() == [0, 0, 1, 31, 31]
