"""Scaling laws fitted in a notebook: an exact, fast engine, and panels over your own training runs.

The public names are listed once, in ``__init__.pyi``. Each loads its module on first use, so that importing the package
takes almost no time, and the engine works without notebook packages.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
