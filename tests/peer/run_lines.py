"""Run lines of Python, each in a folder of its own, and report what each returns or raises.

``python run_lines.py < lines.json > outcomes.json``, in the interpreter of chinchilla_nb or of the package chinchilla:
it needs nothing but the package. The input is ``{"package": str, "setup": str, "lines": [...]}``, and each line is
``{"code": str, "expected": str}``. All statements of a line but the last are executed; the last one is an expression,
or another statement, which returns None.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import json
import os
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")


def run(setup: str, code: str, expected: str) -> dict[str, object]:
    """Return the outcome of a line: what it raised, or its value, and whether that is the expected one."""
    names: dict[str, object] = {}
    *before, last = ast.parse(code).body
    try:
        exec(compile(setup, "setup", "exec"), names)
    except Exception:  # noqa: BLE001  the outcome is reported, whatever it is
        return {"raised": ["setup failed"], "text": traceback.format_exc()}
    try:
        exec(compile(ast.Module(before, []), code, "exec"), names)
        if not isinstance(last, ast.Expr):
            exec(compile(ast.Module([last], []), code, "exec"), names)
            value = None
        else:
            value = eval(compile(ast.Expression(last.value), code, "eval"), names)
    except Exception as error:  # noqa: BLE001
        return {"raised": [kind.__name__ for kind in type(error).__mro__], "text": str(error)}
    same = False
    with contextlib.suppress(Exception):
        same = bool(np.all(value == eval(expected, dict(names))))
    return {"raised": None, "text": repr(value), "same": same}


def main() -> None:
    """Run all lines."""
    given = json.load(sys.stdin)
    outcomes, home = [], Path.cwd()
    importlib.import_module(given["package"])  # what this changes for all lines stays changed
    for line in given["lines"]:
        with (
            tempfile.TemporaryDirectory() as folder,
            contextlib.redirect_stdout(io.StringIO()),
            warnings.catch_warnings(),
        ):
            os.chdir(folder)
            outcomes.append(run(given["setup"], line["code"], line["expected"]))
            os.chdir(home)
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
