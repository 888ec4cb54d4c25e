"""Files that take long are made in the background: the kernel answers meanwhile, and the button says what it does."""

from __future__ import annotations

import asyncio
import threading
import time

import ipywidgets
import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.widgets.base.error_notes import ErrorNotes
from chinchilla_nb.widgets.base.file_making import FileMaking
from chinchilla_nb.widgets.base.guard import Guard
from chinchilla_nb.widgets.base.page_actions import Download
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel


@pytest.fixture
def parts():
    errors, link = ErrorNotes(), Download()
    png, csv = (ipywidgets.Button(description=name) for name in ("PNG", "CSV"))
    return FileMaking(Guard(errors.report), link, png, csv), link, errors, png, csv


async def until(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def test_the_loop_answers_while_one_file_is_made(parts):
    making, link, _, png, csv = parts
    begun, proceed, calls = threading.Event(), threading.Event(), []

    def make() -> bytes:
        begun.set()
        proceed.wait(30)
        return b"content"

    async def click() -> None:
        making.start(png, "frontier.png", "image/png", make)
        assert png.description == "PNG …"
        assert (png.disabled, csv.disabled) == (True, True)
        making.start(csv, "runs.csv", "text/csv", lambda: calls.append("second") or b"")
        await until(begun.is_set)
        assert link.value == ""
        proceed.set()
        await until(lambda: link.value)

    asyncio.run(click())
    assert "Download frontier.png" in link.value
    assert (png.description, png.disabled, csv.disabled) == ("PNG", False, False)
    assert calls == []


def test_an_error_is_said_and_the_button_works_again(parts):
    making, link, errors, png, _ = parts

    def fail() -> bytes:
        raise InputError("the chart", "cannot be drawn")

    async def click() -> None:
        making.start(png, "frontier.png", "image/png", fail)
        await until(lambda: not png.disabled)

    asyncio.run(click())
    assert "the chart cannot be drawn" in errors.value
    assert link.value == ""
    making.start(png, "frontier.png", "image/png", lambda: b"content")  # without an event loop: at once
    assert "Download frontier.png" in link.value


def test_a_file_that_no_longer_matches_is_not_offered(parts):
    making, link, _, png, _ = parts
    proceed, ended = threading.Event(), threading.Event()

    def make() -> bytes:
        proceed.wait(30)
        ended.set()
        return b"content"

    async def click() -> None:
        making.start(png, "report.html", "text/html", make)
        making.cancel()
        assert (png.description, png.disabled) == ("PNG", False)
        proceed.set()
        await until(ended.is_set)
        await asyncio.sleep(0.05)

    asyncio.run(click())
    assert link.value == ""


def test_a_file_that_is_outdated_while_it_is_made_is_saved_without_a_link(parts):
    making, link, _, png, _ = parts
    proceed, seen = threading.Event(), []
    link.observe(lambda change: seen.append(change["new"]), "value")

    def make() -> bytes:
        proceed.wait(30)
        return b"content"

    async def click() -> None:
        making.start(png, "frontier.png", "image/png", make)
        making.outdate()
        assert png.disabled
        proceed.set()
        await until(lambda: not png.disabled)

    asyncio.run(click())
    assert any("Download frontier.png" in value for value in seen)
    assert link.value == ""
    making.start(png, "frontier.png", "image/png", lambda: b"content")
    assert "Download frontier.png" in link.value
    making.outdate()
    assert link.value == ""


def test_a_picture_asked_for_before_a_fit_leaves_no_link_after_it(session):
    session.run_fit()
    panel = FrontierPanel(session)

    async def click() -> None:
        panel.export.buttons["png"].click()
        session.run_fit()
        await until(lambda: not panel.export.buttons["png"].disabled)

    asyncio.run(click())
    assert panel.export.link.value == ""


def test_a_report_without_what_the_session_has_now_leaves_no_link(session):
    session.run_fit()
    panel = FrontierPanel(session)
    for change in (
        lambda: setattr(session, "budget", 1e23),
        lambda: setattr(session, "law_by_hand", session.fit.law),
        lambda: setattr(session, "uncertainty", session.fit.uncertainty("sandwich")),
    ):
        panel.publish.report.click()
        assert "Download report.html" in panel.publish.link.value
        change()
        assert panel.publish.link.value == ""


def test_a_click_on_the_panel_returns_before_the_picture_and_the_report_are_made(session):
    session.run_fit()
    panel = FrontierPanel(session)

    async def click() -> None:
        for button, link in (
            (panel.export.buttons["png"], panel.export.link),
            (panel.publish.report, panel.publish.link),
        ):
            button.click()
            assert button.disabled
            assert link.value == ""
            await until(lambda link=link: link.value)

    asyncio.run(click())
    assert "Download frontier.png" in panel.export.link.value
    assert "Download report.html" in panel.publish.link.value
