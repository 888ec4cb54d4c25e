"""Nobody who can only write into a panel reads or writes a file outside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from panel_visitor import Visitor, visited_kernel

SECRET = "N,D,loss,note\n1e9,2e10,2.5,xyzzy\n"
OPEN = """
import ipywidgets
ipywidgets.Widget.close_all()  # those of the test before, so that everything shown is of this one
from chinchilla_nb import ConfigPanel, Database, FrontierPanel, RunLogPanel, Session
from chinchilla_nb.config.settings import Settings
session = Session(Database("project"), Settings())
config, log = ConfigPanel(session), RunLogPanel(session)
"""
FORECAST = """
from chinchilla_nb import datasets, log_huber
session.database.df = datasets.load("python_stdlib").df
session.settings = Settings(loss_fn=log_huber)
frontier = FrontierPanel(session)
session.run_fit()
session.cancel_uncertainty()
"""
"""A panel that can save forecasts."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> Iterator[tuple[Visitor, Path]]:
    """A kernel in ``root/work``, whose project is ``root/work/project``; secrets lie around it, and links lead out."""
    root = tmp_path_factory.mktemp("root")
    project = root / "work" / "project"
    (project / ".git").mkdir(parents=True)
    (project / "data").mkdir()
    for place in (root, root / "work", project / ".git"):
        (place / "secret.csv").write_text(SECRET)
        (place / "secret.yaml").write_text("xyzzy: 1\n")
    (project / ".secret.csv").write_text(SECRET)
    (project / "data" / "inside.csv").write_text("N,D,loss,note\n1e9,2e10,2.5,welcome\n")
    (project / "link.csv").symlink_to(root / "secret.csv")
    (project / "link.yaml").symlink_to(root / "secret.yaml")
    (project / "dangling.yaml").symlink_to(root / "written.yaml")
    (project / "out").symlink_to(root)
    (project / "loop.csv").symlink_to(project / "loop.csv")
    os.mkfifo(project / "pipe.csv")
    os.mkfifo(project / "pipe.yaml")
    (root / "work" / "project2").mkdir()
    (root / "work" / "project2" / "secret.csv").write_text(SECRET)
    with visited_kernel(root / "work") as visitor:
        yield visitor, root


@pytest.fixture
def visitor(kernel) -> Visitor:
    kernel[0].owner_runs(OPEN)
    return kernel[0]


def everything_shown(visitor: Visitor) -> str:
    """Return all text of all widgets, shown or hidden."""
    return visitor.owner_runs("import ipywidgets\nfor w in ipywidgets.Widget.widgets.values(): print(w.get_state())")


READ = [
    "{root}/secret.csv",
    "{root}/work/secret.csv",
    "../secret.csv",
    "data/../../secret.csv",
    "../../secret.csv",
    "data/../../../secret.csv",
    "../project2/secret.csv",
    "link.csv",
    "out/secret.csv",
    "out/work/project/out/secret.csv",
    ".secret.csv",
    ".git/secret.csv",
    "loop.csv",
    "pipe.csv",
    "data",
    "/proc/self/cwd/secret.csv",
    "/proc/self/environ",
    "/dev/zero",
    "/dev/stdin",
    "/etc/passwd",
    "~/secret.csv",
    "~nobody-of-this-name/secret.csv",
    "file://{root}/secret.csv",
    "data/\0secret.csv",
    "data/" + "x" * 5000 + ".csv",
    "data/" * 3000,
    "\n{root}/secret.csv\n",
]


@pytest.mark.parametrize("path", READ)
def test_a_file_outside_the_project_is_not_imported(visitor, kernel, path):
    visitor.sets("log.file.path", value=path.format(root=kernel[1]))
    visitor.clicks("log.file.read")
    visitor.clicks("log.file.add")
    assert "xyzzy" not in everything_shown(visitor)
    assert visitor.owner_runs("print(len(session.runs), log.file.rows)") == "0 ()"
    assert visitor.owner_runs("print(log.errors.value)") == ""
    message = visitor.owner_runs("print(log.file.preview.value)")
    assert message.count("cnb-note") == 1


def test_the_message_does_not_say_whether_a_file_outside_exists(visitor, kernel):
    messages = []
    for name in ("secret.csv", "absent.csv"):
        visitor.sets("log.file.path", value=f"{kernel[1]}/{name}")
        messages.append(visitor.owner_runs("print(log.file.preview.value)").replace(name, "NAME"))
    assert "is outside the project folder" in messages[0]
    assert "allow_folders=" in messages[0]
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "path",
    ["{root}/secret.yaml", "../secret.yaml", "link.yaml", "out/secret.yaml", "pipe.yaml"],
)
def test_a_configuration_outside_the_project_is_not_loaded(visitor, kernel, path):
    visitor.sets("config.path", value=path.format(root=kernel[1]))
    visitor.clicks("config.load_button")
    assert "xyzzy" not in everything_shown(visitor)
    assert "Nothing was loaded" in visitor.owner_runs("print(config.message.value)")


