"""Who may speak to the server of chinchilla-nb: whoever has the token, from a page of that server."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import sys
import unicodedata
import urllib.request
from pathlib import Path

import pytest
import websocket
import zmq
from command import serving
from ipykernel.kernelspec import get_kernel_dict
from runs import make_runs, table_of
from visitor import ANSWER_SECONDS, Visitor
from waiting import wait_until

ELSEWHERE = "attacker.example"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    table_of(make_runs(12)).assign(name="run").to_csv(folder / "runs.csv", index=False)
    with serving("runs.csv", cwd=folder, temporary=tmp_path_factory.mktemp("tmp")) as started:
        yield started


@pytest.fixture(scope="module")
def owner(server):
    """Whoever opened the printed address: cookies, the page, and its kernel."""
    return Visitor(server.origin).opens(server.url)


def kernel_message(kind, **content):
    """A message on the shell channel, in the bytes of the protocol."""
    header = {"msg_id": "1", "session": "1", "username": "", "date": "", "msg_type": kind, "version": "5.3"}
    parts = [b"shell", *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    ends = [8 * (len(parts) + 2)]
    for part in parts:
        ends.append(ends[-1] + len(part))
    return b"".join(number.to_bytes(8, "little") for number in (len(ends), *ends)) + b"".join(parts)


def is_page(text):
    return "<h1>runs.csv</h1>" in text


def test_the_printed_address_opens_the_page_and_reloading_needs_no_token(owner):
    assert is_page(owner.page)
    login = next(cookie for cookie in owner.cookies if cookie.name.startswith("username"))
    assert login.has_nonstandard_attr("HttpOnly")
    assert login.get_nonstandard_attr("SameSite") == "Lax"
    status, again = owner.asks("/")
    assert status == 200
    assert is_page(again)


def test_without_the_token_nobody_starts_a_kernel(server, owner):
    before = server.kernels()
    for path in ("/", "/?token=", "/?token=" + "0" * 48, "/workbench.ipynb", "/voila/render/workbench.ipynb"):
        _, text = Visitor(server.origin).asks(path)
        assert not is_page(text)
        assert "kernelId" not in text
    assert server.kernels() == before


@pytest.mark.parametrize("place", ["", "/voila/files", "/voila/static", "/voila/templates/lab/static"])
@pytest.mark.parametrize(
    "name", ["open.html", "workbench.ipynb", "../open.html", "/etc/passwd", "..%2f..%2fetc/passwd"]
)
def test_no_file_of_the_machine_is_served(server, owner, place, name):
    for visitor in (Visitor(server.origin), owner):
        _, text = visitor.asks(f"{place}/{name}")
        assert server.url[-48:] not in text
        assert "root:" not in text
        assert "nbformat" not in text


def test_without_the_token_nobody_reaches_a_kernel(server, owner):
    stranger = Visitor(server.origin)
    stranger.asks("/login")
    assert stranger.asks(f"/api/kernels/{owner.kernel}")[0] == 403
    assert stranger.asks(f"/api/kernels/{owner.kernel}?token=wrong")[0] == 403
    assert stranger.asks(f"/voila/api/shutdown/{owner.kernel}", data=b"")[0] == 403
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        stranger.connects(owner.kernel)
    assert owner.asks(f"/api/kernels/{owner.kernel}")[0] == 200


@pytest.mark.parametrize("path", ["/", "/login", "/voila/static/voila.js", "/voila/files/x.png", "/api/kernels/{}"])
@pytest.mark.parametrize(
    "host",
    [
        ELSEWHERE,
        f"{ELSEWHERE}:80",
        "127.0.0.1.attacker.example",
        "localhost.example",
        "localhost.",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127.0.0.1:",
    ],
)
def test_a_name_that_was_made_to_lead_here_is_refused(server, owner, path, host):
    connection = http.client.HTTPConnection(server.origin.removeprefix("http://"), timeout=ANSWER_SECONDS)
    headers = {"Host": host, "Cookie": owner.cookie_header(), "Authorization": f"token {server.url[-48:]}"}
    connection.request("GET", path.format(owner.kernel), headers=headers)
    assert connection.getresponse().status == 403
    connection.close()


def test_a_websocket_under_such_a_name_is_refused(owner):
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        owner.connects(owner.kernel, host=ELSEWHERE, origin=f"http://{ELSEWHERE}")


@pytest.mark.parametrize("origin", [f"http://{ELSEWHERE}", "null", "http://127.0.0.1:1", "http://localhost:8888"])
def test_pages_of_other_servers_reach_no_kernel_with_the_owners_cookie(owner, origin):
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        owner.connects(owner.kernel, origin=origin)
    xsrf = next(cookie.value for cookie in owner.cookies if cookie.name == "_xsrf")
    shutdown = f"/voila/api/shutdown/{owner.kernel}"
    assert owner.asks(shutdown, data=f"_xsrf={xsrf}".encode(), origin=origin)[0] in {403, 404}
    assert owner.asks(shutdown, data=b"", origin=owner.origin)[0] == 403  # a form that cannot read the cookie
    assert owner.asks(f"/api/kernels/{owner.kernel}")[0] == 200


FOREIGN = [
    "http://attacker.example",
    "null",
    "",
    "http://127.0.0.1:1",
    "http://127.0.0.1",
    "https://{own}",
    "http://{own}.",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_pages_of_other_origins_start_no_kernel_and_read_no_file(server, owner, origin):
    """Neither with the cookie nor with the token. Without an origin, as when a browser opens an address, files come."""
    origin, before = origin.format(own=server.origin.removeprefix("http://")), server.kernels()
    for path in (
        "/",
        f"/?token={server.url[-48:]}",
        "/login",
        "/voila/static/voila.js",
        f"/api/kernels/{owner.kernel}",
    ):
        assert owner.asks(path, origin=origin)[0] == 403
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        owner.connects(owner.kernel, origin=origin, suppress_origin=True, header=[f"Origin: {origin}"])
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        owner.connects(owner.kernel, suppress_origin=True, header=[f"Sec-WebSocket-Origin: {origin}"])
    assert server.kernels() == before
    assert owner.asks("/voila/static/voila.js", origin=owner.origin)[0] == 200
    assert owner.asks("/voila/static/voila.js")[0] == 200


@pytest.mark.parametrize(
    "request_line", ["GET {} HTTP/1.0", "GET {} HTTP/1.1\r\nHost:", "GET {} HTTP/1.1\r\nHost: :80"]
)
@pytest.mark.parametrize("path", ["/", "/voila/static/voila.js"])
def test_a_request_without_a_host_is_refused(server, owner, request_line, path):
    lines = [request_line.format(path), f"Cookie: {owner.cookie_header()}", "Connection: close", "", ""]
    assert status_of("\r\n".join(lines).encode(), server) in {400, 403}


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: 127.0.0.1:" + "9" * 5000],  # more digits than Python converts by default
        ["Host: {own}", f"Host: {ELSEWHERE}"],
        [f"Host: {ELSEWHERE}", "Host: {own}"],
        ["Host: {own}, " + ELSEWHERE],
        ["Host: {own}\r\n " + ELSEWHERE],
        [f"Host: {ELSEWHERE}@127.0.0.1"],
        ["Host: {own}@" + ELSEWHERE],
        ["Host: {own}", "Origin: http://{own}", f"Origin: http://{ELSEWHERE}"],
        ["Host: {own}", f"Origin: http://{ELSEWHERE}", "Origin: http://{own}"],
        ["Host: {own}", f"oRIGIN: http://{ELSEWHERE}"],
    ],
)
def test_doubled_and_odd_headers_are_refused_and_log_nothing(server, owner, headers):
    before, own = server.said, server.origin.removeprefix("http://")
    lines = [f"GET /api/kernels/{owner.kernel} HTTP/1.1", *(header.format(own=own) for header in headers)]
    lines += [f"Cookie: {owner.cookie_header()}", "Connection: close", "", ""]
    assert status_of("\r\n".join(lines).encode(), server) in {400, 403}
    assert server.said == before


def test_each_request_of_a_connection_is_checked(server, owner):
    """A browser reuses connections, and so may a page whose name was made to lead here."""
    own, path = server.origin.removeprefix("http://"), f"/api/kernels/{owner.kernel}"
    cookie = f"Cookie: {owner.cookie_header()}"
    requests = [[own, cookie], [ELSEWHERE, cookie], [own, "X: no cookie"], [own, cookie, "Connection: close"]]
    sent = "".join("\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *more, "", ""]) for host, *more in requests)
    answer = answer_to(sent.encode(), server).decode()
    assert re.findall(r"HTTP/1\.1 (\d+)", answer) == ["200", "403", "403", "200"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(("mode", "dest"), [("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe")])
def test_no_other_page_embeds_an_address(server, owner, site, mode, dest):
    """As an image, a script or a frame, for which a browser names no origin. A link may lead here."""
    before = server.kernels()
    said = {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest}
    for path in ("/", f"/?token={server.url[-48:]}", "/voila/static/voila.js", f"/api/kernels/{owner.kernel}"):
        assert owner.asks(path, **said)[0] == 403
    assert server.kernels() == before
    opened = {**said, "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert owner.asks("/voila/static/voila.js", **opened)[0] == 200


@pytest.mark.parametrize(
    ("path", "is_owner", "status", "says"),
    [
        ("/", False, 403, "lacks the token of the workbench that is running"),
        ("/?token=0123", False, 403, "lacks the token of the workbench that is running"),
        ("/login?next=//attacker.example/", False, 403, "lacks the token"),
        ("/nothing", True, 404, "There is nothing at this address"),
        ("/login", True, 404, "There is nothing at this address"),
    ],
)
def test_a_refusal_says_what_was_wrong_and_what_to_do(server, owner, path, is_owner, status, says):
    got, text = (owner if is_owner else Visitor(server.origin)).asks(path)
    assert got == status
    assert says in text
    assert "Open the" in text
    assert "color-scheme: light dark" in text
    assert "password" not in text.lower()


def status_of(request, server):
    """The status with which the server answers some bytes."""
    with sent(request, server) as answer:
        return int(answer.readline().split()[1])


def answer_to(request, server):
    """All that the server answers to some bytes, which ask it to close the connection."""
    with sent(request, server) as answer:
        return answer.read()


@contextlib.contextmanager
def sent(request, server):
    """A file with the answer to some bytes."""
    host, port = server.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            yield answer


MALFORMED = [
    "/voila/templates/",
    "/voila/templates/lab",
    "/voila/templates/lab/static",
    "/voila/templates/lab/static/",
    "/voila/templates/lab/other/file.js",
    "/voila/templates/lab/static/../../x/y",
    "/voila/templates/lab/static/%00",
    "/voila/templates/%ff/static/x",
    "/voila/static/%00",
    "/voila/static/",
    "/voila/files/%00.png",
    "/voila/api/themes/",
    "/voila/api/themes/%00",
    "/voila/labextensions/",
    "/voila/labextensions/%ff",
    "/api/kernels/00000000-0000-0000-0000-000000000000/channels",
    "/logout",
    "/nothing",
    "/%00",
    "/%ff",
    "/?token=%ff",
]


@pytest.mark.parametrize("path", MALFORMED)
def test_a_malformed_address_is_refused_and_logs_nothing(server, owner, path):
    before = server.said
    for visitor in (Visitor(server.origin), owner):
        assert visitor.asks(path)[0] in {400, 403, 404}
    assert owner.asks(path)[0] != 200
    assert server.said == before


@pytest.mark.parametrize("method", ["POST", "HEAD", "ODD"])
def test_another_method_logs_nothing(server, owner, method):
    before, host = server.said, server.origin.removeprefix("http://")
    for path in ("/", "/login", "/voila/templates/", f"/api/kernels/{owner.kernel}/channels"):
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {host}",
            "Connection: close",
            "",
            "",
        ]
        assert 300 < status_of("\r\n".join(lines).encode(), server) < 500
    assert server.said == before


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "v1.kernel.websocket.jupyter.org",
}


@pytest.mark.parametrize("missing", HANDSHAKE)
@pytest.mark.parametrize("with_cookie", [True, False])
def test_a_bad_handshake_is_refused_and_logs_nothing(server, owner, missing, with_cookie):
    before = server.said
    headers = {**HANDSHAKE, "Host": server.origin.removeprefix("http://")}
    if with_cookie:
        headers["Cookie"] = owner.cookie_header()
    del headers[missing]
    lines = [f"GET /api/kernels/{owner.kernel}/channels HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
    assert 400 <= status_of("\r\n".join([*lines, "", ""]).encode(), server) < 500
    assert server.said == before


@pytest.mark.parametrize("query", ["template=absent", "template=../../x", "template=%00", "theme=absent", "theme=%00"])
def test_an_address_chooses_neither_template_nor_theme(server, owner, query):
    before = server.said
    assert is_page(owner.asks(f"/?{query}")[1])
    assert server.said == before


def test_code_of_a_page_is_not_run(owner, server):
    """Voila admits messages of widgets only; even the owner's page cannot send code."""
    connection = owner.connects(owner.kernel)
    trace = server.temporary / "ran"
    connection.send_binary(kernel_message("execute_request", code=f"open({str(trace)!r}, 'w')", silent=False))
    connection.send_binary(kernel_message("kernel_info_request"))
    while b"kernel_info_reply" not in connection.recv():
        pass
    connection.close()
    assert not trace.exists()


