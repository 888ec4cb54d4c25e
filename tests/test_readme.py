"""What the README shows is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from runs import LAW

from chinchilla_nb import Workbench, datasets

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PANEL, ENGINE, PROJECT = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_panel_in_three_lines():
    assert PANEL.count("\n") - PANEL.count("\n\n") == 3
    # As in a cell, the last line is what is shown.
    before, shown = PANEL.strip().rsplit("\n", 1)
    names = {}
    exec(before, names)
    workbench = eval(shown, names)
    assert isinstance(workbench, Workbench)
    assert workbench.session.runs.loss.tolist() == datasets.load("python_stdlib").df.loss.tolist()
    workbench.close()


def test_engine_in_five_lines(capsys):
    assert ENGINE.count("\n") - ENGINE.count("\n\n") == 5
    names = {}
    exec(ENGINE, names)
    # N* = G (C / 6)^(beta / (alpha + beta)), by the law that the first lines of the output say.
    said = capsys.readouterr().out
    A, B, alpha, beta = (
        float(re.search(rf"^ +{name}  (\S+)$", said, flags=re.MULTILINE)[1]) for name in ("A", "B", "alpha", "beta")
    )
    N = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (1e14 / 6) ** (beta / (alpha + beta))
    numbers = re.search(r"with 1e14 FLOPs train (\S+) parameters on (\S+) bytes, (\d+) per parameter$", said).groups()
    assert [float(text) for text in numbers] == pytest.approx([N, 1e14 / 6 / N, 1e14 / 6 / N**2], rel=5e-3)


def test_project_from_the_first_seed_to_the_scaled_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("project").mkdir()
    names = {"train": lambda N, D: float(LAW.loss(N, D))}
    exec(PROJECT, names)
    runs = names["cc"].database.df
    seeds, scaled = runs.iloc[:40], runs.iloc[40]
    assert len(runs) == 41
    assert seeds.C.between(0.99e15, 1.01e16).all()
    assert scaled.C == pytest.approx(1e17, rel=1e-3)
    # Noiseless runs: the law is found again, so the last run is at its optimum, N* = G (C / 6)^a.
    G = (0.34 * 406.4 / (0.28 * 410.7)) ** (1 / 0.62)
    assert scaled.N == pytest.approx(G * (1e17 / 6) ** (0.28 / 0.62), rel=1e-3)
    assert np.isclose(names["cc"].get_params()["alpha"], 0.34, rtol=1e-4)


def test_links_and_pictures_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    inside = [target for target in targets if "://" not in target]
    assert "docs/_static/workbench.png" in inside
    for target in inside:
        path, _, anchor = target.partition("#")
        assert (ROOT / path).exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in [re.sub(r"[^a-z0-9 -]", "", text.lower()).replace(" ", "-") for text in headings], target


def test_no_link_waits_for_an_address():
    assert "OWNER/REPO" not in README


def test_badges_to_be_added_open_what_is_there():
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    link = r"mybinder\.org/v2/gh/OWNER/REPO/HEAD\?urlpath=(?:lab/tree|voila/render)/(\S+)\)"
    paths = re.findall(link, contributing)
    assert len(paths) == 2
    for path in paths:
        assert (ROOT / path).is_file(), path


def test_the_picture_loads_quickly():
    assert (ROOT / "docs/_static/workbench.png").stat().st_size < 250_000
