"""The text of a configuration file, JSON or YAML, and the values that it stands for."""

from __future__ import annotations

import json
from typing import Any

import yaml

from chinchilla_nb.checks import brief
from chinchilla_nb.config.whole_numbers import whole_number
from chinchilla_nb.config.yaml_text import parse_yaml, yaml_text
from chinchilla_nb.engine.errors import InputError

__all__ = ["LARGEST_FILE", "SUFFIXES", "format_values", "parse_values"]

SUFFIXES = (".yaml", ".yml", ".json")
LARGEST_FILE = 500_000
"""Size of a file in bytes up to which it is read: PyYAML takes three seconds for as many. Grids of many values have
the short forms linspace and geomspace."""


def parse_values(text: str, suffix: str) -> Any:
    """Return the values in a text.

    Parameters
    ----------
    text : str
    suffix : str
        One of `SUFFIXES`.

    Raises
    ------
    InputError
        If the text does not parse, or repeats a key; its rule says why and, if known, where.
    """
    try:
        if suffix == ".json":
            return json.loads(text, object_pairs_hook=_once_each, parse_int=whole_number)
        return parse_yaml(text)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  PyYAML also raises errors of other kinds
        raise InputError("", _reason(error)) from None


def format_values(config: dict[str, Any], suffix: str) -> str:
    """Return values as a text of which `parse_values` returns the same values."""
    if suffix == ".json":
        return json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    return yaml_text(config)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise InputError("", f"the key {brief(key)} is given twice")
        values[key] = value
    return values


def _reason(error: Exception) -> str:
    """Return why a text does not parse, with line and column if they are known."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, yaml.reader.ReaderError):
        return f"character {error.position + 1}: {error.reason}"
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or "it is not valid"
    return str(problem) if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
