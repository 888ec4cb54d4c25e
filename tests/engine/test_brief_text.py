"""Values in messages: short, on one line, and cheap."""

from __future__ import annotations

from collections import deque
from functools import partial
from types import MappingProxyType

import numpy as np
import pytest

from chinchilla_nb.engine.brief_text import brief


class Unwritable:
    def __repr__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "value",
    [3, -2.5, True, None, "text", b"bytes", [], (), {}, [1, "a"], (1,), (1, 2), {"a": [1, {2}]}, {1: (2, 3)}, set()],
    ids=repr,
)
def test_a_short_value_is_written_as_python_writes_it(value):
    assert brief(value) == repr(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10**5000, "a whole number of about 5,001 digits"),
        (-(10**5000), "a whole number of about 5,001 digits"),
        (Unwritable(), "<Unwritable>"),
        ([Unwritable()], "<list>"),
        (np.array([1, "a"], dtype=object), "array([1, 'a'], dtype=object)"),
        (np.array(1.5), "1.5"),
        ([np.int64(3), np.False_, np.float32(0.1)], "[3, False, 0.1]"),
        (np.eye(2), "array([[1., 0.], [0., 1.]])"),
        ("a" * 10**6, "'" + "a" * 59 + "..."),
        (list(range(10**6)), repr(list(range(100)))[:60] + "..."),
    ],
    ids=[
        "digits",
        "negative digits",
        "no text",
        "no text in a list",
        "objects",
        "a numpy number",
        "numpy numbers",
        "lines",
        "long text",
        "long list",
    ],
)
def test_any_other_value_has_a_text_too(value, text):
    assert brief(value) == text


def test_lists_that_stand_for_more_than_fits_into_memory_are_read_as_far_as_they_are_shown():
    bomb = ["x"] * 10
    for _ in range(30):
        bomb = [bomb] * 10
    text = brief(bomb)  # pytest would write out the whole of it
    assert text == "[" * 31 + repr(["x"] * 10)[1:30] + "..."
    boxed = np.empty(1, dtype=object)
    boxed[0] = bomb
    text = brief(boxed)
    assert text.startswith("array([[[[[[[[")
    option = brief(partial(len, key=bomb))
    assert option == "functools.partial(<built-in function len>, {'key': [[[[[[[[[..."
    text = brief(MappingProxyType({"a": (deque(bomb), frozenset("b"))}))
    assert text.startswith("{'a': ([[[[[[")
    loop = []
    loop.append(loop)
    assert brief(loop) == "[" * 60 + "..."
