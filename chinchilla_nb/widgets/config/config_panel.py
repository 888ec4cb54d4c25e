"""Configure a session: a field for every setting, with errors shown beside it, and files to save the settings in."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any, cast

import ipywidgets

from chinchilla_nb.config.callables import ImportNotAllowed
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.config.saving import write_config
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.suggestion import suggest_grid
from chinchilla_nb.html_table import html_table
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import Editor
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.base.sections import Section
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.config.grid_editor import GridEditor
from chinchilla_nb.widgets.config.law_editor import LawEditor
from chinchilla_nb.widgets.config.limits_editor import LimitsEditor
from chinchilla_nb.widgets.config.loss_editor import LossEditor
from chinchilla_nb.widgets.config.plan_editor import PlanEditor
from chinchilla_nb.widgets.config.search_editor import SearchEditor

__all__ = ["ConfigPanel"]

_EDITORS: tuple[type[Editor], ...] = (LawEditor, GridEditor, LimitsEditor, PlanEditor, LossEditor, SearchEditor)


class ConfigPanel(Panel):
    """The settings of a session, as fields.

    Input is checked at every keystroke. Valid input is applied at once; an invalid field changes nothing, and the
    error is shown beside it. Settings changed in code are shown too.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    sections : dict of type to Section
        A section for each kind of editor; its fields are created when it is first opened.
    path : Text
        Configuration file.
    load_button, save_button : Button
    allow_imports : Checkbox
        Whether functions that a loaded file names may be imported, which runs their code.
    state, message : HTML
        Whether all fields are valid and applied; the result of loading or saving.
    """

    sheets = ("base/forms.css",)
    snapshot_of = ("settings",)

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._parts = Parts()
        self._writing = Writing()
        self._replace = ""
        self.sections = {kind: Section(self._parts, kind.title, partial(self._make, kind)) for kind in _EDITORS}
        self.state, self.message = self._parts.html(), self._parts.html()
        form = self._parts.box(list(self.sections.values()), "cnb-form")
        self.compose(self._bar(), self.message, form)
        for section in self.sections.values():
            section.toggle.observe(self._turn, "value")
        self.load_button.on_click(self._load)
        self.save_button.on_click(self._save)
        self.watch(self._show, "settings", "revision")
        self.sections[GridEditor].toggle.value = True
        self._show()

    @property
    def law(self) -> LawEditor:
        """The law that is fitted."""
        return cast(LawEditor, self.sections[LawEditor].fill())

    @property
    def grid(self) -> GridEditor:
        """Starting values."""
        return cast(GridEditor, self.sections[GridEditor].fill())

    @property
    def limits(self) -> LimitsEditor:
        """Limits of the parameters in a fit."""
        return cast(LimitsEditor, self.sections[LimitsEditor].fill())

    @property
    def plan(self) -> PlanEditor:
        """Seeds and scaling."""
        return cast(PlanEditor, self.sections[PlanEditor].fill())

    @property
    def loss(self) -> LossEditor:
        """Loss, weights and precision."""
        return cast(LossEditor, self.sections[LossEditor].fill())

    @property
    def search(self) -> SearchEditor:
        """Model search."""
        return cast(SearchEditor, self.sections[SearchEditor].fill())

    @property
    def editors(self) -> list[Editor]:
        """The editors of the sections that have been opened."""
        return [cast(Editor, section.content) for section in self.sections.values() if section.content is not None]

    def snapshot(self) -> dict[str, Any]:
        """Return a summary of every section, as a table."""
        settings = self.session.settings
        return {"text/html": html_table([kind.title, kind.describe(settings)] for kind in _EDITORS)}

    def _bar(self) -> ipywidgets.Box:
        make = self._parts
        self.path = make.text(
            "Configuration file, .yaml or .json", "grow", label="File", value=_default_path(self.session)
        )
        self.load_button = make.button("Load", "Apply the settings in the file")
        self.save_button = make.button("Save", "Write the current settings to the file", "cnb-go")
        self.allow_imports = make.make(
            ipywidgets.Checkbox,
            description="may import functions",
            tooltip="Functions that the file names are imported on Load, which runs the code of their modules",
            indent=False,
        )
        file = make.box([self.path, self.load_button, self.save_button, self.allow_imports], "cnb-bar", "cnb-file")
        return make.box([make.title("Configuration"), self.state, file], "cnb-bar")

    def _make(self, kind: type[Editor]) -> Editor:
        """Make the fields of a section, filled with the current settings."""
        editor = kind(self._parts, lambda field: field.observe(self._edited, "value"))
        with self._writing:
            editor.show(self.session.settings)
        if isinstance(editor, GridEditor):
            editor.suggest.on_click(self._suggest)
            editor.suggest.disabled = not len(self.session.runs)
        return editor

    @guarded
    def _turn(self, _change: Any) -> None:
        for section in self.sections.values():
            section.arrange()

    @guarded
    def _edited(self, change: Any) -> None:
        """Apply what the user typed, if it is valid."""
        if self._writing:
            return
        field = change["owner"]
        editor = next(editor for editor in self.editors if any(field in row.inputs for row in editor.rows))
        fit = self.session.fit
        if isinstance(editor, LimitsEditor) and fit is not None and fit.problem.family is self.session.settings.family:
            editor.law = fit.law
        with self._writing:
            settings = editor.read(self.session.settings, field)
        if settings is not self.session.settings:
            self.session.settings = settings
        self._show_state()

    @guarded
    def _show(self, _change: Any = None) -> None:
        """Show settings that were changed elsewhere, without touching the fields that the user is typing in."""
        with self._writing:
            for editor in self.editors:
                editor.show(self.session.settings)
        self.grid.suggest.disabled = not len(self.session.runs)
        self._show_state()

    def _show_state(self) -> None:
        for kind, section in self.sections.items():
            wrong = 0 if section.content is None else section.content.problems
            section.say(kind.describe(self.session.settings), _not_valid(wrong) if wrong else "")
        wrong = sum(editor.problems for editor in self.editors)
        if not wrong:
            self.state.value = '<span class="cnb-good">✓ applied</span>'
        else:
            self.state.value = f'<span class="cnb-bad">{_not_valid(wrong)}: the last valid values still apply</span>'

    @guarded
    def _suggest(self, _button: ipywidgets.Button) -> None:
        self.session.settings = dataclasses.replace(self.session.settings, grid=suggest_grid(self.session.runs))

    @guarded
    def _save(self, _button: ipywidgets.Button) -> None:
        path = self._path()
        if any(editor.problems for editor in self.editors):
            self.message.value = note("warn", "Nothing was saved: correct the marked fields first.")
            return
        if path.exists() and self._replace != str(path):
            self._replace = str(path)
            self.message.value = note("warn", f"{path} exists: press Save again to replace it.")
            return
        self._replace = ""
        project_dir = getattr(self.session.database, "project_dir", None)
        try:
            write_config(path, self.session.settings, project_dir)
        except (ValueError, OSError) as error:
            self.message.value = note("bad", f"Nothing was saved: {error}.")
            return
        more = "" if project_dir is not None else ", project_dir=..."
        self.message.value = note("good", f"Saved. Chinchilla.from_config({str(path)!r}{more}) opens it again.")

    @guarded
    def _load(self, _button: ipywidgets.Button) -> None:
        path, self._replace = self._path(), ""
        # The random generator belongs to the project, as its folder does, and is not replaced.
        overrides = {"rng": self.session.settings.rng}
        try:
            self.session.settings = read_settings(path, overrides, allow_imports=self.allow_imports.value).settings
        except ImportNotAllowed as error:
            refused = InputError(error.where, error.rule, remedy='tick "may import functions" if you trust it')
            self.message.value = note("bad", f"Nothing was loaded: {refused}.")
            return
        except (ValueError, TypeError, OSError) as error:
            self.message.value = note("bad", f"Nothing was loaded: {error}.")
            return
        self.message.value = note("good", f"Loaded {path}.")

    def _path(self) -> Path:
        return Path(self.path.value.strip()).expanduser()


def _not_valid(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'} not valid"


def _default_path(session: Any) -> str:
    folder = getattr(session.database, "project_dir", None)
    return "config.yaml" if folder is None else str(Path(folder) / "config.yaml")
