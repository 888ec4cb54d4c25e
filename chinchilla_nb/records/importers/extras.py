"""Import the libraries that read some logs and that the package does not depend on."""

from __future__ import annotations

import importlib
from typing import Any

from chinchilla_nb.engine.errors import InputError

__all__ = ["MissingLibraryError", "import_library"]


class MissingLibraryError(InputError):
    """The library that reads some logs cannot be imported."""


def import_library(name: str, extra: str) -> Any:
    """Return an imported module.

    Parameters
    ----------
    name : str
        Its full name.
    extra : str
        The extra of this package that installs it.

    Raises
    ------
    MissingLibraryError
        If it is not installed or cannot be imported; the message says what to install.
    """
    library = name.partition(".")[0]
    try:
        importlib.import_module(library)
        return importlib.import_module(name)
    except ImportError as error:
        missing = "is not installed" if error.name == library else f"cannot be imported ({error})"
        remedy = f'pip install "chinchilla_nb[{extra}]"'
        raise MissingLibraryError("", f"these logs are read with {library}, which {missing}", remedy=remedy) from None
