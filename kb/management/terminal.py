"""Terminal output of the commands that only read, and the reader whose rights they use."""

import json
import os
import re
import textwrap
from typing import Any

import orjson
from django.contrib.auth import get_user_model
from django.core.management import CommandError
from django.urls import get_script_prefix

from kb.models.visibility import Reader, reader
from kb.ops.site_address import site

FOUND, NOT_FOUND, WRONG_USAGE = 0, 1, 2

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_WIDTH = 100


def reader_for(public: bool) -> Any:
    """Return the reader: None (the public) or, because the shell may read the whole database, a superuser.

    Raises CommandError if the public may read nothing.
    """
    if public and reader(None) == Reader.NOTHING:
        raise CommandError("The public may read nothing on this site (KB_PUBLIC_READ).", returncode=WRONG_USAGE)
    return None if public else get_user_model()(username="shell", is_superuser=True)


def start_page() -> str:
    """Return the address of the start page."""
    return f"{site()}{get_script_prefix()}"


def as_json(answer: Any) -> str:
    """Return an answer of the API for people to read."""
    return json.dumps(orjson.loads(orjson.dumps(answer)), ensure_ascii=False, indent=2)


def safe(text: str) -> str:
    """Return text without control characters: a vendor's text may hold escape sequences that a terminal obeys."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\t", " "))


def indent(text: str, by: str = "  ") -> str:
    """Return text wrapped to 100 columns, each line indented."""
    lines = (textwrap.wrap(line, _WIDTH - len(by)) or [""] for line in safe(text).strip().splitlines())
    return "\n".join(f"{by}{part}".rstrip() for folded in lines for part in folded)


def bold(text: str, out: Any) -> str:
    """Return text in bold on a terminal; plain in a pipe, with NO_COLOR or on a dumb terminal."""
    is_terminal = bool(getattr(out, "isatty", lambda: False)())
    plain = not is_terminal or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return safe(text) if plain else f"\x1b[1m{safe(text)}\x1b[0m"
