"""chinchilla-nb behind a real reverse proxy: everything under its path, for the owner and for nobody else."""

from __future__ import annotations

import socket
import sys
from urllib.parse import urlsplit

import pytest
import websocket
from command import serving
from reverse_proxy import proxying
from runs import make_runs, table_of
from test_server_access import ELSEWHERE
from visitor import Visitor

from chinchilla_nb.serving.address import Address, parse_address

PREFIX = "/user/na%40me/proxy/8866/"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    table_of(make_runs(12)).assign(name="run").to_csv(folder / "runs.csv", index=False)
    temporary = tmp_path_factory.mktemp("tmp")
    with serving("runs.csv", "--base-url", PREFIX.rstrip("/"), cwd=folder, temporary=temporary) as started:
        yield started


@pytest.fixture(scope="module", params=[(), ("strip",)], ids=["prefix kept", "prefix removed"])
def proxy(server, request):
    """The origin of a proxy to the server."""
    with proxying(urlsplit(server.url).netloc, PREFIX, *request.param) as origin:
        yield origin


@pytest.fixture(scope="module")
def owner(server, proxy):
    visitor = Visitor(proxy + PREFIX.rstrip("/"))
    return visitor.opens(f"{visitor.origin}/?{urlsplit(server.url).query}")


def test_the_page_its_cookies_and_all_its_links_lie_under_the_path(owner, proxy):
    assert "<h1>runs.csv</h1>" in owner.page
    assert {cookie.path for cookie in owner.cookies} == {PREFIX}
    assert {cookie.name for cookie in owner.cookies} == {"_xsrf", "chinchilla-nb-user-na-40me-proxy-8866"}
    for link in ("voila/static/voila.js", "voila/templates/lab/static/theme-dark.css"):
        assert f'"{PREFIX}{link}' in owner.page
        assert owner.asks(f"{proxy}{PREFIX}{link}")[0] == 200
    assert '"/voila' not in owner.page
    status, again = owner.asks("/")
    assert status == 200
    assert "<h1>runs.csv</h1>" in again
    assert f'href="{PREFIX}"' in owner.asks("/nothing")[1]


def test_the_kernel_is_reached_through_the_proxy_by_its_owner_only(server, owner, proxy):
    assert owner.asks(f"/api/kernels/{owner.kernel}")[0] == 200
    owner.connects(owner.kernel, origin=proxy).close()
    stranger = Visitor(owner.origin)
    assert stranger.asks("/")[0] == 403
    assert stranger.asks(f"/api/kernels/{owner.kernel}")[0] == 403
    with pytest.raises(websocket.WebSocketBadStatusException):
        stranger.connects(owner.kernel, origin=proxy)
    before = server.kernels()
    for origin in (f"http://{ELSEWHERE}", "null", "http://127.0.0.1:1"):
        assert owner.asks("/", origin=origin)[0] == 403
        with pytest.raises(websocket.WebSocketBadStatusException):
            owner.connects(owner.kernel, origin=origin)
    assert server.kernels() == before


def test_the_proxy_may_have_any_name_but_the_page_must_come_from_it(owner):
    hub = {"host": "hub.example.org"}
    assert owner.asks(f"/api/kernels/{owner.kernel}", cookie=owner.cookie_header(), **hub)[0] == 200
    for origin, status in (("https://hub.example.org", 200), (f"https://{ELSEWHERE}", 403)):
        answer = owner.asks(f"/api/kernels/{owner.kernel}", cookie=owner.cookie_header(), origin=origin, **hub)
        assert answer[0] == status
    assert owner.asks("/", **{**hub, "host": "hub.example.org:80@x"})[0] in {400, 403}


def test_a_full_address_admits_a_proxy_that_hides_its_name_and_no_other(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hub, base = "https://hub.example.org", f"https://hub.example.org{PREFIX}"
    arguments = ("python_stdlib", "--base-url", base, "--port", str(port))
    with (
        serving(*arguments, cwd=tmp_path, temporary=tmp_path / "tmp") as server,
        proxying(f"127.0.0.1:{port}", PREFIX, "strip", "own-host") as proxy,
    ):
        assert server.url.startswith(f"{base}?token=")
        visitor = Visitor(proxy + PREFIX.rstrip("/"))
        token = urlsplit(server.url).query
        kernel = visitor.opens(f"{visitor.origin}/?{token}").kernel
        login = next(cookie for cookie in visitor.cookies if cookie.name.startswith("chinchilla"))
        assert login.secure
        cookie = f"{login.name}={login.value}"
        visitor.connects(kernel, origin=hub, cookie=cookie).close()
        with pytest.raises(websocket.WebSocketBadStatusException):
            visitor.connects(kernel, origin=f"https://{ELSEWHERE}", cookie=cookie)
        for host, status in (("hub.example.org", 200), (ELSEWHERE, 403)):
            direct = Visitor(f"http://127.0.0.1:{port}")
            assert direct.asks(f"/api/kernels/{kernel}", host=host, cookie=cookie)[0] == status


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/user/me/proxy/8866", Address("", "/user/me/proxy/8866/")),
        ("/", Address("", "/")),
        ("https://hub.example.org/x/", Address("https://hub.example.org", "/x/")),
        ("http://HUB:8000", Address("http://hub:8000", "/")),
    ],
)
def test_an_address_has_a_path_and_perhaps_an_origin(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "x", "user/me/", "//host/x/", "/a//b/", "/a/../b/", "/a?b", "/a;b/", '/a"b/', "/a b/", "ftp://x/y/"]
)
def test_what_is_no_address_is_refused_in_a_sentence(text):
    with pytest.raises(ValueError, match="a base URL is a path such as"):
        parse_address(text)
    with pytest.raises(ValueError, match="must not begin with"):
        parse_address("/voila/x/")


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/user/na%40me/proxy/8866/", "/"),
        ("/user/na@me/proxy/8866/api/x", "/api/x"),
        ("/user/na%40me/proxy/8866", "/"),
        ("/api/x", "/api/x"),
        ("/user/other/proxy/8866/", "/user/other/proxy/8866/"),
        ("/user/na%40me/proxy/88669/", "/user/na%40me/proxy/88669/"),
    ],
)
def test_the_prefix_is_removed_from_paths_that_have_it(path, inside):
    assert parse_address(PREFIX).inside(path) == inside
