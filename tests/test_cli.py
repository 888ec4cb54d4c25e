"""The command chinchilla-nb as a real process: what it says, what it serves, and that it leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest
from command import ROOT, serving
from runs import make_runs, table_of
from waiting import wait_until

from chinchilla_nb import __version__, datasets, mae
from chinchilla_nb.cli import default_source, main, notebook
from chinchilla_nb.opening import RowsLeftOutWarning, open_session

COMMAND = [sys.executable, "-m", "chinchilla_nb.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def runs_csv(tmp_path):
    path = tmp_path / "runs.csv"
    table_of(make_runs(12)).assign(name="run").to_csv(path, index=False)
    return path


def run(*arguments, cwd=None):
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )


def refusal_of_process(*arguments, cwd=None):
    """Return what the command says instead of starting, as a process."""
    ended = run(*arguments, cwd=cwd)
    assert ended.returncode != 0
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.fixture
def refusal(monkeypatch, capsys):
    """Return what the command says instead of starting, in this process: starting Python costs more than all else."""

    def said(*arguments, cwd=None):
        if cwd is not None:
            monkeypatch.chdir(cwd)
        try:
            end = main(arguments)
        except SystemExit as exit_of_argparse:
            end = exit_of_argparse.code
        printed, complaint = capsys.readouterr()
        assert end
        assert printed == ""
        return f"{complaint}{end}"

    return said


def test_help_names_all_it_opens():
    said = run("--help").stdout
    for word in (
        "folder",
        "config.yaml",
        "runs.csv",
        "python_stdlib",
        "--port",
        "--no-browser",
        "--base-url",
        "--idle-hours",
        "12 by default",
        "--allow-function",
        "--allow-folder",
        "Parquet or Excel (.xlsx)",
        "--checkpoints",
        "--loss eval/loss",
    ):
        assert word in said


def test_version():
    assert run("--version").stdout == f"chinchilla-nb {__version__}\n"


def test_python_m_is_the_command_and_imports_nothing_from_the_current_folder(tmp_path):
    (tmp_path / "numpy.py").write_text("open('ran', 'w')\n")
    command = [sys.executable, "-m", "chinchilla_nb"]
    for arguments, said in ((["--version"], f"chinchilla-nb {__version__}\n"), (["nowhere"], "nothing at 'nowhere'")):
        ended = subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert said in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--base-url=user/me", "a base URL is a path such as /user/name/proxy/8866/"),
        ("--base-url=/voila/", "a base URL must not begin with /voila/ or /api/"),
        ("--idle-hours=-1", "the hours are a number from 0 to 1,000,000, got '-1'"),
        ("--idle-hours=nan", "the hours are a number"),
        ("--idle-hours=soon", "the hours are a number"),
    ],
)
def test_odd_addresses_and_times_are_refused_in_a_sentence(option, message, refusal):
    assert message in refusal("python_stdlib", option)


def test_the_console_script_is_this_command():
    # An editable install is not needed to know what an install would make.
    assert 'chinchilla-nb = "chinchilla_nb.cli:main"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_missing_path(tmp_path):
    said = refusal_of_process("nowhere", cwd=tmp_path)
    assert "nothing at 'nowhere'" in said
    assert "python_stdlib" in said


def test_file_of_another_kind(tmp_path, refusal):
    (tmp_path / "notes.md").write_text("no runs here")
    said = refusal("notes.md", cwd=tmp_path)
    assert "'notes.md'" in said
    assert "CSV" in said


def test_a_spreadsheet_of_a_kind_that_is_not_read(tmp_path, refusal):
    (tmp_path / "runs.ods").write_bytes(b"PK")
    said = refusal("runs.ods", cwd=tmp_path)
    assert re.search(r"'runs\.ods' is neither a configuration nor a table of runs: give .*CSV, .* or Excel", said)


@pytest.mark.parametrize("text", ["", "N,D,loss\n"], ids=["nothing", "a header"])
def test_table_without_rows(tmp_path, text, refusal):
    (tmp_path / "empty.csv").write_text(text)
    assert "'empty.csv' holds no rows" in refusal("empty.csv", cwd=tmp_path)


def test_table_without_valid_runs(tmp_path, refusal):
    (tmp_path / "bad.csv").write_text("N,D,loss\n1000000,20000000,nan\n")
    assert re.search(r"'bad\.csv' holds no valid run.*line 2: loss \(loss\) is nan", refusal("bad.csv", cwd=tmp_path))
    (tmp_path / "bad.csv").write_text("N,D,loss\n1000000,20000000,abc\n")
    assert re.search(r"'bad\.csv' does not say.*'loss' holds text such as 'abc'", refusal("bad.csv", cwd=tmp_path))


@pytest.mark.parametrize("header", ["N,D", "size,amount,error"])
def test_columns_that_nobody_recognises(tmp_path, header, refusal):
    (tmp_path / "odd.csv").write_text(f"{header}\n" + ",".join("12" for _ in header.split(",")) + "\n")
    said = refusal("odd.csv", cwd=tmp_path)
    assert f"({', '.join(header.split(','))})" in said
    assert "choose the columns when importing the file in its run log" in said


AMBIGUOUS = "params,non_embedding_params,tokens,loss\n2e7,1.4e7,4e8,3.5\n6e7,5e7,1.2e9,3.1\n"


def test_the_command_names_the_flags_for_what_is_not_clear(tmp_path, refusal):
    (tmp_path / "odd.csv").write_text(AMBIGUOUS)
    said = refusal("odd.csv", cwd=tmp_path)
    assert "give --N params (20M to 60M) or --N non_embedding_params (14M to 50M)" in said
    assert "there is no such column" in refusal("odd.csv", "--N", "parms", cwd=tmp_path)


@pytest.mark.slow
def test_the_command_says_what_it_has_taken(tmp_path):
    (tmp_path / "odd.csv").write_text(AMBIGUOUS)
    flags = ["--N", "non_embedding_params", "--C", "6ND"]
    with serving("odd.csv", *flags, cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        said = " ".join(server.said.split())
    assert "N is column 'non_embedding_params', the parameters without embeddings (14M to 50M)" in said
    assert "loss is column 'loss', the loss (3.1 to 3.5)" in said


def test_the_page_reads_a_table_as_the_command_was_told(tmp_path):
    (tmp_path / "odd.csv").write_text(AMBIGUOUS)
    page = notebook("odd.csv", str(tmp_path), choices={"N": "params", "failed": True})
    code = "".join(page["cells"][1]["source"])
    script = tmp_path / "page.py"
    script.write_text(
        f"{code}\nassert shown.session.runs.N.tolist() == [2e7, 6e7], shown\nprint(shown.remarks.value)\n"
    )
    ended = subprocess.run([sys.executable, script], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "the parameters (20M to 60M)" in ended.stdout


@pytest.mark.parametrize(("source", "fitted"), [("python_stdlib", True), ("odd.csv", False)])
def test_the_page_of_a_shipped_study_opens_fitted_and_that_of_a_table_does_not(tmp_path, source, fitted):
    (tmp_path / "odd.csv").write_text(AMBIGUOUS)
    page = notebook(source, str(tmp_path), choices={} if fitted else {"N": "params", "failed": True})
    code = "".join(page["cells"][1]["source"])
    script = tmp_path / "page.py"
    script.write_text(f"{code}\nshown.session.wait()\nassert (shown.session.fit is not None) is {fitted}\n")
    ended = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


LOOP = """
async def main():
{page}
    while shown.session.busy or shown.session.fit is None or not os.path.exists(session_file):
        await asyncio.sleep(0.1)
    print(shown.session.fit.runs.loss.size)

