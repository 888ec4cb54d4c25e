"""A session that is kept in the folder of its project: restored, written whole, and never at the expense of a file."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from command import ROOT
from runs import make_runs, table_of

from chinchilla_nb import ScalingLaw, log_huber, mae
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.settings import Settings, change_settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.laws.published import PUBLISHED_LAWS
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.opening import open_session
from chinchilla_nb.session import Session

NAME = "chinchilla_nb.session.json"
CHANGES = {
    "param_grid": {"E": [1.5], "A": [300], "B": [300], "alpha": [0.3], "beta": [0.3]},
    "seed_ranges": {"C": (1e18, 1e20), "N_to_D": (10, 30)},
    "num_seeding_steps": 7,
    "scaling_factor": 2.5,
    "bounds": {"E": (0.5, 3.0)},
    "compute": "8ND",
}


@pytest.fixture
def folder(tmp_path):
    Database(tmp_path).df = table_of(make_runs(12, rng=2))
    return tmp_path


def kept(folder, **options):
    session = open_session(folder)
    session.keep(**options)
    return session


def changed(folder) -> Session:
    """A session with everything that is kept."""
    session = kept(folder)
    session.settings = change_settings(session.settings, **CHANGES, loss_fn=log_huber)
    session.exclude(run_keys(session.all_runs)[2:4])
    session.filter_runs("loss < 100")
    session.run_fit()
    session.budget = 3e21
    session.exclude(run_keys(session.all_runs)[2:3], reason="diverged <b>")
    session.law_by_hand = ScalingLaw(E=1.7, A=400.0, B=410.0, alpha=0.34, beta=0.28)
    forecast = NamedLaw("Forecast for 1e22 FLOPs", session.fit.law, "saved forecast")
    session.overlays = (*PUBLISHED_LAWS.values(), forecast)[-4:]
    session.chart_scale = "excess"
    session.view.group_by("optimizer")
    session.view.hide_groups(["adam"])
    return session


def test_everything_is_restored_to_the_bit(folder):
    before = changed(folder)
    after = kept(folder)
    assert after.keeping_problem == ""
    for name in ("family", "grid", "loss_fn", "weight_fn", "num_seeding_steps", "scaling_factor", "bounds", "compute"):
        assert getattr(after.settings, name) == getattr(before.settings, name)
    assert after.settings.seed_regime == before.settings.seed_regime
    assert after.excluded == before.excluded
    assert list(after.exclusion_reasons.values()) == ["diverged <b>"]
    assert after.exclusion_reasons == before.exclusion_reasons
    assert (after.budget, after.view.query) == (3e21, "loss < 100")
    assert (after.law_by_hand, after.overlays) == (before.law_by_hand, before.overlays)
    assert (after.view.grouped_by, after.view.hidden_groups) == ("optimizer", frozenset({"adam"}))
    assert after.chart_scale == "excess"
    assert after.fit.law == before.fit.law
    assert not after.stale
    assert [past.made for past in after.fits] == [past.made for past in before.fits]
    after.undo_exclusion()
    assert after.excluded == frozenset()


def test_nothing_is_written_before_something_changes(folder):
    session = kept(folder)
    assert not (folder / NAME).exists()
    session.run_fit()
    written = (folder / NAME).stat().st_mtime_ns
    kept(folder)
    assert (folder / NAME).stat().st_mtime_ns == written


def test_the_file_is_json_that_a_person_can_read(folder):
    session = changed(folder)
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    assert (content["format"], content["version"]) == ("chinchilla_nb session", 1)
    assert content["settings"]["loss_fn"] == "log_huber"
    assert content["settings"]["bounds"] == {"E": [0.5, 3.0]}
    assert content["fits"][0]["law"] == session.fit.law.as_dict()
    assert content["budget"] == 3e21
    assert "\n" in (folder / NAME).read_text(encoding="utf-8")[:50]


def test_a_stale_fit_is_restored_as_such(folder):
    session = changed(folder)
    session.settings = change_settings(session.settings, loss_fn=mae)
    after = kept(folder)
    assert after.fit.law == session.fit.law
    assert after.stale
    assert after.settings.loss_fn is mae


def test_runs_logged_since_are_new(folder):
    changed(folder)
    Database(folder).append(N=1e9, D=2e10, loss=2.5)
    after = kept(folder)
    assert (after.new_runs, len(after.fit.runs)) == (1, 10)


def test_the_fit_is_restored_when_runs_that_it_did_not_use_have_changed(folder):
    before = changed(folder)
    table = Database(folder).df.copy()
    table.loc[2, "loss"] += 200  # the filter leaves it out
    Database(folder).df = table.drop(index=[3])
    after = kept(folder)
    assert after.keeping_problem == ""
    assert after.fit.law == before.fit.law
    table.loc[5, "loss"] += 0.1
    Database(folder).df = table.drop(index=[3])
    after = kept(folder)
    assert after.fit is None
    said = "The last fit is not restored: 1 of the 10 runs of this fit has changed or is no longer logged"
    assert said in after.keeping_problem


def test_fits_of_an_earlier_release_have_no_marks_and_are_restored(folder):
    before = changed(folder)
    fits = json.loads((folder / NAME).read_text(encoding="utf-8"))["fits"]
    del fits[0]["marks"]
    after = altered(folder, fits=fits)
    assert (after.keeping_problem, after.fit.law) == ("", before.fit.law)


def test_a_configuration_that_was_changed_wins(folder):
    (folder / "config.yaml").write_text("scaling_factor: 3.0\n")
    session = open_session(folder / "config.yaml")
    session.keep()
    session.settings = change_settings(session.settings, scaling_factor=4.0)
    session.exclude(run_keys(session.all_runs)[:1])
    again = open_session(folder / "config.yaml")
    again.keep()
    assert again.settings.scaling_factor == 4.0
    (folder / "config.yaml").write_text("scaling_factor: 5.0\n")
    again = open_session(folder / "config.yaml")
    again.keep()
    assert again.settings.scaling_factor == 5.0
    assert len(again.excluded) == 1
    assert "the configuration has changed since" in again.keeping_problem.lower()


DAMAGED = {
    "empty": "",
    "cut": '{"format": "chinchilla_nb session", "version": 1, "settings": {',
    "other": '{"a": 1}',
    "a list": "[]",
    "twice": '{"format": "chinchilla_nb session", "version": 1, "version": 1}',
    "deep": "[" * 100_000,
    "incomplete": '{"format": "chinchilla_nb session", "version": 1}',
    "binary": "\x00\x01",
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_reported_and_moved_aside(folder, text):
    (folder / NAME).write_text(text, encoding="utf-8")
    session = kept(folder)
    assert "the session file" in session.keeping_problem.lower()
    assert "moved aside" in session.keeping_problem
    assert (folder / NAME).read_text(encoding="utf-8") == text
    session.run_fit()
    assert (folder / "chinchilla_nb.session.damaged.json").read_text(encoding="utf-8") == text
    assert kept(folder).fit.law == session.fit.law
    (folder / NAME).write_text("again", encoding="utf-8")
    kept(folder).budget = 1e20
    assert (folder / "chinchilla_nb.session.damaged-2.json").read_text(encoding="utf-8") == "again"


def altered(folder, **values):
    """Write a session file with some values changed, and return what is said of it."""
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    content |= values
    (folder / NAME).write_text(json.dumps(content), encoding="utf-8")
    return kept(folder)


def test_a_number_too_large_for_a_float_is_named_before_it_keeps_the_file_from_being_written(folder):
    kept(folder).run_fit()
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    content["fits"][0]["settings"] = {"scaling_factor": "LARGE"}
    (folder / NAME).write_text(json.dumps(content).replace('"LARGE"', "1e999"), encoding="utf-8")
    session = kept(folder)
    assert "damaged at 'fits'" in session.keeping_problem
    session.budget = 1e20
    assert "damaged at 'fits'" in session.keeping_problem  # and not that the session cannot be kept
    assert kept(folder).budget == 1e20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("excluded", [[1, 2, 3]]),
        ("excluded", [["a", 2, 3, 0]]),
        ("excluded", 5),
        ("budget", -1),
        ("budget", 1e200),
        ("budget", True),
        ("budget", "1e20"),
        ("fits", {}),
        ("fits", [{}]),
        ("settings", []),
        ("fit", 3),
        ("opened", None),
        ("reasons", {}),
        ("reasons", [{"reason": 3, "runs": []}]),
        ("law_by_hand", {"E": -1}),
        ("law_by_hand", {"E": "1.7", "A": 1, "B": 1, "alpha": 1, "beta": 1}),
        ("law_by_hand", []),
        ("overlays", {}),
        ("overlays", [{"name": "", "form": "chinchilla", "law": {}, "source": ""}]),
        ("overlays", [{"name": "x", "form": "os:system", "law": {}, "source": ""}]),
        ("overlays", [{"name": "x", "form": ["chinchilla"], "law": {"E": 1}, "source": ""}]),
        ("filter", "half of a surrogate pair: \ud800"),
        ("hidden_groups", ["\udcff"]),
        ("grouped_by", 5),
        ("grouped_by", "x" * 2000),
        ("hidden_groups", "adam"),
        ("chart_scale", "cubic"),
        ("chart_scale", ["log"]),
    ],
)
def test_an_odd_value_is_named_and_the_rest_is_restored(folder, name, value):
    before = changed(folder)
    text = (folder / NAME).read_text(encoding="utf-8")
    session = altered(folder, **{name: value})
    assert f"damaged at '{name}', got " in session.keeping_problem
    assert "The rest was restored, and the file is moved aside" in session.keeping_problem
    if name != "excluded":
        assert session.excluded == before.excluded
    if name != "budget":
        assert session.budget == before.budget
    if name != "fits":
        assert [past.made for past in session.fits] == [past.made for past in before.fits]
    if name != "chart_scale":
        assert session.chart_scale == "excess"
    if name not in {"law_by_hand", "settings", "opened"}:
        assert session.law_by_hand == before.law_by_hand
    assert json.loads((folder / NAME).read_text(encoding="utf-8")) == {**json.loads(text), name: value}
    session.budget = 2e20
    aside = folder / "chinchilla_nb.session.damaged.json"
    assert json.loads(aside.read_text(encoding="utf-8"))[name] == value
    assert kept(folder).keeping_problem == ""


def test_an_odd_item_of_a_list_is_named_and_the_others_are_restored(folder):
    before = changed(folder)
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    session = altered(
        folder,
        excluded=[*content["excluded"], [1, 2]],
        fits=[{"made": "now"}, *content["fits"]],
        overlays=[content["overlays"][0], {"name": "x"}],
        reasons=[3, *content["reasons"]],
        hidden_groups=["adam", 5],
    )
    said = session.keeping_problem
    for item in ("'excluded', got [1, 2] as item 3", "'reasons', got 3 as item 1", "and 2 more"):
        assert item in said
    assert (session.excluded, session.fit.law) == (before.excluded, before.fit.law)
    assert session.overlays == before.overlays[:1]
    assert session.exclusion_reasons == before.exclusion_reasons
    assert session.view.hidden_groups == frozenset({"adam"})


def test_what_a_session_refuses_is_said_and_the_rest_is_restored(folder):
    before = changed(folder)
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    session = altered(
        folder,
        law_by_hand=PUBLISHED_LAWS["Kaplan et al. 2020"].law.as_dict(),
        overlays=content["overlays"] * 2,
        grouped_by=None,
    )
    said = session.keeping_problem
    assert "The law by hand is not restored: law_by_hand must have the parameters E, A, B, alpha, beta" in said
    assert "The laws beside the fit are not restored: overlays must be at most 4 laws" in said
    assert (session.law_by_hand, session.overlays, session.view.hidden_groups) == (None, (), frozenset())
    assert (session.fit.law, session.budget) == (before.fit.law, before.budget)


def test_a_file_of_an_earlier_release_has_less_and_is_restored(folder):
    before = changed(folder)
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    later = {"reasons", "law_by_hand", "overlays", "grouped_by", "hidden_groups", "chart_scale"}
    earlier = {name: value for name, value in content.items() if name not in later}
    (folder / NAME).write_text(json.dumps(earlier), encoding="utf-8")
    session = kept(folder)
    assert session.keeping_problem == ""
    assert (session.fit.law, session.excluded) == (before.fit.law, before.excluded)
    assert (session.law_by_hand, session.overlays, session.chart_scale) == (None, (), "log")


@pytest.mark.parametrize(
    "change",
    [
        lambda session: setattr(session, "law_by_hand", session.settings.family.published),
        lambda session: setattr(session, "overlays", tuple(PUBLISHED_LAWS.values())[:1]),
        lambda session: setattr(session, "chart_scale", "linear"),
        lambda session: session.view.group_by("optimizer"),
        lambda session: session.exclude(session.excluded, reason="again"),
    ],
    ids=["law by hand", "overlays", "scale", "groups", "reason"],
)
def test_each_change_is_written_by_itself(folder, change):
    session = kept(folder)
    session.exclude(run_keys(session.all_runs)[:1])
    before = (folder / NAME).read_text(encoding="utf-8")
    change(session)
    assert (folder / NAME).read_text(encoding="utf-8") != before


def test_a_law_of_the_users_own_form_is_not_written(folder):
    class Constant(ScalingLaw):
        parameters = ()

        def as_dict(self):
            return {"c": 1.0}

    session = kept(folder)
    session.overlays = (NamedLaw("mine", Constant(1.7, 400.0, 410.0, 0.34, 0.28)),)
    again = kept(folder)
    assert (again.keeping_problem, again.overlays) == ("", ())


DEEP = "[" * 100_000 + "]" * 100_000
ODD_PARTS = {
    "NaN": ("NaN", "NaN"),
    "infinite": ("-Infinity", "-Infinity"),
    "twice": ('{"a": 1, "a": 2}', "{'a': 2 values}"),
    "deep": (DEEP, "["),
    "deep objects": ('{"a":' * 100_000 + "1" + "}" * 100_000, "{"),
    "long": ("9" * 5_000, "a whole number of 5,000 digits"),
}


@pytest.mark.parametrize(("part", "said"), ODD_PARTS.values(), ids=ODD_PARTS)
@pytest.mark.parametrize("name", ["budget", "filter", "excluded", "fits", "overlays", "law_by_hand", "scaling_factor"])
def test_a_part_that_no_json_should_have_costs_that_part_alone(folder, name, part, said):
    before = changed(folder)
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    if name == "scaling_factor":
        content["settings"][name], where = "ODD", "'settings'"
    elif isinstance(content[name], list):
        content[name], where = [*content[name], "ODD"], f"{name!r}"
    else:
        content[name], where = "ODD", f"{name!r}"
    text = json.dumps(content).replace('"ODD"', part)
    (folder / NAME).write_text(text, encoding="utf-8")
    session = kept(folder)
    assert f"damaged at {where}, got {said}" in session.keeping_problem
    assert "The rest was restored, and the file is moved aside" in session.keeping_problem
    assert session.excluded == before.excluded
    assert session.overlays == before.overlays
    assert [past.made for past in session.fits] == [past.made for past in before.fits]
    assert session.settings.num_seeding_steps == 7
    assert session.budget == (None if name == "budget" else 3e21)
    assert session.settings.scaling_factor == (None if name == "scaling_factor" else 2.5)
    session.budget = 2e20
    assert (folder / "chinchilla_nb.session.damaged.json").read_text(encoding="utf-8") == text
    assert kept(folder).keeping_problem == ""


def test_a_name_that_is_given_twice_costs_that_value_alone(folder):
    before = changed(folder)
    text = (folder / NAME).read_text(encoding="utf-8")
    (folder / NAME).write_text(text.replace('"budget":', '"budget": 1e20, "budget":'), encoding="utf-8")
    session = kept(folder)
    assert "damaged at 'budget', got 2 values" in session.keeping_problem
    assert (session.budget, session.excluded, session.fit.law) == (None, before.excluded, before.fit.law)


@pytest.mark.parametrize("part", ["NaN", '{"E": 1, "E": 2}', DEEP], ids=["NaN", "twice", "deep"])
def test_a_part_of_a_fit_that_no_json_should_have_costs_that_fit_alone(folder, part):
    session = changed(folder)
    session.run_fit()
    content = json.loads((folder / NAME).read_text(encoding="utf-8"))
    assert len(content["fits"]) == 2
    content["fits"][0]["settings"] = {"bounds": "ODD"}
    (folder / NAME).write_text(json.dumps(content).replace('"ODD"', part), encoding="utf-8")
    again = kept(folder)
    assert "damaged at 'fits', got" in again.keeping_problem
    assert [past.made for past in again.fits] == [content["fits"][1]["made"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("law", {"E": 1}),
        ("law", {"E": "x", "A": 1, "B": 1, "alpha": 1, "beta": 1}),
        ("made", "yesterday"),
        ("made", "2026-01-01"),
        ("objective", None),
        ("status", "perfect"),
        ("runs", "zz"),
        ("marks", "zz"),
        ("marks", "x" * 80),
        ("marks", ["0" * 80]),
        ("n_runs", 1.5),
        ("intervals", {"E": [1, 2]}),
        ("loss", "x" * 2000),
    ],
)
def test_an_odd_fit_is_damage(folder, name, value):
    changed(folder)
    fits = json.loads((folder / NAME).read_text(encoding="utf-8"))["fits"]
    fits[0][name] = value
    assert "damaged at 'fits'" in altered(folder, fits=fits).keeping_problem


def test_a_law_that_is_not_that_of_the_runs_is_not_shown(folder):
    table = Database(folder).df
    noise = 1 + 0.01 * np.random.default_rng(1).standard_normal(len(table))
    Database(folder).df = table.assign(loss=table["loss"] * noise)
    changed(folder)
    fits = json.loads((folder / NAME).read_text(encoding="utf-8"))["fits"]
    fits[0]["objective"] *= 2
    fits[0]["law"]["E"] = 0.1
    session = altered(folder, fits=fits)
    assert session.fit is None
    assert "was found differently" in session.error


def test_a_file_of_a_later_version_stays_as_it_is(folder):
    changed(folder)
    session = altered(folder, version=2)
    before = (folder / NAME).read_bytes()
    assert "must be of version 1, got version 2: update chinchilla_nb" in session.keeping_problem
    session.run_fit()
    assert (folder / NAME).read_bytes() == before


def test_a_link_is_neither_read_nor_written(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "precious"
    elsewhere.write_text("mine")
    (folder / NAME).symlink_to(elsewhere)
    session = kept(folder)
    assert "symbolic link" in session.keeping_problem
    session.run_fit()
    assert elsewhere.read_text() == "mine"
    (folder / NAME).unlink()
    session = kept(folder)
    (folder / NAME).symlink_to(elsewhere)  # between opening and writing
    session.run_fit()
    assert elsewhere.read_text() == "mine"
    assert "This session is not kept" in session.keeping_problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_does_not_hold_up_the_opening(folder):
    os.mkfifo(folder / NAME)
    assert "cannot be read" in kept(folder).keeping_problem


def test_functions_in_the_file_are_found_as_those_of_a_configuration_are(folder, monkeypatch):
    changed(folder)
    session = altered(folder, settings={"loss_fn": "os:system", "scaling_factor": 2.0})
    assert "neither defined in this notebook nor allowed" in session.keeping_problem
    assert session.settings.loss_fn is Settings().loss_fn
    assert session.settings.scaling_factor == 2.0
    monkeypatch.syspath_prepend(folder)
    (folder / "my_losses.py").write_text("def mine(y_true, y_pred):\n    return abs(y_true - y_pred)\n")
    session = open_session(folder)
    (folder / NAME).unlink()
    session.keep()
    mine = AllowedFunctions(["my_losses:mine"]).find("my_losses:mine")
    session.settings = change_settings(session.settings, loss_fn=mine)
    session.budget = 1e19
    assert "nor allowed" in kept(folder).keeping_problem
    assert kept(folder, find=AllowedFunctions(["my_losses:mine"]).find).settings.loss_fn.__name__ == "mine"


def test_fits_of_two_open_pages_are_all_kept(folder):
    one, other = kept(folder), kept(folder)
    one.run_fit()
    other.run_fit()
    one.run_fit()
    assert len(kept(folder).fits) == 3


def test_on_an_event_loop_changes_are_written_a_little_later_and_once(folder):
    async def drag() -> None:
        session = kept(folder)
        for step in range(100):
            session.budget = 1e20 + step * 1e18
        assert not (folder / NAME).exists()
        await asyncio.sleep(1)

    asyncio.run(drag())
    assert json.loads((folder / NAME).read_text(encoding="utf-8"))["budget"] == 1.99e20


def test_what_is_not_written_yet_is_written_when_python_ends(folder):
    code = f"""
