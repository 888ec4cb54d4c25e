"""The Dockerfile that Binder would build, rendered by repo2docker itself: no Docker is needed for that."""

from __future__ import annotations

import re
import subprocess
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def dockerfile():
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        from repo2docker.app import Repo2Docker  # what it imports has moved since

        patch.chdir(ROOT)  # build packs look at the folder they run in
        app = Repo2Docker()
        packs = (kind(base_image=app.base_image) for kind in app.buildpacks)
        found = next(pack for pack in packs if pack.detect())
        assert type(found).__name__ == "PythonBuildPack"
        assert found.binder_dir == "binder"
        found.platform = "linux/amd64"
        return found.render({})


def test_python_is_the_version_of_runtime_txt(dockerfile):
    assert (ROOT / "binder/runtime.txt").read_text() == "python-3.12\n"
    # As repo2docker writes the name of its environment.py-3.12-linux-64.lock.
    assert re.search(r"^COPY .*environment-2epy-2d3-2e12-2dlinux", dockerfile, flags=re.MULTILINE)


def test_the_package_is_installed_from_the_whole_repository(dockerfile):
    # `.` in the requirements is the repository, so it must be there before pip runs.
    copy = re.search(r"^COPY --chown=\S+ src/ \$\{REPO_DIR\}", dockerfile, flags=re.MULTILINE)
    install = re.search(r'pip install --no-cache-dir -r "binder/requirements.txt"', dockerfile)
    assert copy.start() < install.start()
    assert (ROOT / "binder/requirements.txt").read_text() == ".[app]\n"


def test_the_start_script_runs_what_it_is_given_on_one_thread(dockerfile):
    assert re.search(r'^ENV R2D_ENTRYPOINT="?\S*binder/start"?$', dockerfile, flags=re.MULTILINE)
    # Binder runs the file itself.
    start = ROOT / "binder/start"
    command = [start, "sh", "-c", "echo threads $OMP_NUM_THREADS"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("threads 1\n")
    assert start.read_text().endswith('\nexec "$@"\n')
