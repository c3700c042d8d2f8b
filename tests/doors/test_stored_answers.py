"""Every door answers an agent, for whom the most is shown, word for word what is stored.

After a change that is meant: `WRITE_EXPECTED=1 pytest tests/doors/test_stored_answers.py`, then read the difference.
"""

import json
import os
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.db import connection

from tests.doors.table import doors, doors_of_staff

pytestmark = [
    pytest.mark.xdist_group("doors"),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite gives the same ids in every run"),
]
STORED = Path(__file__).parent / "stored"
# The API's description has a stored one of its own.
DOORS = [door for door in [*doors(defaultdict(int)), *doors_of_staff(defaultdict(int))] if door != "API: schema"]
# What differs from run to run or from release to release.
PASSING = re.compile(r"[0-9a-f]{32,}|(?<=\.)[0-9a-f]{12}(?=\.(?:css|js))")


class _Words(HTMLParser):
    """Collects what a page says, and where its links lead."""

    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_starttag(self, tag, attrs):
        self.parts += [f"[{name} {value}]" for name, value in attrs if name in ("href", "value", "title", "aria-label")]

    def handle_data(self, data):
        self.parts.append(data)


def said(text):
    """Return a page as its words and links, and any other answer as it is."""
    if text.lstrip()[:15].lower().startswith("<!doctype html"):
        page = _Words()
        page.feed(text)
        text = " ".join(page.parts)
    return " ".join(PASSING.sub("*", text).split())


@pytest.mark.parametrize("door", DOORS)
def test_a_door_answers_what_is_stored(site, door):
    name = "agent" if door in site.doors else "staff"
    answers = {one: [status, said(text)] for one, (status, _, text, _) in site.ask(name, door).items()}
    stored = STORED / f"{re.sub(r'[^a-z]+', '_', door.lower())}.json"
    if os.environ.get("WRITE_EXPECTED"):
        stored.write_text(json.dumps(answers, indent=0, ensure_ascii=False) + "\n")
    expected = json.loads(stored.read_text())
    assert list(answers) == list(expected)
    assert {one: answer for one, answer in answers.items() if answer != expected[one]} == {}
