"""What a project publishes: the Chinchilla table, and the report as one file."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import date as Date
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from chinchilla_nb.checks import as_file_path
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.optimal_runs import optimal_runs
from chinchilla_nb.fit_uncertainty import FitUncertainty, uncertainty_of
from chinchilla_nb.publishing.chinchilla_table import ChinchillaTable
from chinchilla_nb.publishing.facts import TITLE
from chinchilla_nb.session import Session
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["Publication"]

REPORT = "report.html"
"""Name of a report in the project's folder."""


class Publication:
    """What a project publishes of its last fit.

    Attributes
    ----------
    session : Session
        Holds the fit and its uncertainty.
    project_dir : str
    logger : Logger
    """

    session: Session
    project_dir: str
    logger: logging.Logger

    def _fit(self) -> Fit:
        raise NotImplementedError

    def uncertainty(self, *args: Any, **kwargs: Any) -> Any:
        """Estimate how sure the last fit is."""
        raise NotImplementedError

    def rollout(self, *args: Any, **kwargs: Any) -> Any:
        """Fit the runs below budgets and score the predictions of those beyond."""
        raise NotImplementedError

    def chinchilla_table(
        self,
        N: ArrayLike | None = None,
        *,
        C: ArrayLike | None = None,
        hardware: Hardware | None = None,
        level: float = 0.95,
        uncertainty: FitUncertainty | None = None,
    ) -> ChinchillaTable:
        """Return the compute-optimal run of each model size, or of each budget, as table 3 of Hoffmann et al. 2022.

        Parameters
        ----------
        N : array_like, optional
            Model sizes, such as ``[1e9, 7e9, 70e9]``.
        C : array_like, optional
            Budgets in FLOPs instead. With neither, the largest compute of the runs, 10, 100 and 1,000 times that, and
            the budget that was chosen in a panel.
        hardware : Hardware, optional
            What trains the models, for days and costs.
        level : float, default 0.95
            Level of the intervals.
        uncertainty : FitUncertainty, optional
            That of the last fit. By default that of the last call of ``uncertainty()``, if there was one since; without
            it, the table has no intervals.

        Returns
        -------
        ChinchillaTable
            Shown as a table in a notebook; ``to_frame()``, ``to_html()``, ``to_latex()``, ``to_csv()`` and
            ``save(path)`` give it in other forms.

        Raises
        ------
        ValueError
            If nothing has been fitted, N and C are both given, a value is not positive and finite, or the law has no
            optimum there.
        """
        fit = self._fit()
        believed = uncertainty_of(self.session, fit, uncertainty)
        budget = self.session.budget
        runs = optimal_runs(fit, N=N, C=C, budget=budget, hardware=hardware, uncertainty=believed, level=level)
        return ChinchillaTable(runs, self.session.data_unit)

    def save_report(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        title: str = TITLE,
        date: Date | None = None,
        definitions: Mapping[str, str] | None = None,
        table: ChinchillaTable | None = None,
    ) -> Path:
        """Write a report of the last fit as one HTML file, which needs no kernel, no network and no scripts.

        It holds the law with its intervals, the charts, the next model, a Chinchilla table, how the law was fitted, the
        runs (all of them as a CSV file inside), which runs are excluded and why, and versions. Intervals and roll-outs
        that are not known yet are estimated first, as by ``uncertainty(rng=0)`` and ``rollout()``.

        Parameters
        ----------
        path : str or path, optional
            The file, which is replaced; by default ``report.html`` in the project's folder.
        title : str
        date : datetime.date, optional
            The date that is printed; today by default.
        definitions : mapping of str to str, optional
            What N, D, C and loss are, such as ``{"N": "parameters without embeddings"}``.
        table : ChinchillaTable, optional
            As from :meth:`chinchilla_table`; by default without arguments.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            If nothing has been fitted, or an argument is not of its kind.
        OSError
            If the file cannot be written.
        """
        from chinchilla_nb.publishing.report_page import report_page  # imports matplotlib, which is slow

        file = Path(self.project_dir, REPORT) if path is None else as_file_path(path, "path")
        self._fit()
        self._estimate_missing()
        page = report_page(self.session, title=title, date=date, definitions=definitions, table=table)
        with explain_write_errors(file):
            write_whole(file, page.encode())
        self.logger.info("saved %s", file)
        return file

    def _estimate_missing(self) -> None:
        """Estimate the uncertainty and the roll-outs of the last fit, unless they are known or impossible."""
        session = self.session
        missing = {
            "intervals": (session.uncertainty, lambda: self.uncertainty(rng=0)),
            "roll-outs": (session.roll_outs, self.rollout),
        }
        for what, (known, estimate) in missing.items():
            # Roll-outs of a stale fit would be those of other runs.
            if known is not None or (what == "roll-outs" and session.stale):
                continue
            try:
                estimate()
            except InputError as error:
                self.logger.warning("the report has no %s: %s", what, error)
