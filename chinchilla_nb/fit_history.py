"""The fits of a session, each as a row, any of which can be restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from traitlets import HasTraits, Instance, Tuple, observe

from chinchilla_nb.config.callables import Finder
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import check_callable, check_type, first_items
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.fitting.fit import Fit, FitStatus, iter_fit
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.engine.laws.families import family_of
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.run_keys import RunKey
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.past_fit import FIT_SETTINGS, PastFit, fingerprint, fit_config, marked_rows, run_marks
from chinchilla_nb.run_compute import runs_under
from chinchilla_nb.run_view import RunView
from chinchilla_nb.work.job import Outcome

__all__ = ["MOST_FITS", "Circumstances", "FitHistory", "RunChoice", "fit_differences", "fit_rows"]

MOST_FITS = 100
"""Most fits that are kept, a few kB each: the oldest go first. A table of more would not be looked through."""
MOST_HELD = 20
"""Most fits that are also held in memory, with their runs, objectives at all starts and draws, some 100 kB each; others
are solved again to restore them."""
MADE = "fitted "
"""Begins the source of the law of a past fit."""
SAME = 1e-6
"""Relative difference of objectives up to which a fit that is solved again is the one that was kept: more than rounding
on another machine, less than between two optima."""
ALREADY_EXACT = 1e-12
"""Objective below which runs follow the law exactly, so that only rounding differs."""


class RunChoice(NamedTuple):
    """The exclusions and the filter that a fit was made under."""

    fit: Fit | None
    excluded: frozenset[RunKey]
    query: str


class Circumstances(NamedTuple):
    """What holds when a fit begins."""

    settings: Settings
    excluded: frozenset[RunKey]
    query: str
    logged: int
    exhaustive: bool

    def choice(self, fit: Fit) -> RunChoice:
        """Return the choice of the runs of a fit."""
        return RunChoice(fit, self.excluded, self.query)

    def of_fit(self, fit: Fit, made: str) -> PastFit:
        """Return what is kept of a fit that has just ended."""
        return PastFit(
            made=made,
            law=fit.law,
            loss=loss_in_words(fit.loss_fn),
            objective=fit.objective,
            status=fit.status,
            exhaustive=self.exhaustive,
            n_runs=len(fit.runs),
            logged=self.logged,
            runs=fingerprint(fit.runs),
            excluded=self.excluded,
            query=self.query,
            start=fit.problem.start,
            config=fit_config(self.settings),
            marks=run_marks(fit.runs),
            fit=fit,
            settings=self.settings,
        )


class FitHistory(HasTraits):
    """The fits of a session.

    Attributes
    ----------
    fits : tuple of PastFit
        In the order in which they ended, the latest last: at most 100.
    current_fit : PastFit or None
        The one that is the fit of the session.
    """

    settings: Settings
    excluded: frozenset[RunKey]
    all_runs: Runs
    runs: Runs
    fit: Fit | None
    uncertainty: Any
    busy: bool
    error: str
    database: Any
    if TYPE_CHECKING:

        def start(self, steps: Callable[[], Iterator[Any]], *, on_end: Callable[[Outcome], None]) -> None:
            """Start long work, as `Session.start` does."""

    view: RunView
    overlays: Any
    _fitted_from: RunChoice
    fits = Tuple()
    current_fit = Instance(PastFit, allow_none=True)

    def _circumstances(self, options: Mapping[str, Any]) -> Circumstances:
        exhaustive = options.get("exhaustive") is True
        return Circumstances(self.settings, self.excluded, self.view.query, len(self.all_runs), exhaustive)

    def _chosen(self, fit: Fit | None) -> RunChoice:
        """Return the exclusions and the filter of now, as those of a fit."""
        return RunChoice(fit, self.excluded, self.view.query)

    def _remember_fit(self, fit: Fit, at: Circumstances) -> None:
        """Add a fit that has ended."""
        made = datetime.now().astimezone().isoformat(timespec="microseconds")
        past = at.of_fit(fit, made)
        kept = (*self.fits, past)[-MOST_FITS:]
        self.current_fit = past
        self.fits = (*(old.without_fit() for old in kept[:-MOST_HELD]), *kept[-MOST_HELD:])

    def find_fit(self, number: int) -> PastFit:
        """Return a fit by its number, 1 for the first.

        Raises
        ------
        InputError
            If there is no such fit.
        """
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 1 <= number <= len(self.fits):
            known = f"must be a number from 1 to {len(self.fits)}" if self.fits else "is unknown, as there is none yet"
            raise InputError("number", known, got=brief(number))
        found: PastFit = self.fits[number - 1]
        return found

    def restore_fit(self, past: PastFit, find: Finder) -> None:
        """Make a fit that of the session again, with its settings and exclusions.

        A fit that is in memory is there at once; another is solved again, in the background where an event loop runs.

        Parameters
        ----------
        past : PastFit
        find : callable
            Returns the functions that its settings name.

        Raises
        ------
        InputError, TypeError
            If its runs are no longer logged, or its settings cannot be used; nothing is changed then.
        RuntimeError
            If other work is under way.
        """
        check_type(past, "past", PastFit)
        check_callable(find, "find")
        if self.busy:
            raise RuntimeError("work is under way: session.wait() waits for it, session.cancel() stops it")
        settings, runs = self._prepared(past, find)
        with self.hold_trait_notifications():
            self.settings, self.excluded, self.view.query = settings, past.excluded, past.query
        self._bring_back(past, settings, runs)

    def _prepared(self, past: PastFit, find: Finder) -> tuple[Settings, Runs]:
        """Return the settings and the runs of a fit; errors as for `restore_fit`."""
        own = past.load_settings(find)
        settings = replace(self.settings, **{row.field: getattr(own, row.field) for row in FIT_SETTINGS})
        return settings, _runs_of(past, self.database.runs, settings)

    def _bring_back(self, past: PastFit, settings: Settings, runs: Runs) -> None:
        """Make a fit that of the session, at once if it is in memory, else by solving its problem again."""
        if past.fit is not None:
            self._show_again(past, past.fit)
            return
        problem = replace(settings.problem(self.runs if self.runs.alike(runs) else runs), start=past.start)

        def end(outcome: Outcome) -> None:
            if outcome.error is None and not outcome.cancelled and outcome.last is not None:
                self._compare(past, outcome.last.best)

        self.start(lambda: iter_fit(problem, exhaustive=past.exhaustive), on_end=end)

    def _show_again(self, past: PastFit, fit: Fit) -> None:
        self.error = ""
        self._fitted_from = RunChoice(fit, past.excluded, past.query)
        self.current_fit = past
        self.fit = fit
        if past.uncertainty is not None:
            self.uncertainty = past.uncertainty

    def _compare(self, past: PastFit, fit: Fit) -> None:
        """Show a fit that was solved again, if it is the one that was kept."""
        difference = abs(fit.objective - past.objective)
        if difference <= SAME * past.objective + ALREADY_EXACT and fit.law.parameters == past.law.parameters:
            held = replace(past, law=fit.law, objective=fit.objective, fit=fit)
            self.fits = tuple(held if other is past else other for other in self.fits)
            self._show_again(held, fit)
            return
        found = f"it has an objective of {fit.objective:.6g} now, and had {past.objective:.6g}"
        was = "was cancelled" if past.status is FitStatus.CANCELLED else "was found differently"
        self.error = f"this fit cannot be restored, because it {was}: {found}; press Fit to fit again"

    def draw_fits(self, fits: Iterable[PastFit]) -> None:
        """Lay the laws of some fits over the runs, in all charts, in place of those of other fits.

        Raises
        ------
        InputError
            If there are more than charts can show, or others than those of the session; nothing is changed then.
        """
        given = first_items(fits, MOST_FITS)
        if given is None or not all(isinstance(past, PastFit) for past in given):
            raise InputTypeError("fits", "must be fits of the session", got=brief(fits))
        own = {f"{MADE}{past.made}" for past in self.fits}
        others = [law for law in self.overlays if law.source not in own]
        self.overlays = (*others, *(self._named(past) for past in given))

    @property
    def drawn_fits(self) -> tuple[PastFit, ...]:
        """The fits whose laws are laid over the runs."""
        sources = {law.source for law in self.overlays}
        return tuple(past for past in self.fits if f"{MADE}{past.made}" in sources)

    def _named(self, past: PastFit) -> NamedLaw:
        made = [other.made for other in self.fits]
        if past.made not in made:
            raise InputError("fits", "must be fits of the session", got=brief(past.made))
        number = made.index(past.made) + 1
        return NamedLaw(f"Fit {number}", past.law, f"{MADE}{past.made}")

    @observe("uncertainty")
    def _note_intervals(self, change: Any) -> None:
        """Add the intervals of the fit once they are known."""
        past, known = self.current_fit, change["new"]
        if past is None or past.fit is None or known is None or known.fit is not past.fit:
            return
        self.current_fit = past.with_uncertainty(known)
        self.fits = tuple(self.current_fit if other is past else other for other in self.fits)


def _runs_of(past: PastFit, recorded: Runs, settings: Settings) -> Runs:
    """Return the runs that a fit used, from those that are logged now; other runs may have changed meanwhile.

    Raises
    ------
    InputError
        If one of them has changed or is no longer logged.
    """
    if past.logged <= len(recorded):
        first = recorded.take(np.arange(past.logged))
        runs = runs_under(first, past.excluded, past.query, settings)
        if fingerprint(runs) == past.runs:
            return runs
    rows = marked_rows(past.marks, recorded)
    missing = past.n_runs - len(rows) if past.marks else 0
    if past.marks and not missing:
        runs = runs_under(recorded.take(np.array(rows)), frozenset(), "", settings)
        if fingerprint(runs) == past.runs:
            return runs
    remedy = "fit the runs that are there"
    if missing:
        rule = "has changed or is no longer logged" if missing == 1 else "have changed or are no longer logged"
        raise InputError(f"{missing:,} of the {past.n_runs:,} runs of this fit", rule, remedy=remedy)
    raise InputError("the runs of this fit", "have changed since", remedy=remedy)


def fit_rows(fits: tuple[PastFit, ...]) -> list[dict[str, Any]]:
    """Return fits as rows: what was fitted, how, and what was found, with the interval of each parameter."""
    rows = []
    for number, past in enumerate(fits, 1):
        row: dict[str, Any] = {
            "fit": number,
            "made": past.made[:19].replace("T", " "),
            "law": family_of(past.law).name,
            "loss": past.loss,
            "options": options_text(past),
            "runs": past.n_runs,
            "excluded": len(past.excluded),
            "filter": past.query,
            "objective": past.objective,
            "status": past.status.value,
            "intervals": past.method,
        }
        for name, value in past.law.as_dict().items():
            low, high = past.intervals.get(name, (float("nan"), float("nan")))
            row |= {name: value, f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return rows


def fit_differences(one: PastFit, other: PastFit) -> list[tuple[str, Any, Any]]:
    """Return in what two fits differ, each with its values in both; all parameters, whether or not they differ."""
    first, second = (fit_rows((past,))[0] for past in (one, other))
    names = [name for name in dict.fromkeys([*first, *second]) if name not in {"fit", "made", "intervals"}]
    always = {"objective", *one.law.as_dict(), *other.law.as_dict()}
    pairs = [(name, first.get(name), second.get(name)) for name in names if not name.endswith(("_low", "_high"))]
    return [pair for pair in pairs if pair[0] in always or pair[1] != pair[2]]


def options_text(past: PastFit) -> str:
    """Return the settings of a fit that are not the defaults, besides its law and loss."""
    if isinstance(past.config, str):
        return past.config
    others = {name: value for name, value in past.config.items() if name not in {"law", "loss_fn"}}
    return "; ".join(f"{name} {brief(value)}" for name, value in others.items())
