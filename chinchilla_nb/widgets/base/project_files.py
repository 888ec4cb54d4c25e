"""The files that a panel reads and writes by a path that is typed into it.

Whoever sees a panel can type into it: on a page of Voila that need not be the owner of the kernel. So a path leads to
the project only, unless code allows other folders.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from chinchilla_nb.checks import as_folder, brief
from chinchilla_nb.engine.conversion import first_items
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.session import Session

__all__ = ["Folders", "ProjectFiles", "allowed_folders"]

Folders: TypeAlias = Iterable[str | os.PathLike[str]]

MOST_FOLDERS = 1_000
"""A longer list is a mistake, such as an iterator that never ends."""

_REMEDY = (
    "put the file there, or, if everyone who sees this page may use it, pass allow_folders=[its folder] to the "
    "workbench or panel, or --allow-folder to chinchilla-nb"
)


class ProjectFiles:
    """The files in the folder of a project, in the kernel's current folder if the runs have no folder, and in others.

    Parameters
    ----------
    session : Session
    folders : iterable of str or path
        Folders that are allowed besides the project's.

    Raises
    ------
    InputError
        If one of the folders does not exist.
    """

    def __init__(self, session: Session, folders: Folders = ()) -> None:
        self._session, self._allowed = session, allowed_folders(folders)

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return Path(getattr(self._session.database, "project_dir", None) or ".")

    def path(self, text: str, *, folders: bool = False) -> Path:
        """Return the absolute path that a text leads to, without symbolic links and ``..``.

        A relative path starts at the folder of the project, wherever the kernel runs.

        Parameters
        ----------
        text : str
        folders : bool
            Whether it may be a folder.

        Raises
        ------
        InputError
            If it leads out of the folders, to a hidden file or to something that is not a file. The message does not
            say whether anything is there.
        """
        allowed = (self.folder.resolve(), *self._allowed)
        try:
            typed = os.path.expanduser(text.strip())  # noqa: PTH111  Path.expanduser raises
            path = (self.folder / typed).resolve()
            inside = next((folder for folder in allowed if path.is_relative_to(folder)), None)
            # Not a folder, and not a pipe or device, which may have no end.
            is_usable = inside is not None and (path.is_file() or (folders and path.is_dir()) or not path.exists())
        except (OSError, RuntimeError, ValueError):  # a name too long, a loop of links, a null character
            raise InputError(brief(text), "cannot be the path of a file", remedy="correct it") from None
        if inside is None:
            raise InputError(brief(text), f"is outside the project folder, {str(self.folder)!r}", remedy=_REMEDY)
        if any(part.startswith(".") for part in path.relative_to(inside).parts):
            rule = "is hidden, and panels use no file or folder whose name begins with a point"
            raise InputError(brief(text), rule, remedy="choose another")
        if not is_usable:
            raise InputError(brief(text), "is not a file", remedy="give the path of one")
        return path


def allowed_folders(folders: Folders) -> tuple[Path, ...]:
    """Return existing folders as absolute paths without symbolic links.

    Raises
    ------
    InputError
        If it is not a list of folders, or one does not exist.
    """
    given = None if isinstance(folders, os.PathLike) else first_items(folders, MOST_FOLDERS)
    if given is None:
        raise InputError("allow_folders", "must be a list of folders", got=brief(folders))
    if len(given) > MOST_FOLDERS:
        raise InputError("allow_folders", f"must list at most {MOST_FOLDERS:,} folders", got=brief(folders))
    return tuple(as_folder(folder, "allow_folders").resolve() for folder in given)