asyncio.run(main())
"""
"""Runs the page of a study as a kernel does, in an event loop, until its fit is kept."""


def test_the_page_of_a_shipped_study_can_be_loaded_again(tmp_path):
    """Its kept fit is made again in the background, beside which no other can start."""
    code = "".join(notebook("python_stdlib", str(tmp_path))["cells"][1]["source"])
    script = tmp_path / "page.py"
    script.write_text("import asyncio\n" + LOOP.format(page=textwrap.indent(code, "    ")))
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, script], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.endswith(f"{len(datasets.load('python_stdlib').df)}\n")


def test_columns_of_other_names_are_recognised(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Model Size (M),Training FLOP,val_loss,note\n7.5,9e17,3.25,good\n")
    runs = open_session(path).runs
    assert (runs.N[0], runs.C[0], runs.loss[0]) == (7.5e6, pytest.approx(9e17), 3.25)
    assert runs.D[0] == pytest.approx(9e17 / 6 / 7.5e6)


def test_rows_left_out_are_named_by_line_and_reason(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text("params,tokens,val_loss\n1e6,2e7,3.2\n2e6,2e7,nan\n3e6,2e7,\n")
    with pytest.warns(RowsLeftOutWarning, match=r"2 of 3 rows left out: line 3: .*nan.*; line 4: .*empty"):
        assert open_session(path).runs.N.tolist() == [1e6]


def test_configuration_with_an_unknown_key(tmp_path, refusal):
    (tmp_path / "config.yaml").write_text("project_dir: .\nparam_gird: {}\n")
    assert "param_gird" in refusal("config.yaml", cwd=tmp_path)


def test_configuration_without_a_project_has_its_runs_beside_it(tmp_path, runs_csv):
    (tmp_path / "df.csv").write_bytes(runs_csv.read_bytes())
    (tmp_path / "config.yaml").write_text(
        "param_grid: {E: [1], A: [400], B: [400], alpha: [0.3], beta: [0.3]}\nseed_ranges: null\nloss_fn: mae\n"
    )
    session = open_session(tmp_path / "config.yaml")
    assert len(session.runs) == 12
    assert session.settings.loss_fn is mae


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """A folder with a module of the user's own and a configuration that names its function."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "my_models.py").write_text(
        "from pathlib import Path\n\nPath('imported').touch()\n\ndef weight(C):\n    return C**0.1\n"
    )
    (tmp_path / "config.yaml").write_text("weight_fn: my_models:weight\n")
    monkeypatch.setitem(ENVIRONMENT, "PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path / "modules")]))
    return tmp_path


def test_a_function_in_a_configuration_is_refused_with_how_to_allow_it(configured):
    said = refusal_of_process("config.yaml", cwd=configured)
    assert "weight_fn 'my_models:weight' is neither defined in this notebook nor allowed" in said
    assert "--allow-function my_models:weight" in said
    assert not (configured / "imported").exists()


def test_an_allowed_function_is_used_by_the_page(configured, monkeypatch):
    page = notebook("config.yaml", str(configured), ["my_models:weight"], [str(configured / "modules")])
    code = "".join(page["cells"][1]["source"]) + "\nshown.panels"
    code = f"import chinchilla_nb.opening\n{code}"
    script = configured / "page.py"
    script.write_text(f"{code}\n")
    assert "allow_functions=['my_models:weight']" in code
    assert f"allow_folders=[{str(configured / 'modules')!r}]" in code
    ended = subprocess.run([sys.executable, script], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert (configured / "imported").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            "--allow-function=no_such_module:f",
            "'no_such_module:f' cannot be imported: No module named 'no_such_module'",
        ),
        ("--allow-function=json:nothing", "'json:nothing' cannot be imported"),
        ("--allow-function=json:decoder", "'json:decoder' must be a function, got module"),
        ("--allow-function=os system", "'os system' is not the name of a function"),
        ("--allow-function=..x:f", "'..x:f' cannot be imported"),
        ("--allow-folder=nowhere", "the folder 'nowhere' does not exist"),
        ("--allow-folder=", "the folder must be the path of an existing folder, got ''"),
    ],
)
def test_what_cannot_be_allowed_is_refused_in_a_sentence(tmp_path, option, message, refusal):
    assert message in refusal("python_stdlib", option, cwd=tmp_path)


