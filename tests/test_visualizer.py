"""Visualizer: images on disk, figures in notebooks, and unchanged global state."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from runs import GRID, LAW, make_runs

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.visualizer import Visualizer

REGIME = SeedRegime((1e19, 1e20), (5.0, 50.0))
FIT = fit(make_runs(), GRID)
PNG = b"\x89PNG\r\n\x1a\n"


def chinchilla(runs: Runs, law: ScalingLaw | None = None, regime: SeedRegime | None = REGIME) -> SimpleNamespace:
    """Return the parts of a Chinchilla that plot reads."""
    found = None if law is None else dataclasses.replace(FIT, law=law)
    settings = SimpleNamespace(seed_regime=regime)
    return SimpleNamespace(
        session=SimpleNamespace(
            runs=runs,
            excluded_runs=Runs([], [], []),
            fit=found,
            uncertainty=None,
            settings=settings,
            data_unit="tokens",
            drawn_laws=(),
        )
    )


def test_excluded_runs_are_in_the_picture_and_in_its_legend(visualizer, runs):
    cc = chinchilla(runs, LAW)
    assert "Excluded run" not in legend_of(visualizer.plot(cc))
    cc.session.excluded_runs = Runs([1e9], [1e11], [2.6])
    figure = visualizer.plot(cc, next_point={"N": 70e9, "D": 1.4e12})
    assert "Excluded run" in legend_of(figure)
    # 1.69 + 406.4 / 70e9^0.34 + 410.7 / 1.4e12^0.28
    assert figure.get_suptitle().endswith(
        "Next: $C$ = 6ND = 5.88×10²³ FLOPs, $N$ = 70B, $D$ = 1.4T, $D/N$ = 20, predicted loss 1.937"
    )


def legend_of(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.legends[0].get_texts()}


@pytest.fixture
def runs() -> Runs:
    return make_runs(80, noise=0.01)


@pytest.fixture
def visualizer(tmp_path) -> Visualizer:
    return Visualizer(str(tmp_path))


def saved(visualizer: Visualizer) -> set[str]:
    files = list(Path(visualizer.project_dir).iterdir())
    assert all(file.read_bytes().startswith(PNG) for file in files)
    return {file.name for file in files}


def legend(figure: Figure) -> set[str]:
    return {text.get_text() for legend in figure.legends for text in legend.get_texts()}


def test_excluded_runs_lie_beneath_those_that_count_and_hide_nothing(visualizer, runs):
    cc = chinchilla(runs.take(range(5)), LAW)
    cc.session.excluded_runs = runs.take(range(5, 11))
    for ax in visualizer.plot(cc).axes[:3]:
        by_count = {len(dots.get_offsets()): dots for dots in ax.collections}
        counting, excluded = by_count[5], by_count[6]
        assert excluded.get_zorder() < counting.get_zorder()
        assert len(excluded.get_facecolor()) == 0


def test_plot_draws_three_planes_and_saves_them(visualizer, runs):
    figure = visualizer.plot(chinchilla(runs, LAW), next_point={"C": 5.88e23, "N": 70e9, "D": 1.4e12})
    assert saved(visualizer) == {"parametric_fit.png"}
    charts = [(ax.get_xlabel(), ax.get_ylabel()) for ax in figure.axes]
    C, N, D = "Compute C (FLOPs)", "Parameters N", "Training tokens D"
    assert charts == [(C, N), (C, D), (N, D)]
    assert all(ax.get_xscale() == ax.get_yscale() == "log" for ax in figure.axes)
    assert legend(figure) == {
        "Training run",
        "Seed regime",
        "Iso-loss curve (predicted)",
        "Efficient frontier",
        "Next point",
    }


def test_before_a_fit_or_without_it_the_runs_alone_are_raw_data_points(visualizer, runs):
    figure = visualizer.plot(chinchilla(runs, None))
    visualizer.plot(chinchilla(runs, LAW), fitted=False, simulation=True)
    assert saved(visualizer) == {"raw_data_points.png", "simulation--raw_data_points.png"}
    assert legend(figure) == {"Training run", "Seed regime"}


def test_images_are_saved_under_the_names_given(visualizer, runs):
    visualizer.plot(chinchilla(runs, LAW), img_name="mine", cmap_name="viridis", simulation=True)
    visualizer.LBFGS(LAW.loss(runs.N, runs.D), runs.loss, C=runs.C)
    visualizer.LBFGS(LAW.loss(runs.N, runs.D), runs.loss, simulation=True, img_name="errors")
    assert saved(visualizer) == {"simulation--mine.png", "LBFGS.png", "simulation--errors.png"}


def test_a_name_with_its_ending_keeps_one(visualizer, runs):
    visualizer.plot(chinchilla(runs, LAW), img_name="mine.png")
    assert saved(visualizer) == {"mine.png"}


def test_LBFGS_shows_errors_against_compute_when_given(visualizer, runs):
    predictions = LAW.loss(runs.N, runs.D)
    assert len(visualizer.LBFGS(predictions, runs.loss).axes) == 2
    with_compute = visualizer.LBFGS(predictions, runs.loss, runs.C)
    assert [ax.get_title() for ax in with_compute.axes] == ["Prediction", "Error by compute", "Error distribution"]


@pytest.mark.parametrize("law", [LAW, ScalingLaw(2, 0, 0, 0, 0), ScalingLaw(2, 400, 1, 0.3, 0)])
def test_no_text_overlaps_another(visualizer, runs, law):
    figure = visualizer.plot(chinchilla(runs, law), next_point={"N": 70e9, "C": 5.88e23})
    renderer = figure.canvas.get_renderer()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            boxes = [label.get_window_extent(renderer) for label in axis.get_ticklabels() if label.get_text()]
            assert len(boxes) >= 2
            assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    # Charts with their labels, legend and title do not overlap and stay on the page.
    blocks = [ax.get_tightbbox(renderer) for ax in figure.axes]
    blocks += [legend.get_window_extent(renderer) for legend in figure.legends]
    blocks += [figure._suptitle.get_window_extent(renderer)]
    assert not any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[i + 1 :])
    page = figure.bbox
    assert all(page.x0 <= b.x0 and b.x1 <= page.x1 and page.y0 <= b.y0 and b.y1 <= page.y1 for b in blocks)


ODD_RUNS = {
    "none": Runs([], [], []),
    "one": Runs([70e9], [1.4e12], [1.94]),
    "identical": Runs([1e9] * 5, [2e10] * 5, [2.5] * 5),
}
ODD_LAWS = {
    "no fit": None,
    "leaves the axes": ScalingLaw(1.9, 1e-3, 1e5, 0.3, 0.6),
    "alpha = 0": ScalingLaw(1.8, 0.3, 2143, 0, 0.37),
}


@pytest.mark.parametrize("odd", ODD_RUNS.values(), ids=ODD_RUNS)
@pytest.mark.parametrize("law", ODD_LAWS.values(), ids=ODD_LAWS)
def test_odd_runs_and_laws_draw_without_a_warning(visualizer, odd, law):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        visualizer.plot(chinchilla(odd, law, None))
    assert len(saved(visualizer)) == 1


def test_thinning_is_noted_in_the_figure(visualizer):
    figure = visualizer.plot(chinchilla(make_runs(2_500), LAW))
    assert "1,000 of 2,500 runs drawn" in {legend.get_title().get_text() for legend in figure.legends}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cmap_name": "plasmo"}, "cmap_name must be a matplotlib colour map .* got 'plasmo'"),
        ({"next_point": {"N": 1e9}}, "next_point needs two of C, N and D"),
        ({"next_point": {"N": 1e9, "D": -1}}, r"next_point\['D'\] must be positive and finite, got -1.0"),
        ({"next_point": {"N": "many", "D": 1}}, r"next_point\['N'\] must be a number, got 'many'"),
        ({"next_point": "N and D"}, "next_point must map C, N and D to numbers, got 'N and D'"),
        ({"img_name": "../elsewhere"}, "img_name must be the name of a file in .*, got '../elsewhere'"),
        ({"img_name": ""}, "img_name must be the name of a file in .*, got ''"),
    ],
)
def test_bad_options_raise_one_sentence(visualizer, runs, options, message):
    with pytest.raises(ValueError, match=message):
        visualizer.plot(chinchilla(runs, LAW), **options)


def test_a_missing_project_directory_raises_one_sentence(tmp_path, runs):
    with pytest.raises(ValueError, match=r"gone' does not exist: create it with os\.makedirs"):
        Visualizer(str(tmp_path / "gone")).plot(chinchilla(runs, LAW))


def test_the_instance_drawn_stays_on_the_visualizer(visualizer, runs):
    cc = chinchilla(runs, LAW)
    assert visualizer.cc is None
    visualizer.plot(cc)
    assert visualizer.cc is cc


def test_drawing_does_not_even_import_pyplot(tmp_path):
    # In a process of its own, because other tests may import pyplot.
    code = f"""
import sys
from chinchilla_nb.visualizer import Visualizer
Visualizer({str(tmp_path)!r}).LBFGS([2.0, 3.0], [2.1, 2.9], [1e18, 1e19])
assert 'matplotlib.pyplot' not in sys.modules
import matplotlib.pyplot as plt
assert plt.get_fignums() == []
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_the_style_of_the_user_is_not_changed_and_does_no_harm(visualizer, runs):
    with mpl.rc_context({"axes.grid": True, "text.usetex": False, "figure.figsize": (3, 3)}):
        before = dict(mpl.rcParams)
        visualizer.plot(chinchilla(runs, LAW))
        assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("first", ["", "import matplotlib.pyplot as plt", "%matplotlib inline"])
def test_a_notebook_cell_shows_the_figure_once(tmp_path, first):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cell = f"""{first}
from chinchilla_nb.visualizer import Visualizer
Visualizer({str(tmp_path)!r}).LBFGS([2.0, 3.0], [2.1, 2.9])"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    kernel = {"name": "python3", "display_name": "Python", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    images = [output for output in notebook.cells[0].outputs if "image/png" in output.get("data", {})]
    assert len(images) == 1
