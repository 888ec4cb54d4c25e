"""Loggers of our own, and nobody else's."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from chinchilla_nb._logger import get_logger


def printed(capsys, level):
    logger = get_logger(level, "chinchilla_nb.test")
    logger.info("a standard message")
    logger.warning("a warning")
    logger.critical("a disaster")
    return capsys.readouterr().err


def test_thirty_hides_standard_messages(capsys):
    text = printed(capsys, 30)
    assert "standard" not in text
    assert "a warning" in text
    assert "a disaster" in text


@pytest.mark.parametrize("level", [31, 40, 50, 100, "ERROR", "critical"])
def test_more_than_thirty_hides_everything(capsys, level):
    assert printed(capsys, level) == ""


@pytest.mark.parametrize("level", [20, "INFO", "info", logging.INFO, 0])
def test_twenty_shows_everything(capsys, level):
    text = printed(capsys, level)
    assert "a standard message" in text
    assert "a warning" in text


def test_two_loggers_of_one_name_keep_their_own_levels(capsys):
    loud, silent = get_logger(20, "same"), get_logger(50, "same")
    loud.info("heard")
    silent.critical("not heard")
    text = capsys.readouterr().err
    assert "heard" in text
    assert "not heard" not in text


@pytest.mark.parametrize("level", ["loud", None, 1.5])
def test_an_unknown_level_is_one_sentence(level):
    with pytest.raises(ValueError, match="log_level must be a whole number or one of DEBUG"):
        get_logger(level, "x")


def test_importing_and_logging_changes_nothing_global():
    script = """
import logging, warnings
# These set filters of their own when they are imported.
import matplotlib.figure, numpy, pandas, scipy.optimize, scipy.sparse, scipy.special, traitlets, yaml, pydantic, rich
foreign = logging.getLogger("somebody.else")
def state():
    root = logging.getLogger()
    return (root.level, list(root.handlers), logging.root.manager.disable, foreign.level, list(foreign.handlers),
            logging.getLogger("matplotlib").level, list(warnings.filters), numpy.geterr(), dict(matplotlib.rcParams))
before = state()
import chinchilla_nb.core, chinchilla_nb.simulator, chinchilla_nb.visualizer, chinchilla_nb._logger
for name in ("", "root", "matplotlib", "somebody.else"):
    chinchilla_nb._logger.get_logger(50, name).info("x")
after = state()
assert before == after, [pair for pair in zip(before, after) if pair[0] != pair[1]]
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
