"""Two open pages of one project: each writes to its session file what it has changed, and keeps the rest."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from typing import Any

import pytest
from runs import make_runs, table_of

from chinchilla_nb import Chinchilla, ScalingLaw, mae
from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.laws.published import PUBLISHED_LAWS
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.opening import open_session
from chinchilla_nb.records.locks import FileHold
from chinchilla_nb.session_file import KeptState, session_content
from chinchilla_nb.session_merge import merged

NAME = "chinchilla_nb.session.json"
BASE = session_content(KeptState())
A_RUN, ANOTHER = [1e8, 2e9, 3.1, 0], [2e8, 4e9, 2.9, 0]
LATER = {
    "opened": {"scaling_factor": 2.0},
    "settings": {"scaling_factor": 3.0},
    "excluded": [A_RUN],
    "reasons": [{"reason": "diverged", "runs": [A_RUN]}],
    "filter": "N > 1",
    "budget": 1e20,
    "fit": "2026-01-02T00:00:00+00:00",
    "law_by_hand": {"E": 1.7},
    "overlays": [{"name": "x"}],
    "grouped_by": "optimizer",
    "hidden_groups": ["adam"],
    "chart_scale": "linear",
}


def test_every_value_but_the_fits_is_merged_as_a_whole():
    assert BASE.keys() - LATER.keys() == {"format", "version", "chinchilla_nb", "fits"}


@pytest.mark.parametrize("name", LATER)
def test_what_only_the_other_has_changed_stays(name):
    theirs = {**BASE, name: LATER[name]}
    assert merged(BASE, BASE, theirs) == theirs
    assert list(merged(BASE, BASE, dict(reversed(theirs.items())))) == list(BASE)


@pytest.mark.parametrize("name", LATER)
def test_what_only_this_one_has_changed_is_written(name):
    mine = {**BASE, name: LATER[name]}
    assert merged(mine, BASE, BASE) == mine


def test_each_keeps_what_it_alone_has_changed():
    mine, theirs = {**BASE, "budget": 1e20}, {**BASE, "filter": "N > 1", "chart_scale": "linear"}
    assert merged(mine, BASE, theirs) == {**theirs, "budget": 1e20}


def test_of_two_changes_the_last_is_written_even_if_it_clears():
    mine, theirs = {**BASE, "budget": None}, {**BASE, "budget": 2e20}
    assert merged(mine, {**BASE, "budget": 1e20}, theirs)["budget"] is None


@pytest.mark.parametrize(
    ("name", "with_it"),
    [
        ("excluded", ["reasons"]),
        ("reasons", ["excluded"]),
        ("fit", ["settings", "opened"]),
        ("settings", ["opened"]),
        ("grouped_by", ["hidden_groups"]),
        ("hidden_groups", ["grouped_by"]),
    ],
)
def test_what_belongs_together_is_written_together(name, with_it):
    mine, theirs = {**BASE, name: LATER[name]}, {**BASE, **LATER}
    found = merged(mine, BASE, theirs)
    assert {key for key in LATER if found[key] != LATER[key]} == set(with_it)


def test_other_settings_leave_the_fit_that_the_other_has_made():
    mine, theirs = {**BASE, "settings": {"scaling_factor": 4.0}}, {**BASE, **LATER}
    assert merged(mine, BASE, theirs)["fit"] == LATER["fit"]


def fit(day: int, **values: Any) -> dict[str, Any]:
    return {"made": f"2026-01-{day:02}T00:00:00+00:00", "intervals": {}, **values}


def test_fits_of_both_are_kept_in_order_and_the_oldest_go_first():
    mine, theirs = {**BASE, "fits": [fit(1), fit(3)]}, {**BASE, "fits": [fit(1), fit(2)]}
    assert merged(mine, BASE, theirs)["fits"] == [fit(1), fit(2), fit(3)]
    many = [{"made": f"2026-02-01T00:00:00.{number:06}+00:00"} for number in range(100)]
    assert merged({**BASE, "fits": many}, BASE, theirs)["fits"] == many


@pytest.mark.parametrize("whose", ["mine", "theirs"])
def test_intervals_that_one_of_them_has_added_are_kept(whose):
    base = {**BASE, "fits": [fit(1), fit(2)]}
    after = {**BASE, "fits": [fit(1), fit(2, intervals={"E": [1.6, 1.8]})]}
    mine, theirs = (after, base) if whose == "mine" else (base, after)
    assert merged(mine, base, theirs) == after


def test_fits_keep_their_order_when_the_clock_was_set_back():
    mine = {**BASE, "fits": [fit(3), fit(2)]}
    assert merged(mine, BASE, BASE) == mine
    assert merged({**mine, "budget": 1e20}, mine, mine)["fits"] == mine["fits"]


@pytest.fixture
def folder(tmp_path):
    Database(tmp_path).df = table_of(make_runs(12, rng=2))
    return tmp_path


def kept(folder, file=None):
    session = open_session(folder)
    session.keep(file)
    return session


def content(folder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return found


def test_a_page_that_sets_only_a_budget_keeps_what_another_has_done(folder):
    one, other = (Chinchilla(folder) for _ in range(2))
    one.keep_session()
    other.keep_session()
    one.session.exclude(run_keys(one.session.all_runs)[2:4], reason="diverged")
    one.session.run_fit()
    other.session.budget = 3e20
    again = kept(folder)
    assert again.keeping_problem == ""
    assert (again.budget, again.excluded) == (3e20, one.session.excluded)
    assert set(again.exclusion_reasons.values()) == {"diverged"}
    assert again.fit.law == one.session.fit.law
    assert not again.stale


CHANGES = {
    "settings": lambda session: setattr(session, "settings", change_settings(session.settings, scaling_factor=3.0)),
    "excluded": lambda session: session.exclude(run_keys(session.all_runs)[:2], reason="diverged"),
    "filter": lambda session: session.filter_runs("loss < 100"),
    "budget": lambda session: setattr(session, "budget", 1e20),
    "fit": lambda session: session.run_fit(),
    "law_by_hand": lambda session: setattr(session, "law_by_hand", ScalingLaw(1.7, 400.0, 410.0, 0.34, 0.28)),
    "overlays": lambda session: setattr(session, "overlays", tuple(PUBLISHED_LAWS.values())[:1]),
    "hidden_groups": lambda session: (session.view.group_by("optimizer"), session.view.hide_groups(["adam"])),
    "chart_scale": lambda session: setattr(session, "chart_scale", "linear"),
}


@pytest.mark.parametrize("first", CHANGES)
def test_a_change_outlives_each_other_change_of_a_stale_page(folder, first):
    others = {name: change for name, change in CHANGES.items() if name != first}
    stale = {name: kept(folder) for name in others}
    CHANGES[first](kept(folder))
    before = content(folder)
    for name, change in others.items():
        if (first, name) != ("settings", "fit"):  # a fit is written with its settings
            change(stale[name])
            assert content(folder)[first] == before[first], name
            assert content(folder)[name] not in ([], "", None, {}), name


def test_the_last_of_two_changes_wins_whole(folder):
    one, other = kept(folder), kept(folder)
    keys = run_keys(one.all_runs)
    one.exclude(keys[:2], reason="diverged")
    other.exclude(keys[1:3])
    again = kept(folder)
    assert again.excluded == frozenset(keys[1:3])
    assert not again.exclusion_reasons
    one.exclude(keys[:1], reason="too short")
    again = kept(folder)
    assert again.excluded == frozenset(keys[:2])
    assert sorted(again.exclusion_reasons.values()) == ["diverged", "too short"]


def test_what_was_written_once_is_not_written_again(folder):
    one, other = kept(folder), kept(folder)
    one.budget = 1e20
    other.budget = 2e20
    one.chart_scale = "linear"
    assert (content(folder)["budget"], content(folder)["chart_scale"]) == (2e20, "linear")
    one.budget = None
    assert content(folder)["budget"] is None


def test_a_fit_that_is_restored_later_does_not_replace_one_that_was_made_meanwhile(folder):
    kept(folder).run_fit()
    other = kept(folder)

    async def open_and_wait() -> None:
        session = kept(folder)
        assert session.busy  # solves the fit again
        await asyncio.to_thread(other.run_fit)
        while session.busy:
            await asyncio.sleep(0.01)
        assert session.current_fit.made != other.current_fit.made
        session.budget = 1e20
        session.flush_session()

    asyncio.run(open_and_wait())
    assert content(folder)["budget"] == 1e20
    assert content(folder)["fit"] == other.current_fit.made


def test_a_fit_is_written_with_its_settings(folder):
    one, other = kept(folder), kept(folder)
    one.settings = change_settings(one.settings, loss_fn=mae)
    other.run_fit()
    again = kept(folder)
    assert again.settings.loss_fn is other.settings.loss_fn
    assert not again.stale


def test_what_could_not_be_restored_stays_until_it_is_changed(folder):
    kept(folder).run_fit()
    before = content(folder)
    table = Database(folder).df
    Database(folder).df = table.assign(loss=table["loss"] * 2)
    session = kept(folder)
    assert "the last fit is not restored" in session.keeping_problem.lower()
    session.budget = 1e20
    assert content(folder) == {**before, "budget": 1e20}
    session.run_fit()
    assert content(folder)["fit"] == session.current_fit.made != before["fit"]


def test_a_good_file_that_has_replaced_a_damaged_one_is_not_moved_aside(folder):
    (folder / NAME).write_text("{", encoding="utf-8")
    one, other = kept(folder), kept(folder)
    one.chart_scale = "linear"
    other.budget = 1e20
    assert (content(folder)["chart_scale"], content(folder)["budget"]) == ("linear", 1e20)
    assert [path.name for path in folder.glob("*damaged*")] == ["chinchilla_nb.session.damaged.json"]


def test_a_file_that_is_damaged_while_a_page_is_open_is_moved_aside(folder):
    session = kept(folder)
    session.budget = 1e20
    (folder / NAME).write_text("{", encoding="utf-8")
    session.chart_scale = "linear"
    assert (folder / "chinchilla_nb.session.damaged.json").read_text(encoding="utf-8") == "{"
    assert (content(folder)["chart_scale"], content(folder)["budget"]) == ("linear", 1e20)


def test_a_file_that_a_later_release_has_written_meanwhile_stays_as_it_is(folder):
    session = kept(folder)
    session.budget = 1e20
    later = json.dumps({**content(folder), "version": 2})
    (folder / NAME).write_text(later, encoding="utf-8")
    session.chart_scale = "linear"
    assert (folder / NAME).read_text(encoding="utf-8") == later
    assert "This session is not kept: the session file" in session.keeping_problem
    (folder / NAME).unlink()
    session.budget = 2e20
    assert session.keeping_problem == ""
    assert (content(folder)["chart_scale"], content(folder)["budget"]) == ("linear", 2e20)


def test_a_page_waits_while_another_reads_and_writes(folder):
    session = kept(folder)
    session.budget = 1e20
    before = content(folder)
    path = folder / NAME
    hold = FileHold(path.with_name(f".{NAME}.lock"), path, lambda _message: None)
    with hold, hold:
        hold.acquire()
        writer = threading.Thread(target=lambda: setattr(session, "budget", 2e20))
        writer.start()
        writer.join(0.2)
        assert content(folder) == before
        path.write_text(json.dumps({**before, "filter": "loss < 100"}), encoding="utf-8")
    writer.join()
    assert content(folder) == {**before, "filter": "loss < 100", "budget": 2e20}


def test_a_folder_that_was_deleted_is_not_made_again(tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    session = open_session("python_stdlib")
    session.keep(place / NAME)
    shutil.rmtree(place)
    session.budget = 1e20
    assert not place.exists()
    assert "This session is not kept" in session.keeping_problem