@pytest.mark.parametrize("port", ["abc", "99999", "-1"])
def test_impossible_port(port, refusal):
    assert f"a port is a whole number from 1 to 65535, got '{port}'" in refusal(f"--port={port}")


def test_port_in_use(runs_csv):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"port {port} cannot be used" in refusal_of_process(str(runs_csv), f"--port={port}")


def test_without_voila_it_says_how_to_get_it(runs_csv):
    code = "import sys; sys.modules['voila'] = None; from chinchilla_nb.cli import main; sys.exit(main(sys.argv[1:]))"
    ended = subprocess.run(
        [sys.executable, "-c", code, str(runs_csv)], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "pip install 'voila>=" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_csv_is_opened_in_memory(runs_csv):
    before = runs_csv.read_bytes()
    session = open_session(runs_csv)
    session.database.append(N=1e8, D=1e9, loss=3.0)
    assert len(session.runs) == 13
    assert runs_csv.read_bytes() == before
    assert [path.name for path in runs_csv.parent.iterdir()] == ["runs.csv"]


def test_a_study_is_opened_by_name():
    study = datasets.load("python_stdlib")
    session = open_session("python_stdlib")
    assert len(session.runs) == len(study.df)
    assert session.settings.seed_regime is study.seed_regime


def test_a_folder_goes_before_a_study_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("python_stdlib").mkdir()
    assert len(open_session("python_stdlib").runs) == 0


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (".", "sweep &amp; co"),
        ("./", "sweep &amp; co"),
        ("data/..", "sweep &amp; co"),
        ("..", "parent"),
        ("/", "/"),
        ("./data", "./data"),
        ("runs.csv", "runs.csv"),
        ("python_stdlib", "python_stdlib"),
    ],
)
def test_the_heading_names_the_folder(tmp_path, source, shown):
    folder = tmp_path / "parent" / "sweep & co"
    (folder / "data").mkdir(parents=True)
    head = notebook(source, str(folder))["cells"][0]["source"][0]
    assert head.startswith(f"<h1>{shown}</h1>\n")