def test_the_token_stays_between_the_command_and_the_browser(server, owner):
    token = server.url.split("token=")[1]
    assert re.fullmatch("[0-9a-f]{48}", token)
    assert server.kernels()
    for number, line in server.processes().items():
        assert token not in line
        assert token.encode() not in Path(f"/proc/{number}/environ").read_bytes()
    owner.asks(f"/nothing?token={token}")
    owner.asks(f"/api/kernels/00000000-0000-0000-0000-000000000000?token={token}")
    lines = [line for line in server.said.splitlines() if token in line]
    assert lines == [f"  The workbench on runs.csv (12 runs) is at  {server.url}"]
    for path in server.temporary.rglob("*"):
        if path.is_file() and token.encode() in path.read_bytes():
            assert path.parent.stat().st_mode & 0o077 == 0


def test_the_browser_is_given_a_file_and_not_the_token(tmp_path):
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {seen}.part\nmv {seen}.part {seen}\n')
    browser.chmod(0o700)
    screen = {"DISPLAY": ":0", "BROWSER": str(browser)}
    with serving("python_stdlib", cwd=tmp_path, temporary=tmp_path / "tmp", options=(), **screen) as started:
        assert wait_until(seen.exists, 10)
        address = seen.read_text().strip()
        assert started.url.split("token=")[1] not in address
        file = Path(urllib.request.url2pathname(address.removeprefix("file://")))
        assert started.url in file.read_text()
        assert file.parent.stat().st_mode & 0o077 == 0


