"""What the command tells the server when it starts it."""

from __future__ import annotations

from dataclasses import dataclass

from chinchilla_nb.serving.address import LOCAL, Address

__all__ = ["LISTENING", "PAGE", "STOP_SECONDS", "Order"]

PAGE = "workbench.ipynb"
"""Name of the notebook in the folder of the server."""
LISTENING = "chinchilla-nb listens on port"
"""The line with which the server answers, followed by the number; a library may print others before it."""
STOP_SECONDS = 15
"""Seconds that the server may take to shut down its kernels; Jupyter gives each five before it kills it."""


@dataclass(frozen=True)
class Order:
    """What to serve, and to whom.

    It is sent through a pipe: other users can read the arguments of a process, and kernels inherit its environment.

    Parameters
    ----------
    folder : str
        A folder that only this user can write to, with the notebook; the server removes it when it ends.
    token : str
        Whoever knows it can open the page.
    port : int
        Port to listen on; 0 for a free one.
    origin, path : str
        The address of the page, as in `Address`.
    unused_seconds : float
        Seconds after which the kernel of an open page that nobody uses ends; 0 for never.
    """

    folder: str
    token: str
    port: int
    origin: str = LOCAL.origin
    path: str = LOCAL.path
    unused_seconds: float = 0.0

    @property
    def address(self) -> Address:
        """The address of the page."""
        return Address(self.origin, self.path)
