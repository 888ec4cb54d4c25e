"""A client of the server of chinchilla-nb."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.request

import websocket

PROTOCOL = "v1.kernel.websocket.jupyter.org"
ANSWER_SECONDS = 60


class Visitor:
    """A browser without a screen: it keeps cookies and sends the headers that it is told to."""

    def __init__(self, origin):
        self.origin = origin
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def opens(self, url):
        status, self.page = self.asks(url)
        assert status == 200
        self.kernel = re.search(r'"kernelId": "([\w-]+)"', self.page).group(1)
        return self

    def asks(self, path, *, data=None, **headers):
        """Return the status and the text of an answer."""
        url = path if path.startswith("http") else self.origin + path
        names = {name.replace("_", "-").title(): value for name, value in headers.items()}
        try:
            with self.opener.open(urllib.request.Request(url, data, names), timeout=ANSWER_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def cookie_header(self):
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)

    def connects(self, kernel, *, protocols=(PROTOCOL,), **options):
        """Return an open connection to a kernel."""
        url = self.origin.replace("http", "ws") + f"/api/kernels/{kernel}/channels?session_id=1"
        options = {"origin": self.origin, "cookie": self.cookie_header(), **options}
        return websocket.create_connection(url, timeout=ANSWER_SECONDS, subprotocols=list(protocols), **options)