def test_a_client_of_another_protocol_does_not_stop_the_server(owner):
    for protocols in ((), ("v0.kernel",)):
        with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
            owner.connects(owner.kernel, protocols=protocols)
    assert owner.asks(f"/api/kernels/{owner.kernel}")[0] == 200


@pytest.mark.parametrize(
    "message", [b"", b"\xff" * 64, b"\x03", (2**40).to_bytes(8, "little") * 4, "text", b"\0" * 8, b"\x05" + b"\0" * 47]
)
def test_a_message_that_is_none_does_not_stop_the_server(owner, message):
    connection = owner.connects(owner.kernel)
    (connection.send if isinstance(message, str) else connection.send_binary)(message)
    connection.close()
    assert owner.asks(f"/api/kernels/{owner.kernel}")[0] == 200


def answers(connection: websocket.WebSocket) -> bool:
    """Ask a kernel, and return whether it answers: the first answers may be sent before the server listens to them."""
    connection.send_binary(kernel_message("kernel_info_request"))
    try:
        while b"idle" not in connection.recv():
            pass
    except websocket.WebSocketTimeoutException:
        return False
    return True


def test_a_stranger_on_this_machine_cannot_read_what_a_kernel_sends(server, owner):
    if "supported_encryption" not in get_kernel_dict().get("metadata", {}):
        pytest.skip("this ipykernel cannot encrypt its messages")
    (file,) = server.temporary.rglob(f"kernel-{owner.kernel}.json")
    assert file.parent.stat().st_mode & 0o077 == 0
    port = json.loads(file.read_text())["iopub_port"]
    with zmq.Context() as context, context.socket(zmq.SUB) as stranger:
        stranger.linger = 0
        stranger.subscribe(b"")
        stranger.connect(f"tcp://127.0.0.1:{port}")
        connection = owner.connects(owner.kernel)
        connection.settimeout(5)
        assert wait_until(lambda: answers(connection), 60)
        connection.close()
        assert not stranger.poll(1000)


def test_a_table_that_has_become_bad_is_explained_on_the_page(server, owner):
    table = Path(f"/proc/{server.process.pid}/cwd") / "runs.csv"
    before, said = table.read_bytes(), server.said
    table.write_text("N,D,loss,state\n1000000,20000000,2.5,crashed: \x1b]0;<b>gone\x07\x9b\n", encoding="utf-8")
    text = owner.asks("/")[1]
    table.write_bytes(before)
    assert "The workbench cannot be opened: " in text
    assert "runs.csv" in text
    assert "<b>gone" not in text
    assert "--show_tracebacks" not in text
    assert [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"] == []
    assert server.said == said


def test_an_error_in_the_page_is_logged_in_plain_characters(server, owner):
    folder = Path(f"/proc/{server.process.pid}/cwd").readlink()
    away = folder.rename(folder.with_name("away"))
    owner.asks("/")
    away.rename(folder)
    assert wait_until(lambda: "Error at server while executing cell" in server.said, 10)
    assert str(folder) in server.said
    assert [c for c in server.said if unicodedata.category(c) == "Cc" and c != "\n"] == []