@pytest.mark.parametrize(
    "path",
    [
        "{root}/secret.yaml",
        "{root}/written.yaml",
        "../written.yaml",
        "link.yaml",
        "dangling.yaml",
        "out/written.yaml",
        ".git/written.yaml",
        "pipe.yaml",
    ],
)
def test_nothing_is_saved_outside_the_project(visitor, kernel, path):
    visitor.sets("config.path", value=path.format(root=kernel[1]))
    visitor.clicks("config.save_button")
    visitor.clicks("config.save_button")
    assert "Nothing was saved" in visitor.owner_runs("print(config.message.value)")
    assert (kernel[1] / "secret.yaml").read_text() == "xyzzy: 1\n"
    assert not [*kernel[1].rglob("written.yaml")]


@pytest.mark.parametrize(
    "path",
    [
        "{root}/secret.json",
        "{root}/written.json",
        "../written.json",
        "link.json",
        "dangling.json",
        "out/written.json",
        ".git/written.json",
        "pipe.json",
        "df.csv",
    ],
)
def test_no_forecast_is_saved_or_opened_outside_the_project(visitor, kernel, path):
    root, project = kernel[1], kernel[1] / "work" / "project"
    visitor.owner_runs(FORECAST)
    visitor.owner_runs(f"frontier.forecasts._forecast().save({str(root / 'secret.json')!r}, overwrite=True)")
    for name, target in (("link.json", root / "secret.json"), ("dangling.json", root / "written.json")):
        (project / name).unlink(missing_ok=True)
        (project / name).symlink_to(target)
    if not (project / "pipe.json").exists():
        os.mkfifo(project / "pipe.json")
    before = (root / "secret.json").read_bytes()
    visitor.sets("frontier.forecasts.path", value=path.format(root=root))
    for button, refusal in (("save_button", "Nothing was saved"), ("open_button", "Nothing was opened")):
        visitor.clicks(f"frontier.forecasts.{button}")
        assert refusal in visitor.owner_runs("print(frontier.forecasts.message.value)")
        assert visitor.owner_runs("print(frontier.errors.value, session.forecasts)") == "()"
    # Nor does a session find what a link leads out to.
    assert visitor.owner_runs("print(Session(session.database, Settings()).forecasts)") == "()"
    assert (root / "secret.json").read_bytes() == before
    visitor.owner_runs("frontier.close()\nsession.database.df = session.database.df.iloc[:0]")
    assert not [*root.rglob("written.json")]


def test_files_of_the_project_and_of_allowed_folders_are_used(visitor, kernel):
    """The control of the attacks: the same messages reach files that may be used."""
    visitor.sets("log.file.path", value="data/inside.csv")
    assert "welcome" in visitor.owner_runs("print(log.file.preview.value)")
    visitor.sets("config.path", value=f"{kernel[1]}/work/project/mine.yaml")
    visitor.clicks("config.save_button")
    assert "Saved" in visitor.owner_runs("print(config.message.value)")
    visitor.owner_runs(f"log = RunLogPanel(session, allow_folders=[{str(kernel[1])!r}])")
    visitor.sets("log.file.path", value="out/secret.csv")
    assert "xyzzy" in visitor.owner_runs("print(log.file.preview.value)")
    visitor.clicks("log.file.add")
    assert visitor.owner_runs("print(len(session.runs))") == "1"
    visitor.owner_runs("session.database.df = session.database.df.iloc[:0]")


def test_a_relative_path_starts_at_the_project_and_not_at_the_current_folder(visitor, kernel):
    """The kernel's folder holds a file of the name that is typed; the project does not."""
    visitor.sets("log.file.path", value="secret.csv")
    assert "there is nothing at" in visitor.owner_runs("print(log.file.preview.value)")
    visitor.sets("config.path", value="relative.yaml")
    visitor.clicks("config.save_button")
    assert "Saved" in visitor.owner_runs("print(config.message.value)")
    assert (kernel[1] / "work" / "project" / "relative.yaml").is_file()
    assert not (kernel[1] / "work" / "relative.yaml").exists()


def test_a_session_without_a_folder_uses_the_current_one_only(visitor):
    visitor.owner_runs("log = RunLogPanel(Session(Database(), Settings()))")
    visitor.sets("log.file.path", value="project/data/inside.csv")
    assert "welcome" in visitor.owner_runs("print(log.file.preview.value)")
    visitor.sets("log.file.path", value="../secret.csv")
    assert "is outside" in visitor.owner_runs("print(log.file.preview.value)")
