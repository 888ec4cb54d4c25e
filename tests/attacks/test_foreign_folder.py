"""``cd somebodys_folder; chinchilla-nb`` shows the runs of that folder and executes nothing in it."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest
from command import serving
from find_chromium import find_chromium
from playwright.sync_api import sync_playwright
from runs import make_runs, table_of

from chinchilla_nb.records.tables.folders import SESSION_FILE

TRAP = "import os; open(os.environ['SPRUNG'], 'a').write(__file__ + '\\n')\n"
CONFIGURATIONS = (
    *(
        f"{name}_config.py"
        for name in ("jupyter", "jupyter_server", "jupyter_notebook", "jupyter_application", "ipython")
    ),
    *(f"{name}_config.py" for name in ("ipython_kernel", "jupyter_nbconvert")),
    "sitecustomize.py",
    "usercustomize.py",
    ".jupyter/voila.py",
    ".jupyter/jupyter_server_config.py",
    ".ipython/profile_default/startup/00-first.py",
    ".ipython/profile_default/ipython_kernel_config.py",
    "profile_default/startup/00-first.py",
    "profile_default/ipython_kernel_config.py",
    ".local/lib/python3/site-packages/sitecustomize.py",
)
TEXTS = {
    "voila.json": '{"VoilaConfiguration": {"template": "reveal", "show_tracebacks": true}, "Voila": {"ip": "0.0.0.0"}}',
    "jupyter_config.json": '{"IdentityProvider": {"token": ""}, "Voila": {"token": ""}}',
    "jupyter_server_config.json": '{"IdentityProvider": {"token": ""}}',
    "templates/voila/templates/lab/index.html.j2": "not ours",
    "share/jupyter/voila/templates/lab/index.html.j2": "not ours",
    "voila/templates/lab/index.html.j2": "not ours",
    "static/voila.js": "document.title = 'not ours'",
    "kernels/python3/kernel.json": '{"argv": ["false"], "language": "python", "display_name": "not ours"}',
    "trap-1.0.dist-info/METADATA": "Name: trap\nVersion: 1.0\n",
    "trap-1.0.dist-info/entry_points.txt": "[jupyter_client.kernel_provisioners]\nlocal-provisioner = voila:x\n",
    "trap.pth": "import os; open(os.environ['SPRUNG'], 'a').write('trap.pth')\n",
}
PAGE_MS = 60_000

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


def module_names() -> set[str]:
    """Everything that a program of this environment can import, so also all that the server and the kernel do."""
    found = {"chinchilla_nb", "__main__", "__init__", *sys.stdlib_module_names}
    for distribution in importlib.metadata.distributions():
        for file in distribution.files or ():
            top = file.parts[0].split(".")[0]
            if top.isidentifier() and (len(file.parts) > 1 or file.suffix in {".py", ".so"}):
                found.add(top)
    return found


def set_traps(folder: Path) -> None:
    for name in [f"{module}.py" for module in module_names()] + list(CONFIGURATIONS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(TRAP)
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    table_of(make_runs(12)).assign(name="run").to_csv(folder / "df.csv", index=False)


def fit_in_a_browser(url: str) -> str:
    """Press Fit in the page, which imports what the panels need later; return the text of the page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("button", name="Fit", exact=True).click(timeout=PAGE_MS)
        page.get_by_text("406.4").first.wait_for(timeout=PAGE_MS)
        text = page.inner_text("body")
        browser.close()
    return text


def test_no_file_of_the_folder_is_executed(tmp_path):
    folder, sprung = tmp_path / "theirs", tmp_path / "sprung"
    folder.mkdir()
    set_traps(folder)
    assert {"voila", "tornado", "yaml", "json", "random", "bqplot", "numpy", "IPython"} <= module_names()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    more = {"SPRUNG": str(sprung)}
    with serving(cwd=folder, temporary=tmp_path / "tmp", **more) as server:
        assert server.what == "theirs (12 runs)"
        fit_in_a_browser(server.url)
        kernel = next(iter(server.kernels()))
        assert Path(f"/proc/{kernel}/cwd").resolve() == folder
    assert not sprung.exists(), sprung.read_text()
    changed = {path for path in folder.rglob("*") if before.get(path) != path.stat().st_mtime_ns}
    assert {path.name for path in changed} <= {"df.csv.lock", SESSION_FILE, f".{SESSION_FILE}.lock"}


def test_a_folder_whose_name_is_not_utf_8(tmp_path):
    name = os.fsdecode(b"caf\xe9 \x1b[31m' + x + '")
    folder = tmp_path / name
    folder.mkdir()
    table_of(make_runs(12)).assign(name="run").to_csv(folder / "df.csv", index=False)
    with serving(str(folder), cwd=folder, temporary=tmp_path / "tmp") as server:
        assert server.what == rf"{tmp_path}/caf\udce9 \x1b[31m' + x + ' (12 runs)"
        assert r"caf\udce9 \x1b[31m" in fit_in_a_browser(server.url)
