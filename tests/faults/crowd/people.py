"""People with a browser or a program, one thread each, and the responses that they got."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from tests.faults.crowd import MARK
from tests.faults.crowd.world import CLOSED_TABLE, MOVING_TABLE, OPEN_TABLE

PATIENCE = 30
"""Seconds after which somebody gives up."""


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    headers: http.client.HTTPMessage | dict = field(default_factory=dict)


@dataclass
class Tally:
    """What everybody was answered."""

    answers: list[tuple[str, int, float]] = field(default_factory=list)
    """Of each: what was asked for, its status (0 for none), the seconds."""
    wrong: list[str] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)

    def failed(self):
        """Return what was not answered, or by an error."""
        return [one for one in self.answers if not 200 <= one[1] < 500]

    def percentile(self, part, kind):
        """Return the seconds in which a part of the answers to a kind of person came."""
        took = sorted(seconds for asked, status, seconds in self.answers if asked.startswith(kind))
        return took[int(len(took) * part)] if took else 0.0


class Person(threading.Thread):
    """Does one thing after another until stopped. Each request has its own connection, as behind nginx."""

    kind, pause = "", (0.0, 0.0)

    def __init__(self, port, tally, done, number):
        super().__init__(daemon=True)
        self.port, self.tally, self.done = port, tally, done
        self.number, self.dice = number, random.Random(number)
        self.headers = {"Host": f"127.0.0.1:{port}", "Connection": "close"}

    def run(self):
        """Work until the end."""
        # Not all in the same moment.
        self.done.wait(self.dice.uniform(0, 1))
        while not self.done.is_set():
            try:
                self.turn()
            except Exception as error:
                self.tally.wrong.append(f"{self.kind}{self.number}: {error!r}")
            self.done.wait(self.dice.uniform(*self.pause))

    def ask(self, method, path, fields=None, **headers):
        """Send a request and count its answer."""
        body = urlencode(fields, doseq=True) if isinstance(fields, dict) else fields
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if isinstance(fields, dict) else {}
        began, found = time.monotonic(), Answer(0, "")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request(method, path, body, self.headers | kind | headers)
            came = connection.getresponse()
            found = Answer(came.status, came.read().decode(errors="replace"), came.headers)
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            found.text = repr(error)
        self.tally.answers.append((f"{self.kind} {method} {path}", found.status, time.monotonic() - began))
        return found


WORDS = ["room", "user", "token expired", "many requests", "Hidden", "draft", "open note", "roon"]
PAGES = [
    *("/", f"/tables/{OPEN_TABLE}/", f"/tables/{MOVING_TABLE}/", f"/tables/{CLOSED_TABLE}/", "/changes/", "/llms.txt"),
    *("/changes/feed/", "/embed/", f"/tables/{OPEN_TABLE}.md"),
]
ANSWERS = ["/api/v1/tables/", "/api/v1/notes/", "/api/v1/incidents/", "/api/v1/codes/?page_size=50", "/api/v1/changes/"]
TICKET = "Our users see error 500012 and then 500500007 or 660300001 since this morning."


class Reader(Person):
    """Looks things up, as the public or with a token."""

    kind, pause = "reader", (0.3, 1.7)

    def __init__(self, port, tally, done, number, tokens):
        super().__init__(port, tally, done, number)
        scope = [None, None, "read_public", "read_internal"][number % 4]
        self.is_public = scope != "read_internal"
        self.has_token = scope is not None
        if scope:
            self.headers["Authorization"] = f"Bearer {tokens[scope]}"

    def turn(self):
        """Send one request, and check that nothing internal reaches the public."""
        if self.dice.random() < 0.1:
            said = json.dumps({"text": TICKET})
            found = self.ask("POST", "/api/v1/detect/", said, **{"Content-Type": "application/json"})
        else:
            found = self.ask("GET", self._somewhere())
        # A table that has just become internal is missing for the public.
        if found.status not in (200, 302, 304, 404) and "that you may read" not in found.text:
            self.tally.wrong.append(f"a reader was answered {found.status}: {found.text[:200]}")
        if self.is_public and MARK in found.text:
            self.tally.wrong.append(f"internal words for the public: {self.tally.answers[-1][0]}")
        self.tally.counts["internal words for those who may"] += MARK in found.text

    def _somewhere(self):
        code, words = 500_000 + self.dice.randrange(1, 320), quote(self.dice.choice(WORDS))
        table = self.dice.choice([OPEN_TABLE, OPEN_TABLE, CLOSED_TABLE, MOVING_TABLE])
        by_program = [f"/api/v1/search/?q={words}", f"/api/v1/codes/?code={code}"]
        by_program += [f"/api/v1/codes/?table={table}&page_size=20", f"/api/v1/codes/?text={words}"]
        by_program.append(self.dice.choice(ANSWERS))
        if self.has_token:
            return self.dice.choice(by_program)
        card = f"/codes/{table}/{code}"
        by_person = [f"{card}/", f"{card}/", f"{card}.md", f"{card}.json", f"/?q={code}", f"/?q={words}"]
        by_person += [f"/suggest/?q={str(code)[:5]}", f"/go?q={code}", f"/embed/{table}/{code}/"]
        return self.dice.choice([*by_person, self.dice.choice(PAGES), self.dice.choice(by_program)])
