"""Every line of docs/differences.md that compares with the package chinchilla is run, here and there."""

from __future__ import annotations

import pytest
from differences import OURS, PEER, Line, lines, outcomes, peer_python

LINES = lines()
NAMED = pytest.mark.parametrize(("at", "line"), list(enumerate(LINES)), ids=[line.code[:60] for line in LINES])


def check(package: str, at: int, line: Line) -> None:
    error, value = line.expected(package)
    found = outcomes(package)[at]
    if error is None:
        assert found["raised"] is None, found
        assert found["same"], f"{line.code} is {found['text']}, not {value}"
    else:
        assert found["raised"] is not None, found
        assert error in found["raised"], found


@pytest.mark.slow
@NAMED
def test_the_line_here(at, line):
    check(OURS, at, line)


@pytest.mark.peer
@pytest.mark.skipif(not peer_python(), reason="needs the package chinchilla: make peer")
@NAMED
def test_the_line_there(at, line):
    check(PEER, at, line)


@pytest.mark.slow
def test_an_error_here_is_one_sentence():
    said = [found["text"] for found in outcomes(OURS) if found["raised"] and "ValueError" in found["raised"]]
    assert len(said) > 5
    assert not [text for text in said if "\n" in text or not text]
