"""A walk through the workbench: clicks in a page, what must follow, and a screenshot after each step."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from layout_faults import layout_faults
from pages import assert_no_cell_failed, screenshot, still_box
from places import Opened
from playwright.sync_api import Error, FloatRect, Locator, expect

WAIT_MS = 20_000
"""Milliseconds that a reply of the kernel may take on a busy machine."""
WORKBENCH = ".cnb-workbench"
SETTLE_MS = 700
"""bqplot draws a chart again 0.3 s after a change of size, and a mode of the mouse takes hold after that."""


class Walk:
    """The page of a workbench, and the few things that all steps do in it.

    Parameters
    ----------
    opened : Opened

    Attributes
    ----------
    page : Page
    failed : list of str
        The steps that failed.
    """

    def __init__(self, opened: Opened) -> None:
        self.page, self.failed = opened.page, list[str]()
        self._opened, self._taken = opened, 0
        self.page.set_default_timeout(WAIT_MS)

    @property
    def voila(self) -> bool:
        """Whether this is a page of Voila, in which no code can be run."""
        return self._opened.name.startswith("voila")

    def take(self, steps: Iterable[Callable[[Walk], None]]) -> None:
        """Take steps, each whether or not the one before failed, and save a screenshot after each."""
        for step in steps:
            self._taken += 1
            try:
                step(self)
                self._check()
            except (AssertionError, Error) as error:
                self._note(step, error)
            try:
                screenshot(self.page, f"{self._opened.name}-{self._taken:02d}-{step.__name__}", WORKBENCH)
            except (AssertionError, Error) as error:  # the step has left no workbench on the page
                self._note(step, error)

    def _note(self, step: Callable[[Walk], None], error: Exception) -> None:
        reason = str(error).partition("Aria snapshot")[0].strip()
        print(f"{self._opened.name} {step.__name__}: {reason}", flush=True)
        if step.__name__ not in self.failed:
            self.failed.append(step.__name__)

    def _check(self) -> None:
        """Check that page, panels and kernel have reported no error, and that nothing is cut off."""
        assert not self._opened.errors, "\n".join(self._opened.errors)
        alerts = self.page.locator(".cnb [role=alert]:visible").all_inner_texts()
        assert not alerts, "\n".join(alerts)
        logged = self._opened.log.read_text(encoding="utf-8", errors="replace")
        assert "Traceback" not in logged, logged[logged.index("Traceback") :][:3000]
        assert_no_cell_failed(self.page)
        faults = layout_faults(self.page)
        assert not faults, "\n".join(faults)

    def show(self, *panels: str) -> None:
        """Show these panels and hide all others."""
        for toggle in self.page.locator(".cnb-nav button").all():
            name = toggle.inner_text().strip()
            if ("mod-active" in (toggle.get_attribute("class") or "")) != (name in panels):
                toggle.click()
        self.page.wait_for_timeout(SETTLE_MS)

    def button(self, name: str, within: str = WORKBENCH) -> Locator:
        """Return the button of this name."""
        return self.page.locator(within).get_by_role("button", name=name, exact=True)

    def titled(self, title: str) -> Locator:
        """Return the control whose tooltip begins like this."""
        return self.page.locator(f"{WORKBENCH} [title^='{title}']")

    def see(self, text: str | Locator, within_ms: float = WAIT_MS) -> Locator:
        """Wait until a text or an element is in view, and return it."""
        found = self.page.locator(WORKBENCH).get_by_text(text) if isinstance(text, str) else text
        expect(found.first).to_be_visible(timeout=within_ms)
        return found

    def see_no(self, text: str | Locator) -> None:
        """Wait until no such text or element is in view."""
        found = self.page.locator(WORKBENCH).get_by_text(text) if isinstance(text, str) else text
        expect(found.filter(visible=True)).to_have_count(0, timeout=WAIT_MS)

    def fit(self) -> None:
        """Press Fit, and wait until the intervals are known, too."""
        self.button("Fit").click(timeout=WAIT_MS)
        self.see("Up to date with")
        self.see("95 % intervals if the law holds")

    def chart(self, title: str) -> Locator:
        """Return the chart with this title."""
        return self.page.locator(f".cnb-chart-card:has([aria-label='Chart: {title}']) .bqplot")

    def plot(self, title: str) -> FloatRect:
        """Scroll to a chart, and return the box of its plot."""
        ground = self.chart(title).locator("rect.plotarea_background")
        return still_box(ground)

    def ticks(self, title: str) -> Locator:
        """Return the labels of the axes of a chart."""
        return self.chart(title).locator(".axis .tick text")

    def drag(self, points: Iterable[tuple[float, float]]) -> None:
        """Drag the mouse along points of the page."""
        (x, y), *others = points
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for x, y in others:
            self.page.mouse.move(x, y, steps=6)
        self.page.mouse.up()

    def saves(self, button: Locator, start: bytes) -> None:
        """Click a button that saves a file, and check how the file begins."""
        with self.page.expect_download(timeout=WAIT_MS) as download:
            button.click()
        assert download.value.path().read_bytes().startswith(start), f"{button} saved another kind of file"
