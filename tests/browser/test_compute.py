"""The compute convention in a real page: the note of the frontier and its switch, and the editor."""

from __future__ import annotations

import pytest
from pages import screenshot
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
CELLS = (
    """
import tempfile
import numpy as np
import pandas as pd
from chinchilla_nb import Chinchilla, ConfigPanel, FrontierPanel, ScalingLaw
law, rng = ScalingLaw(1.69, 406.4, 410.7, 0.34, 0.28), np.random.default_rng(0)
C, ratio = np.exp(rng.uniform(*np.log([1e18, 1e21]), 30)), np.exp(rng.uniform(*np.log([4, 100]), 30))
N = np.sqrt(C / 6 / ratio)
D = ratio * N
cc = Chinchilla(tempfile.mkdtemp(), log_level=50)
loss = law.loss(N, D) * np.exp(0.002 * rng.standard_normal(30))
cc.database.df = pd.DataFrame({"C": 40 * N**0.93 * D**0.99, "N": N, "D": D, "loss": loss})
fit = cc.fit(parallel=False)
frontier = FrontierPanel(cc)
frontier
""",
    """
config = ConfigPanel(cc)
next(section for kind, section in config.sections.items() if kind.__name__ == "ComputeEditor").toggle.value = True
config
""",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_note_switches_the_convention(voila, theme):
    page = voila(*CELLS, theme=theme, size=(1400, 1600))
    expect(page.get_by_text("and plans use C = 6ND")).to_be_visible(timeout=WAIT_MS)
    screenshot(page, f"compute_note_{theme}")
    page.get_by_role("button", name="Plan with the C of the runs").click()
    expect(page.get_by_text("and plans use C = 6ND")).to_be_hidden(timeout=WAIT_MS)
    expect(page.get_by_text("C = 40 N^0.93 D^0.99.")).to_be_visible(timeout=WAIT_MS)
    kind = page.get_by_label("C in FLOPs")
    kind.scroll_into_view_if_needed()
    expect(kind).to_have_value("C = k N^p D^q, fitted to the runs")
    screenshot(page, f"compute_editor_{theme}")
