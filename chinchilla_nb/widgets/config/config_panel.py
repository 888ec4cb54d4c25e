"""Configure a session: a field for every setting, with errors shown beside it, and files to save the settings in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, cast

import ipywidgets

from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.config.saving import write_config
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.suggestion import suggest_grid
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.html_table import html_table
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import Editor, mark_wrong
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.base.project_files import Folders, ProjectFiles
from chinchilla_nb.widgets.base.sections import Section
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.config.compute_editor import ComputeEditor
from chinchilla_nb.widgets.config.grid_editor import GridEditor
from chinchilla_nb.widgets.config.law_editor import LawEditor
from chinchilla_nb.widgets.config.limits_editor import LimitsEditor
from chinchilla_nb.widgets.config.loss_editor import LossEditor
from chinchilla_nb.widgets.config.plan_editor import PlanEditor
from chinchilla_nb.widgets.config.search_editor import SearchEditor

__all__ = ["ConfigPanel"]

_EDITORS: tuple[type[Editor], ...] = (
    LossEditor,
    ComputeEditor,
    LawEditor,
    LimitsEditor,
    PlanEditor,
    SearchEditor,
    GridEditor,
)
"""What changes results most comes first."""


class ConfigPanel(Panel):
    """The settings of a session, as fields.

    Input is checked at every keystroke. Valid input is applied at once; an invalid field changes nothing, and the
    error is shown beside it. Settings changed in code are shown too.

    Parameters
    ----------
    source : Chinchilla or Session
    allow_functions : iterable of str
        Functions that the fields and a loaded file may name, ``package.module:function``, besides those that the
        notebook defines; they are imported.
    allow_folders : iterable of str or path
        Folders where configuration files may be loaded and saved, besides the project's.

    Attributes
    ----------
    sections : dict of type to Section
        A section for each kind of editor; its fields are created when it is first opened.
    path : Text
        Configuration file.
    load_button, save_button : Button
    state, message : HTML
        Whether all fields are valid and applied; the result of loading or saving.
    """

    sheets = ("base/forms.css",)
    snapshot_of = ("settings",)

    def __init__(self, source: Any, *, allow_functions: Iterable[str] = (), allow_folders: Folders = ()) -> None:
        super().__init__(source)
        self._functions = AllowedFunctions(allow_functions)
        self._files = ProjectFiles(self.session, allow_folders)
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
        self.path.observe(self._forget, "value")
        self.watch(self._show, "settings", "revision")
        self.sections[LossEditor].toggle.value = True
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
    def compute(self) -> ComputeEditor:
        """How C follows from N and D."""
        return cast(ComputeEditor, self.sections[ComputeEditor].fill())

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
            "Configuration file, .yaml or .json; a relative path starts at the project folder",
            "grow",
            label="File",
            value="config.yaml",
        )
        self.load_button = make.button("Load", "Apply the settings in the file")
        self.save_button = make.button("Save", "Write the current settings to the file", "cnb-go")
        file = make.box([self.path, self.load_button, self.save_button], "cnb-bar", "cnb-file")
        return make.box([make.title("Configuration"), self.state, file], "cnb-bar")

    def _make(self, kind: type[Editor]) -> Editor:
        """Make the fields of a section, filled with the current settings."""
        functions = {"functions": self._functions} if kind in (LossEditor, SearchEditor, ComputeEditor) else {}
        editor = kind(self._parts, lambda field: field.observe(self._edited, "value"), **functions)
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
            self._say("")  # what was said of a file no longer holds for these settings
            self.session.settings = settings
        self._show_state()

    @guarded
    def _show(self, _change: Any = None) -> None:
        """Show settings that were changed elsewhere, without touching the fields that the user is typing in."""
        with self._writing:
            for editor in self.editors:
                editor.show(self.session.settings)
        if self.sections[GridEditor].content is not None:
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
    def _forget(self, _change: Any) -> None:
        """Remove what was said of another file."""
        self._say("")

    def _say(self, message: str, *, wrong_path: bool = False) -> None:
        """Show the result of loading or saving, and whether the path was at fault."""
        self.message.value = message
        mark_wrong(self.path, wrong_path)

    @guarded
    def _save(self, _button: ipywidgets.Button) -> None:
        path = self._path("saved")
        if path is None:
            return
        if any(editor.problems for editor in self.editors):
            self._say(note("warn", "Nothing was saved: correct the marked fields first."))
            return
        if path.exists() and self._replace != str(path):
            self._replace = str(path)
            self._say(note("warn", f"{path} exists: press Save again to replace it."))
            return
        self._replace = ""
        project_dir = getattr(self.session.database, "project_dir", None)
        try:
            write_config(path, self.session.settings, project_dir)
        except (ValueError, OSError) as error:
            self._say(note("bad", stopped(f"Nothing was saved: {error}")), wrong_path=isinstance(error, OSError))
            return
        self._say(note("good", f"Saved {path}. Load reads it again."))

    @guarded
    def _load(self, _button: ipywidgets.Button) -> None:
        self._replace = ""
        path = self._path("loaded")
        if path is None:
            return
        # The random generator belongs to the project, as its folder does, and is not replaced.
        overrides = {"rng": self.session.settings.rng}
        try:
            self.session.settings = read_settings(path, overrides, find=self._functions.find).settings
        except (ValueError, TypeError, OSError) as error:
            self._say(note("bad", stopped(f"Nothing was loaded: {error}")), wrong_path=True)
            return
        self._say(note("good", f"Loaded {path}."))

    def _path(self, done: str) -> Path | None:
        """Return the path of the file; None if no file there may be used, with a message that nothing was done."""
        try:
            return self._files.path(self.path.value)
        except InputError as error:
            self._say(note("bad", stopped(f"Nothing was {done}: {error}")), wrong_path=True)
            return None


def _not_valid(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'} not valid"
