"""The check of a page with hostile text: nothing in it runs, loads or leads to another site."""

import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

PAYLOADS: list[str] = json.loads(Path(__file__).with_name("payloads.json").read_text(encoding="utf-8"))
"""Texts that would run a script, load something or break out of their place unless shown as text."""

_LEADS = {"href", "src", "action", "formaction", "data", "srcset", "poster", "background", "xlink:href"}
_NEVER = {"iframe", "object", "embed", "applet", "base", "frame", "math", "style", "template", "noscript", "plaintext"}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag in _NEVER or (tag == "meta" and "http-equiv" in given):
            self.wrong.append(f"<{tag}>")
        if tag == "script" and given.get("type") != "application/json" and not _is_ours(given.get("src") or ""):
            self.wrong.append(f"<script {given}>")
        self.wrong += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        for name, value in given.items():
            if name.removeprefix("data-").startswith("hx-on") or "js:" in (value or "")[:3]:
                self.wrong.append(f"<{tag} {name}={value!r}>")
            if name in _LEADS and not _is_harmless(value or "", loads=tag != "a"):
                self.wrong.append(f"<{tag} {name}={value!r}>")


def _is_ours(address):
    return address.startswith(("/static/", "/admin/jsi18n/"))


def _is_harmless(address, loads):
    parts = urlsplit("".join(letter for letter in address if letter > " ").lower())
    # A link may lead elsewhere, as links do; nothing may be loaded from there. An address of the site may be whole.
    return parts.scheme in ("", "http", "https", "mailto") and not (loads and parts.netloc not in ("", "testserver"))


def wrong_in(html):
    """Return everything on a page that must not be there."""
    reader = _Reader()
    reader.feed(html)
    return reader.wrong
