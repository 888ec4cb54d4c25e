"""The fits of a project as a DataFrame, and how to restore one: the part of `Chinchilla` that remembers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.fit_history import fit_differences, fit_rows
from chinchilla_nb.session import Session

__all__ = ["PastFits"]


class PastFits:
    """Fits of this session, and those that the project keeps of earlier ones."""

    session: Session

    def fit_history(self) -> pd.DataFrame:
        """Return the fits so far, a row for each, by number: at most the last hundred.

        Returns
        -------
        DataFrame
            ``made``, when; ``law``; ``loss``, the loss function; ``options``, other settings that are not the defaults;
            ``runs`` and ``excluded``, how many; ``filter``, that of the runs; ``objective``, the weighted mean loss per
            run; ``status``; ``intervals``, the method of the 95 % intervals once they are known; and each parameter
            with the ends of its interval, such as ``alpha``, ``alpha_low`` and ``alpha_high``.

        See Also
        --------
        restore_fit : Makes one of them the fit again.
        keep_session : Keeps them with the project.
        """
        rows = fit_rows(self.session.fits)
        return pd.DataFrame(rows, columns=None if rows else ["fit"]).set_index("fit")

    def restore_fit(self, number: int) -> Fit:
        """Make a fit of the history that of this project again, with its settings and exclusions.

        Parameters
        ----------
        number : int
            As in `fit_history`.

        Raises
        ------
        ValueError
            If there is no such fit, its runs are no longer logged, its settings were not kept, or solving it again
            gives another law. The first three change nothing.
        """
        session = self.session
        past = session.find_fit(number)
        session.restore_fit(past, AllowedFunctions().find)
        session.wait()
        if session.error or session.fit is None:
            raise InputError(f"fit {number}", "is not restored", remedy=session.error)
        return session.fit

    def compare_fits(self, one: int, other: int) -> pd.DataFrame:
        """Return in what two fits of the history differ, and lay both laws over the runs in all charts.

        Parameters
        ----------
        one, other : int
            As in `fit_history`.

        Returns
        -------
        DataFrame
            A row for each parameter, the objective, and whatever else differs: law, loss function, options, runs,
            exclusions, filter. The columns are ``fit 1`` and ``fit 2`` with the numbers given.

        Raises
        ------
        ValueError
            If there is no such fit, both are the same, or the charts show too many laws to draw two more.
        """
        pasts = [self.session.find_fit(number) for number in (one, other)]
        if one == other:
            raise InputError("other", "must be another fit", got=str(other))
        self.session.draw_fits(pasts)
        rows = fit_differences(*pasts)
        columns = ["", f"fit {one}", f"fit {other}"]
        return pd.DataFrame(rows, columns=columns).set_index("")

    def keep_session(self) -> Path | None:
        """Restore the last session of this project, and keep what changes from now on.

        Settings, exclusions, budget, fits, the laws beside them and the look of charts are kept in
        ``chinchilla_nb.session.json`` in the project folder, which is JSON that can be read. Opening a project by its
        path in `Workbench` or with the command ``chinchilla-nb`` does this, too.

        Returns
        -------
        Path or None
            The file; None if nothing can be kept. ``session.keeping_problem`` says why, or what was not restored.
        """
        self.session.keep()
        self.session.wait()
        return self.session.session_file
