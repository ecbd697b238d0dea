"""A user in front of a browser, who signs in and agrees to what is asked: the pages of oidc-provider's own."""

from __future__ import annotations

import sys
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin


class _Form(HTMLParser):
    """The first form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = found.get("action", "")
        elif tag == "input" and "name" in found:
            self.fields[found["name"]] = found.get("value", "")


class _Back(Exception):
    """The browser is sent back to the client."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    def __init__(self, client: str | None) -> None:
        self._client = client

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if self._client is not None and newurl.startswith(self._client):
            raise _Back(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def agree(url: str, client: str | None = None, login: str = "ada") -> str:
    """Go to a URL, sign in and agree. Gives the URL at which that ends: that of the `client` is not gone to, where it
    is named."""
    jar = urllib.request.HTTPCookieProcessor(CookieJar())
    opener = urllib.request.build_opener(jar, _Redirects(client), urllib.request.ProxyHandler({}))
    data: bytes | None = None
    try:
        for _ in range(10):
            with opener.open(url, data, timeout=10) as answer:
                form = _Form()
                form.feed(answer.read().decode())
                url = answer.url
            if form.action is None or "prompt" not in form.fields:
                return url
            filled = {**form.fields, "login": login, "password": "any"}
            url, data = urljoin(url, form.action), urlencode(filled).encode()
    except _Back as back:
        return str(back)
    raise RuntimeError(f"there is no end to {url}")


if __name__ == "__main__":
    agree(sys.argv[1])
