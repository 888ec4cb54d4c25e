"""A project that must not be written can be opened, fitted, reported and drawn."""

from __future__ import annotations

import pytest
from attacks.processes import AS_NOBODY, open_folder, output
from runs import make_runs, table_of

from chinchilla_nb.database import Database


@pytest.mark.parametrize("missing", [False, True])
def test_report_and_figures(missing: bool) -> None:
    with open_folder() as folder:
        database = Database(folder)
        database.df = table_of(make_runs(9))
        (folder / "df.csv.lock").unlink()
        if not missing:
            (folder / "parametric_fit.png").write_bytes(b"before")
            (folder / "parametric_fit.png").chmod(0o444)
        folder.chmod(0o555)
        code = """
    from chinchilla_nb.core import Chinchilla
    grid = {"E": [1, 2], "A": [100, 1000], "B": [100, 1000], "alpha": [0.2, 0.5], "beta": [0.2, 0.5]}
    cc = Chinchilla(sys.argv[1], param_grid=grid)
    cc.fit()
    cc.report()
    print(len(cc.visualizer.plot(cc).axes) > 0)
        """
        printed = output(AS_NOBODY + code, folder)
        assert "Estimated parameters" in printed
        assert printed.endswith("True\n")
        if not missing:
            assert (folder / "parametric_fit.png").read_bytes() == b"before"
