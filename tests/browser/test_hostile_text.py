"""Text from files, folders and fields is shown as text: none of it becomes an element of the page or runs there."""

from __future__ import annotations

import pytest
from pages import DOTS, PAGE_MS, centre

pytestmark = pytest.mark.browser

HOSTILE = r"""
BREAKS = {
    "image": "<img src=x onerror=window.pwned=1>",
    "script": "<script>window.pwned=1</script>",
    "double": '" onmouseover="window.pwned=1" x="',
    "single": "' onmouseover='window.pwned=1' x='",
    "closing": "</pre></style></select><svg onload=window.pwned=1>",
    "link": "<a class=pwned href='javascript:window.pwned=1'>x</a>",
}
"""
OPEN = r"""
import os
from pathlib import Path
import numpy as np
from chinchilla_nb import Chinchilla, Workbench

folder = Path("<img src=x onerror=window.pwned=1>" + str(os.getpid()))
folder.mkdir()
image, script, double, single, closing, link = BREAKS.values()
cc = Chinchilla(
    folder,
    {"E": [1.7], "A": [400], "B": [410], "alpha": [0.34], "beta": [0.28]},
    {"C": (1e18, 1e20), "N_to_D": (5, 50)},
    log_level=50,
    model_search_config={
        "hyperparam_grid": {"width": [256, 512], image: [link, 2], double: [script], closing: [single]},
        "size_estimator": lambda width, **more: 12 * width**3,
    },
)
rng = np.random.default_rng(7)
for number in range(12):
    N, D = 10 ** rng.uniform(7, 9), 10 ** rng.uniform(9, 11)
    texts = {text: list(BREAKS.values())[number % len(BREAKS)] for text in BREAKS.values()}
    cc.append(N=N, D=D, loss=1.7 + 400 / N**0.34 + 410 / D**0.28, name=image, run=script, **texts)

def loss(y_true, y_pred):
    return abs(y_true - y_pred)

loss.__name__ = image
cc.loss_fn = loss
cc.weight_fn = lambda C: np.sqrt(C)
cc.weight_fn.__name__ = link
cc.fit(parallel=False)
(folder / f"{single}{image}.csv").write_text(
    f'N,D,loss,{image},"{link}"\n1e9,1e10,2.5,{image},{link}\n1e9,{image},x,{script},x\n'
)
(folder / f"{image}.yaml").write_text(f'{{"{image}": 1}}')

bench = Workbench(cc)
for toggle in bench.toggles.values():
    toggle.value = True
config, runs = bench.panels["Configuration"], bench.panels["Runs"]
for section in config.sections.values():
    section.toggle.value = True
config.path.value = str(folder / f"{image}.yaml")
config.load_button.click()
for text in BREAKS.values():
    config.search.function.value = text
    config.grid.axes["E"].count.value = text
    runs.form.fields["N"].value = text
runs.columns_toggle.value = runs.copy_toggle.value = runs.import_toggle.value = runs.add_toggle.value = True
runs.form.seed.click()
runs.file.path.value = str(folder / f"{single}{image}.csv")
runs.query.value = f'{image} < 3'
runs.query.value = f'"{image}"'
runs.query.value = ""
bench
"""
MADE_OF_TEXT = """() =>
  [...document.querySelectorAll(".jp-OutputArea-output :is(img, script, .pwned, [onmouseover], [onerror], [onload])")]
    .map(element => element.cloneNode().outerHTML + (element.tagName === "SCRIPT" ? element.textContent : ""))
    .filter(code => code.includes("pwned"))
"""
"""The elements that the texts would become; those of the package itself have handlers, too."""
FAILED_OPENINGS = r"""
for source in (f"nothing {image}", str(folder / "absent.yaml"), str(folder / f"{image}.yaml")):
    try:
        Workbench(source)
    except ValueError as error:
        bench.errors.report("opening", error)
cc.report(plot=False)
display(cc, cc.database)
"""


@pytest.mark.parametrize("app", ["lab", "voila"])
def test_hostile_text_stays_text(app, request):
    page = request.getfixturevalue(app)(HOSTILE, OPEN, FAILED_OPENINGS, size=(1400, 3000))
    page.locator(".bqplot").nth(2).wait_for(timeout=PAGE_MS)
    page.get_by_text("window.pwned=1").first.wait_for(timeout=PAGE_MS)
    page.mouse.move(*centre(page.locator(DOTS).first))
    page.wait_for_timeout(1000)
    # The control: the page runs handlers, so those that stayed away were text.
    page.evaluate("() => document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.control=1>')")
    page.wait_for_function("() => window.control === 1", timeout=PAGE_MS)
    assert page.evaluate("() => window.pwned ?? null") is None
    assert page.evaluate(MADE_OF_TEXT) == []
