"""The colours of groups: visible on their page, and told apart with any colour vision."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import chinchilla_nb
from chinchilla_nb.engine.run_groups import MOST_GROUPS
from chinchilla_nb.figures.group_colours import GROUP_LOOKS, REST

PAGES = {"light": "#ffffff", "dark": "#111111"}
SEEN_BY = {
    "anyone": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
"""Matrices of full severity for linear sRGB (Machado, Oliveira and Fernandes 2009)."""
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def linear(colour: str) -> np.ndarray:
    sRGB = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(sRGB <= 0.04045, sRGB / 12.92, ((sRGB + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG 2."""
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, matrix) -> np.ndarray:
    X, Y, Z = np.cbrt(XYZ @ np.clip(np.asarray(matrix) @ linear(colour), 1e-6, 1) / WHITE)
    return np.array([116 * Y - 16, 500 * (X - Y), 200 * (Y - Z)])


@pytest.mark.parametrize("theme", PAGES)
def test_groups_stand_out_from_their_page(theme):
    for look in (*GROUP_LOOKS, REST):
        assert contrast(getattr(look, theme), PAGES[theme]) >= 3, look


@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("theme", PAGES)
def test_groups_are_told_apart(theme, eyes):
    colours = [getattr(look, theme) for look in (*GROUP_LOOKS, REST)]
    for one, other in itertools.combinations(colours, 2):
        assert np.linalg.norm(lab(one, SEEN_BY[eyes]) - lab(other, SEEN_BY[eyes])) >= 20, (one, other)


def test_every_group_has_a_look_of_its_own():
    assert len(set(GROUP_LOOKS)) == len(GROUP_LOOKS) == MOST_GROUPS


def test_the_style_sheet_has_the_colours_of_both_themes():
    sheet = Path(chinchilla_nb.__file__).parent / "widgets" / "charts" / "groups.css"
    text = sheet.read_text(encoding="utf-8")
    light, dark = (re.findall(r"--cnb-group-(\d): (#[0-9a-f]{6});", part) for part in text.split("[data-jp-theme")[:2])
    for found, theme in ((light, "light"), (dark, "dark")):
        assert dict(found) == {str(at): getattr(look, theme) for at, look in enumerate((*GROUP_LOOKS, REST))}