import asyncio, sys
from chinchilla_nb.opening import open_session
async def change():
    session = open_session({str(folder)!r})
    session.keep()
    session.budget = 7e20
    return session
session = asyncio.run(change())
"""
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert json.loads((folder / NAME).read_text(encoding="utf-8"))["budget"] == 7e20


def test_runs_without_a_folder_need_a_path(tmp_path):
    with pytest.raises(InputError, match="has no project folder to be kept in"):
        open_session("python_stdlib").keep()
    session = open_session("python_stdlib")
    session.keep(tmp_path / "session.json")
    session.exclude(run_keys(session.all_runs)[:2])
    again = open_session("python_stdlib")
    again.keep(tmp_path / "session.json")
    assert again.excluded == session.excluded


def test_the_file_stays_where_it_was_when_the_current_folder_changes(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)
    session = open_session("python_stdlib")
    session.keep("session.json")
    monkeypatch.chdir(there)
    session.exclude(run_keys(session.all_runs)[:2])
    assert (here / "session.json").is_file()
    assert not (there / "session.json").exists()


def test_a_folder_of_json_runs_is_still_one(tmp_path):
    for number, run in enumerate(table_of(make_runs(4)).to_dict("records")):
        (tmp_path / f"{number}.json").write_text(json.dumps(run))
    (tmp_path / NAME).write_text('{"format": "chinchilla_nb session"}')
    assert len(open_session(tmp_path).runs) == 4
