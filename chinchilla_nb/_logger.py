"""The package's own loggers; nothing global is configured."""

from __future__ import annotations

import logging
import operator

from rich.console import Console
from rich.logging import RichHandler

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.printable import printable

__all__ = ["get_logger", "parse_level"]


def get_logger(level: int | str, name: str) -> logging.Logger:
    """Return a logger that prints to the console through rich.

    Each call makes a separate logger outside the registry of ``logging``: objects with different levels do not affect
    each other, and neither the root logger nor any other library's logger is touched.

    Parameters
    ----------
    level : int or str
        Threshold, e.g. 20 or ``"INFO"``. 30 hides standard messages, anything above 30 hides all.
    name : str
        Name shown by handlers that print it.

    Raises
    ------
    ValueError
        If the level is neither a number nor the name of one.
    """
    logger = logging.Logger(name, parse_level(level))  # noqa: LOG001  registered ones are shared by name
    logger.propagate = False
    logger.disabled = logger.level > logging.WARNING
    # To stderr, so that a script's output can be piped; looked up for each message, as notebooks replace it.
    handler = RichHandler(console=Console(stderr=True), show_path=False, rich_tracebacks=False, markup=False)
    handler.setFormatter(_Printable("%(message)s", datefmt="[%X]"))
    logger.addHandler(handler)
    return logger


class _Printable(logging.Formatter):
    """Formats messages without control characters: they quote paths and cells of tables."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def parse_level(level: int | str) -> int:
    """Return a log level as a number.

    Raises
    ------
    ValueError
        If it is neither a number nor the name of a standard level.
    """
    if isinstance(level, str):
        names = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "WARN": 30, "ERROR": 40, "CRITICAL": 50, "FATAL": 50}
        if level.upper() in names:
            return names[level.upper()]
    else:
        try:
            if not isinstance(level, bool):
                return operator.index(level)
        except Exception:  # noqa: BLE001, S110  a value of the user may raise anything when it is converted
            pass
    rule = "must be a whole number or one of DEBUG, INFO, WARNING, ERROR, CRITICAL"
    raise InputError("log_level", rule, got=brief(level))
