"""Read a JSON file that another program wrote, or is writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError

__all__ = ["read_json_object"]


def read_json_object(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    InputError
        If the file is not JSON, for example because a crash has cut it off, or holds something else.
    OSError
        If it cannot be read.
    """
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:  # also text that is not UTF-8, and numbers of thousands of digits
        remedy = "it may have been cut off by a crash: restore or delete it"
        raise InputError(repr(str(path)), f"is not JSON ({error})", remedy=remedy) from None
    if not isinstance(value, dict):
        raise InputError(repr(str(path)), "does not hold a JSON object")
    return value
