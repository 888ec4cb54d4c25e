"""Configure a session: every setting in a field that explains what is wrong with it, and files to keep them in."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets

from chinchilla_nb.arguments import make_settings
from chinchilla_nb.config import read_config
from chinchilla_nb.config_saving import write_config
from chinchilla_nb.engine.suggestion import suggest_grid
from chinchilla_nb.settings import Settings
from chinchilla_nb.widgets.fields import Editor, form_sheet
from chinchilla_nb.widgets.grid_editor import GridEditor
from chinchilla_nb.widgets.limits_editor import LimitsEditor
from chinchilla_nb.widgets.loss_editor import LossEditor
from chinchilla_nb.widgets.panel import Panel, guarded
from chinchilla_nb.widgets.plan_editor import PlanEditor
from chinchilla_nb.widgets.search_editor import SearchEditor
from chinchilla_nb.widgets.style import note

__all__ = ["ConfigPanel"]


class ConfigPanel(Panel):
    """The settings of a session, as fields.

    What is typed is checked at every keystroke. What is valid is in force at once; what is not is explained beside
    its field and changes nothing. Settings changed in code are shown.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    grid, limits, plan, loss, search : Editor
        Starting values; parameters in the fit; seeds and scaling; loss, weights and precision; model search.
    path : Text
        Configuration file.
    load_button, save_button : Button
    allow_imports : Checkbox
        Whether functions that a loaded file names may be imported, which runs their code.
    state, message : HTML
        Whether all fields are in force; what loading or saving did.
    """

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._writing = False
        self._replace = ""
        self.grid, self.limits, self.plan, self.loss = GridEditor(), LimitsEditor(), PlanEditor(), LossEditor()
        self.search = SearchEditor(arranged=lambda box: box.observe(partial(self._edited, self.search), "value"))
        self.editors: list[Editor] = [self.grid, self.limits, self.plan, self.loss, self.search]
        form = ipywidgets.Box(self.editors)
        form.add_class("cnb-form")
        self.state, self.message = ipywidgets.HTML(), ipywidgets.HTML()
        self.compose(form_sheet(), self._bar(), self.message, form)
        for editor in self.editors:
            for field in editor.watched:
                field.observe(partial(self._edited, editor), "value")
        self.grid.suggest.on_click(self._suggest)
        self.load_button.on_click(self._load)
        self.save_button.on_click(self._save)
        self.watch(self._show, "settings", "revision")
        self._show()

    def _bar(self) -> ipywidgets.Box:
        title = ipywidgets.HTML('<span class="cnb-title">Configuration</span>')
        label = ipywidgets.HTML('<span class="cnb-muted">File</span>')
        self.path = ipywidgets.Text(
            value=_default_path(self.session),
            tooltip="Configuration file, .yaml or .json",
            layout=ipywidgets.Layout(flex="1 1 180px", width="auto", min_width="140px"),
        )
        self.load_button = ipywidgets.Button(description="Load", tooltip="Take over the settings of the file")
        self.save_button = ipywidgets.Button(description="Save", tooltip="Write the settings in force to the file")
        self.save_button.add_class("cnb-go")
        for button in (self.load_button, self.save_button):
            button.layout.width = "72px"
        self.allow_imports = ipywidgets.Checkbox(
            description="may import functions",
            tooltip="Functions that the file names are imported on Load, which runs the code of their modules",
            indent=False,
            layout=ipywidgets.Layout(width="auto"),
        )
        file = ipywidgets.Box([label, self.path, self.load_button, self.save_button, self.allow_imports])
        file.add_class("cnb-bar")
        file.add_class("cnb-file")
        bar = ipywidgets.Box([title, self.state, file])
        bar.add_class("cnb-bar")
        return bar

    @guarded
    def _edited(self, editor: Editor, change: Any) -> None:
        """Take over what a person typed, if it is valid."""
        if self._writing:
            return
        self._writing = True
        try:
            settings = editor.read(self.session.settings, change["owner"])
        finally:
            self._writing = False
        if settings is not self.session.settings:
            self.session.settings = settings
        self._show_state()

    @guarded
    def _show(self, _change: Any = None) -> None:
        """Show settings that were changed elsewhere; fields that are being typed in stay as they are."""
        settings: Settings = self.session.settings
        self._writing = True
        try:
            for editor in self.editors:
                editor.show(settings)
        finally:
            self._writing = False
        self.grid.suggest.disabled = not len(self.session.runs)
        self._show_state()

    def _show_state(self) -> None:
        wrong = sum(editor.problems for editor in self.editors)
        if not wrong:
            self.state.value = '<span class="cnb-good">✓ in force</span>'
        else:
            text = f"{wrong} field{'' if wrong == 1 else 's'} not valid: what was valid last holds"
            self.state.value = f'<span class="cnb-bad">{text}</span>'

    @guarded
    def _suggest(self, _button: ipywidgets.Button) -> None:
        self.session.settings = dataclasses.replace(self.session.settings, grid=suggest_grid(self.session.runs))

    @guarded
    def _save(self, _button: ipywidgets.Button) -> None:
        path = self._path()
        if any(editor.problems for editor in self.editors):
            self.message.value = note("warn", "Nothing was saved: first correct the fields that are marked.")
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
        self.message.value = note("good", f'Saved. Chinchilla.from_config("{path}"{more}) opens it again.')

    @guarded
    def _load(self, _button: ipywidgets.Button) -> None:
        path, self._replace = self._path(), ""
        # Where the runs are is not changed by loading.
        overrides = {"project_dir": "."}
        try:
            arguments = read_config(path, overrides, allow_imports=self.allow_imports.value)
            self.session.settings = _settings_of(arguments)
        except (ValueError, TypeError, OSError) as error:
            text = str(error).replace("pass allow_imports=True", 'tick "may import functions"')
            self.message.value = note("bad", f"Nothing was loaded: {text}.")
            return
        self.message.value = note("good", f"Loaded {path}.")

    def _path(self) -> Path:
        return Path(self.path.value.strip()).expanduser()


def _settings_of(arguments: dict[str, Any]) -> Settings:
    """Make settings of what a file says; what belongs to the project stays with the project."""
    bounds = arguments.pop("bounds", {})
    named = {name: value for name, value in arguments.items() if name not in ("project_dir", "log_level", "rng")}
    return dataclasses.replace(make_settings(named), bounds=bounds)


def _default_path(session: Any) -> str:
    folder = getattr(session.database, "project_dir", None)
    return "config.yaml" if folder is None else str(Path(folder) / "config.yaml")
