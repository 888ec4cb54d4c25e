"""Send random widget messages to every panel: ``python tests/attacks/panel_messages.py COUNT [--seed SEED]``.

A page sends a widget only what its input allows; a visitor may send anything to any widget, also to hidden ones.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panel_visitor import Visitor, visited_kernel

OPEN = """
import json
import ipywidgets
import numpy as np
from chinchilla_nb import Database, ScalingLaw, Workbench
from chinchilla_nb.engine.planning.seeding import SeedRegime

law = ScalingLaw(E=1.7, A=400, B=410, alpha=0.34, beta=0.28)
rng = np.random.default_rng(7)
N, D = 10 ** rng.uniform(7, 9, 12), 10 ** rng.uniform(9, 11, 12)
database = Database("project")
database.extend([dict(N=n, D=d, loss=float(law.loss(n, d)), name="run") for n, d in zip(N, D)])
before = database.df

def open_all():
    bench = Workbench("project")
    for toggle in bench.toggles.values():
        toggle.value = True
    for section in bench.panels["Configuration"].sections.values():
        section.toggle.value = True
    return bench

bench = open_all()
"""
WIDGETS = """
from pathlib import Path
models = {one.model_id: [name for name in one.keys if name[0] != "_"] for one in ipywidgets.Widget.widgets.values()}
Path("models.json").write_text(json.dumps(models))
"""
AFTER = """
kept = database.df.iloc[: len(before)]
assert kept.C.tolist() == before.C.tolist() and kept.loss.tolist() == before.loss.tolist(), "runs were changed"
fresh = open_all()
fresh.fit.fit_button.click()
fresh.fit.wait()
assert fresh.session.fit is not None, "a fresh panel does not fit"
fresh.close()
"""
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1, 3, 10**30, -(10**30), 1e-300, 1e18, 0.5),
    *("", "x" * 1000, "os:system", "canary:run", "=cmd|'x'!A", "1e400", "nan", "2..20000", "1,2,3", "1e18"),
    *("../../secret.csv", "/etc/passwd", "../../written.yaml", "project/config.yaml", "<img>", "😀", "IPY_MODEL_x"),
    *([], [1], [[1, 2], [3, 4]], {}, {"a": 1}, ["x"], [None], [0.1, 0.9], [[1e18, 1e20], [1e7, 1e9]]),
]
CLICKS = 0.15
"""Share of messages that are clicks, which need no value, and other messages that are not state."""
TOGETHER = 50
"""Messages sent before the kernel is asked whether it still answers."""


@dataclass(frozen=True)
class Outcome:
    """What random messages did: their number, the files outside the project, and whether a module was imported."""

    messages: int
    outside: tuple[str, ...]
    imported: bool


def attack(count: int, seed: int, root: Path) -> Outcome:
    """Send that many random messages to a kernel in ``root / "work"``, and then open and fit afresh.

    Raises
    ------
    AssertionError
        If runs were changed, or the kernel or a fresh panel no longer work.
    """
    (root / "work" / "project").mkdir(parents=True)
    (root / "work" / "canary.py").write_text("def run(*arguments, **more):\n    return 1.0\n")
    (root / "secret.csv").write_text("N,D,loss\n1e9,2e10,2.5\n")
    source = random.Random(seed)
    with visited_kernel(root / "work") as visitor:
        visitor.owner_runs(OPEN)
        for _ in range(count // TOGETHER):
            visitor.owner_runs(WIDGETS)
            models = json.loads((root / "work" / "models.json").read_text())
            for _ in range(TOGETHER):
                _send(visitor, models, source)
        visitor.owner_runs(AFTER)
        imported = visitor.owner_runs("import sys; print('canary' in sys.modules)").endswith("True")
    known = {root / "secret.csv", root / "work" / "canary.py", root / "work" / "models.json"}
    files = {path for path in root.rglob("*") if path.is_file() and root / "work" / "project" not in path.parents}
    return Outcome(count // TOGETHER * TOGETHER, tuple(sorted(map(str, files - known))), imported)


def _send(visitor: Visitor, models: dict[str, list[str]], source: random.Random) -> None:
    model = source.choice(list(models))
    if source.random() < CLICKS or not models[model]:
        visitor.sends(model, {"method": "custom", "content": source.choice([{"event": "click"}, *JUNK])})
    else:
        state = {source.choice(models[model]): source.choice(JUNK)}
        visitor.sends(model, {"method": "update", "state": state, "buffer_paths": []})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(attack(given.count, given.seed, Path(folder)))
