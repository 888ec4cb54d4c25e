"""The server and its kernels end: with the command however it ends, and with the page that needs them."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import re
import signal
import subprocess
import sys
import threading
from dataclasses import asdict

import pytest
from command import END_SECONDS, environment, processes_in, serving, write_script
from find_chromium import find_chromium
from playwright.sync_api import sync_playwright
from visitor import Visitor
from waiting import wait_until

from chinchilla_nb.serving.order import LISTENING, PAGE, Order
from chinchilla_nb.serving.page import notebook

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")]


def ask_in_vain(server):
    with contextlib.suppress(OSError, http.client.HTTPException):  # also in the middle of an answer
        Visitor(server.origin).asks(server.url)


def left_behind(temporary):
    """Processes and files that are there although the command has ended."""
    return {**processes_in(temporary), **dict.fromkeys(temporary.glob("chinchilla-nb-*"), "file")}


@pytest.mark.parametrize("end", ["SIGKILL", "SIGQUIT"])
def test_the_server_and_its_kernels_end_with_the_command(tmp_path, end):
    with serving("python_stdlib", cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        # In the middle of a request, when a kernel runs the cells of the page.
        threading.Thread(target=ask_in_vain, args=[server], daemon=True).start()
        assert wait_until(server.kernels, END_SECONDS)
        server.process.send_signal(signal.Signals[end])
        assert wait_until(lambda: not left_behind(server.temporary), END_SECONDS), left_behind(server.temporary)


def test_a_command_that_is_killed_as_it_starts_leaves_nothing(tmp_path):
    command = subprocess.Popen(
        [*write_script(tmp_path), "python_stdlib", "--no-browser"], cwd=tmp_path, env=environment(tmp_path)
    )
    assert wait_until(lambda: "chinchilla_nb.serving" in " ".join(processes_in(tmp_path).values()), END_SECONDS)
    command.kill()
    command.wait()
    assert wait_until(lambda: not left_behind(tmp_path), END_SECONDS), left_behind(tmp_path)


def test_kernels_end_with_a_server_that_was_killed(tmp_path):
    with serving("python_stdlib", cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        Visitor(server.origin).opens(server.url)
        (number,) = server.processes("chinchilla_nb.serving.server")
        subprocess.run(["kill", "-KILL", str(number)], check=True)
        assert server.process.wait(END_SECONDS) == 1
        assert "the server ended unexpectedly" in server.said
        assert wait_until(lambda: not left_behind(server.temporary), END_SECONDS), left_behind(server.temporary)


def test_nohup_lets_it_run_when_the_terminal_closes(tmp_path):
    with serving("python_stdlib", cwd=tmp_path, temporary=tmp_path / "tmp", runner=("nohup",)) as server:
        server.process.send_signal(signal.SIGHUP)
        assert not wait_until(lambda: server.process.poll() is not None, 1)
        assert Visitor(server.origin).asks("/voila/static/voila.js")[0] == 200
        server.process.terminate()
        assert server.process.wait(END_SECONDS) == 0


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server for the tests that leave it running."""
    folder = tmp_path_factory.mktemp("served")
    with serving("python_stdlib", cwd=folder, temporary=folder / "tmp") as server:
        yield server


@pytest.fixture
def context(chromium):
    """A browser without cookies, whose pages are closed when the test ends."""
    with contextlib.closing(chromium.new_context()) as context:
        yield context


