"""``python -m chinchilla_nb``: the command ``chinchilla-nb``."""

import sys

if __name__ == "__main__":
    # Python puts the current folder first, which may be somebody else's: nothing is imported from it from here on.
    if not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    from chinchilla_nb.cli import main

    sys.exit(main())
