"""Which functions can be named: those that the notebook defines, and those that code allows."""

from __future__ import annotations

import functools
import math
import re
import sys
import types

import pytest

from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.callables import ImportNotAllowed


@pytest.fixture
def notebook(monkeypatch):
    """The namespace of a notebook that imports functions, defines some, and wraps one."""
    main = types.ModuleType("__main__")
    code = """
import math, functools
from math import lgamma
def f(x): return x
def _private(x): return x
@functools.lru_cache
def cached(x): return x
class Model:
    def __call__(self, x): return x
    def size(self, x): return x
model, number, part = Model(), 3, functools.partial(math.pow, 2)
"""
    exec(code, main.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


@pytest.mark.parametrize("name", ["f", "_private", "cached", "model", "Model", "__main__:f"])
def test_what_the_notebook_defines_is_found(notebook, name):
    assert AllowedFunctions().find(name) is getattr(notebook, name.removeprefix("__main__:"))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("lgamma", "allow_functions=['math:lgamma']"),
        ("math:lgamma", "allow_functions=['math:lgamma']"),
        ("math.lgamma", "allow_functions=['math.lgamma']"),
        ("__main__:lgamma", "allow_functions=['math:lgamma']"),
        ("model.size", "allow_functions=['model.size']"),
        ("part", "allow_functions=['part']"),
    ],
)
def test_anything_else_is_refused_with_what_would_allow_it(notebook, name, remedy):
    with pytest.raises(ImportNotAllowed, match="is neither defined in this notebook nor allowed") as caught:
        AllowedFunctions().find(name)
    assert remedy in str(caught.value)
    # The remedy works, for the name as it was written.
    allowed = AllowedFunctions(eval(remedy.removeprefix("allow_functions=")))
    written = eval(remedy.removeprefix("allow_functions="))[0]
    assert callable(allowed.find(written))


def test_allowed_functions_are_found_and_offered(notebook):
    allowed = AllowedFunctions(["math:lgamma", "__main__:part"])
    assert allowed.find("math:lgamma") is math.lgamma
    assert allowed.find("part") is allowed.find("__main__:part") is notebook.part
    assert isinstance(notebook.part, functools.partial)
    # The cached function is no plain one, so it can be named but is not offered.
    assert allowed.offered() == ["f", "math:lgamma", "part"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("math:lgamma", "allow_functions must be a list of names, got 'math:lgamma'"),
        (None, "allow_functions must be a list of names, got None"),
        ([math.lgamma], "allow_functions must be a list of names"),
        (["math:nothing"], "'math:nothing' cannot be imported"),
        (["not_here"], "'not_here' is not defined"),
    ],
)
def test_what_cannot_be_allowed_is_one_sentence(notebook, names, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        AllowedFunctions(names)


@pytest.mark.parametrize(
    ("code", "reason"), [("1/0", "ZeroDivisionError"), ("def", "SyntaxError"), ("", "no attribute")]
)
def test_a_module_that_cannot_be_imported_is_one_sentence(tmp_path, monkeypatch, code, reason):
    (tmp_path / "broken_module.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=f"'broken_module:f' cannot be imported: .*{reason}"):
        AllowedFunctions(["broken_module:f"])
    sys.modules.pop("broken_module", None)