@pytest.mark.browser
def test_a_page_that_is_reloaded_or_closed_leaves_no_kernel(context, tmp_path):
    with serving("python_stdlib", cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        page = context.new_page()
        # The command has the browser open this file, which leads to the page.
        (link,) = server.temporary.glob("chinchilla-nb-*/open.html")
        page.goto(link.as_uri())
        page.get_by_role("button", name="Fit", exact=True).wait_for(timeout=60_000)
        assert page.url.startswith(server.origin)
        assert "token" not in page.url
        first = set(server.kernels())
        page.reload()
        page.get_by_role("button", name="Fit", exact=True).wait_for(timeout=60_000)
        assert wait_until(lambda: len(server.kernels()) == 1, END_SECONDS)
        assert not first & set(server.kernels())
        # The click follows a link to the file, which browsers may treat as leaving the page. No link that stays is
        # waited for: the fit withdraws it, because the file then matches the screen no more.
        last = set(server.kernels())
        page.get_by_role("button", name="Fit", exact=True).click()
        with page.expect_download():
            page.get_by_role("button", name="CSV", exact=True).click()
        assert not wait_until(lambda: set(server.kernels()) != last, 1)
        page.close(run_before_unload=True)
        assert wait_until(lambda: not server.kernels(), END_SECONDS)


@contextlib.contextmanager
def other_server(page_text):
    """A server of one page on another port: its address, and the requests it gets as (path, headers)."""
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append((self.path, dict(self.headers)))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page_text.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{elsewhere.server_port}/", requests
        elsewhere.shutdown()


@pytest.mark.browser
def test_the_page_asks_no_other_host_and_no_link_carries_the_token(server, context):
    with other_server("") as (elsewhere, received):
        asked, page = [], context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))

        def record(route):
            asked.append(route.request.url)
            route.continue_()

        page.route("**", record)
        page.goto(server.url)
        page.get_by_role("button", name="Fit", exact=True).click(timeout=60_000)
        page.get_by_text("Optimum found").first.wait_for(timeout=60_000)
        assert len(asked) > 5
        assert [url for url in asked if not url.startswith((server.origin, "data:", "blob:"))] == []
        assert [url for url in asked[1:] if server.url[-48:] in url] == []
        fetched = "url => fetch(url, {mode: 'no-cors'}).then(() => 'sent', () => 'refused')"
        assert page.evaluate(fetched, elsewhere) == "refused"
        link = "([url, address]) => { history.replaceState(null, '', address); location.assign(url); }"
        page.evaluate(link, [elsewhere + "link", server.url])
        assert wait_until(lambda: "/link" in [path for path, _ in received] or page.wait_for_timeout(50), 30)
        assert [path for path, _ in received if path != "/favicon.ico"] == ["/link"]
        assert "Referer" not in received[0][1]


@pytest.mark.browser
def test_the_page_and_its_refusals_have_the_colours_that_the_browser_prefers(server, context):
    page = context.new_page()
    page.emulate_media(color_scheme="dark")
    page.goto(server.url)
    page.get_by_role("button", name="Fit", exact=True).wait_for(timeout=60_000)
    muted = "getComputedStyle(document.querySelector('.cnb')).getPropertyValue('--cnb-muted')"
    background = "getComputedStyle(document.body).backgroundColor"
    assert (page.evaluate(background), page.evaluate(muted)) == ("rgb(17, 17, 17)", "#a6a6a6")
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"() => {muted} === '#616161'", timeout=10_000)
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    text = "getComputedStyle(document.querySelector('p')).color"
    page.goto(server.origin + "/nothing")
    assert page.evaluate(text) == "rgb(0, 0, 0)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(text) == "rgb(255, 255, 255)"


@pytest.mark.browser
def test_a_page_of_another_port_embeds_nothing_and_starts_no_kernel(server, context):
    """Other ports of this machine are the same site, so the browser sends the login cookie with their images."""
    page = context.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Fit", exact=True).wait_for(timeout=60_000)
    before = set(server.kernels())
    embedding = f'<img src="{server.origin}/"><iframe src="{server.origin}/?frame"></iframe>'
    with other_server(embedding) as (elsewhere, _):
        page, answers = context.new_page(), []
        page.on("response", lambda answer: answers.append((answer.url, answer.status)))
        page.goto(elsewhere, wait_until="load")
    # Chromium reports no answer for an image that is none.
    assert (f"{server.origin}/?frame", 403) in answers
    assert set(server.kernels()) <= before  # those of the tests before may have ended meanwhile


HASTY_SERVER = """
from chinchilla_nb.serving import server
server.CULL_SECONDS, server.CULL_PERIOD = 4, 1
server.main()
"""


def test_a_kernel_ends_some_time_after_the_last_page_that_uses_it(tmp_path):
    folder, token = tmp_path / "chinchilla-nb-1", "5" * 48
    folder.mkdir()
    (folder / PAGE).write_text(json.dumps(notebook("python_stdlib", str(tmp_path))), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-c", HASTY_SERVER],
        env=environment(tmp_path),
        cwd=tmp_path,  # where its kernels keep the session
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    print(json.dumps(asdict(Order(str(folder), token, 0))), file=server.stdin, flush=True)
    origin = "http://127.0.0.1:" + re.search(rf"{LISTENING} (\d+)", server.stdout.readline()).group(1)
    visitor = Visitor(origin)

    def is_there(kernel):
        return visitor.asks(f"/api/kernels/{kernel}")[0] == 200

    shown = visitor.opens(f"{origin}/?token={token}").kernel
    connection = visitor.connects(shown)
    never_shown = visitor.opens(origin + "/").kernel
    assert wait_until(lambda: not is_there(never_shown), END_SECONDS)
    assert is_there(shown)
    connection.close()
    assert wait_until(lambda: not is_there(shown), END_SECONDS)
    server.stdin.close()
    server.stdout.close()
    assert server.wait(END_SECONDS) == 0
    assert not left_behind(tmp_path)