@pytest.mark.slow
def test_the_terminal_names_the_folder(tmp_path):
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "df.csv").write_text("N,D,loss\n1e8,2e9,2.8\n")
    with serving(cwd=folder, temporary=tmp_path / "tmp") as server:
        assert server.what == "sweep (1 run)"


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_serves_the_workbench_and_ends_without_a_trace(runs_csv, tmp_path, end):
    with serving(runs_csv.name, cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        assert server.what == "runs.csv (12 runs)"
        assert len(list(server.temporary.glob("chinchilla-nb-*/workbench.ipynb"))) == 1
        if end is signal.SIGTERM:
            check_page(server.url)
        else:
            with urllib.request.urlopen(server.url, timeout=60) as page:
                assert "<h1>runs.csv</h1>" in page.read().decode()
        server.process.send_signal(end)
        # At once, while its kernels are still ending.
        assert wait_until(lambda: "Stopping the workbench" in server.said, 2)
        assert server.process.wait(30) == 0
        assert list(server.temporary.glob("chinchilla-nb-*")) == []
        if sys.platform == "linux":
            assert server.processes() == {}


def check_page(url):
    """See in a real page that the widgets are there, and that Fit finds the law the runs were made with."""
    from find_chromium import find_chromium
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("button", name="Fit", exact=True).click(timeout=60_000)
        page.get_by_text("406.4").first.wait_for(timeout=60_000)
        browser.close()


def test_without_an_argument_the_runs_of_the_folder_else_the_study(tmp_path, monkeypatch, refusal):
    monkeypatch.chdir(tmp_path)
    assert default_source() == "python_stdlib"
    Path("df.csv").write_text("N,D,loss\n1000000,20000000,-3.2\n")
    assert default_source() == "."
    assert re.search(r"df\.csv, line 2, column loss", refusal(cwd=tmp_path))
