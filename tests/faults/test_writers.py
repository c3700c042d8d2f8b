"""Several writers on SQLite: each gets a turn soon, and readers do not wait for them."""

import random
import re
import threading
import time
from collections import Counter

import pytest
import requests

from tests.faults.server import Server, manage, run_doctor

CARD = "/codes/zim-server/{}/"
WRITERS, READERS, SECONDS = 8, 16, 20
LONGEST_WAIT, MOST_TIMES = 2.0, 7
"""Seconds of the slowest write but one in a hundred; without turns it was 10.9."""


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


class Crowd:
    """Agents who raise flags, and the public who read cards, all on one server until a time."""

    def __init__(self, server, codes):
        self.server, self.codes, self.end = server, codes, time.monotonic() + SECONDS
        self.writes, self.reads, self.statuses = [], [], Counter()
        sessions = [server.session("agent") for _ in range(WRITERS)]
        threads = [threading.Thread(target=self._write, args=(browser,)) for browser in sessions]
        threads += [threading.Thread(target=self._read) for _ in range(READERS)]
        self.end = time.monotonic() + SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _card(self):
        return self.server.address + CARD.format(random.choice(self.codes))

    def _write(self, browser):
        page = browser.get(self._card(), timeout=60).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        action = re.search(r'action="(/flag/[^"]+)"', page)[1]
        headers = {"Referer": self.server.address + action}
        while time.monotonic() < self.end:
            fields = {"csrfmiddlewaretoken": token, "comment": f"Wrong {random.random()}"}
            began = time.monotonic()
            sent = self.server.address + action
            answer = browser.post(sent, fields, headers=headers, timeout=60, allow_redirects=False)
            self.writes.append(time.monotonic() - began)
            self.statuses["write", answer.status_code] += 1

    def _read(self):
        browser = requests.Session()
        while time.monotonic() < self.end:
            began = time.monotonic()
            self.statuses["read", browser.get(self._card(), timeout=60).status_code] += 1
            self.reads.append(time.monotonic() - began)


@pytest.mark.soak
def test_eight_writers_and_sixteen_readers_get_their_turns(tmp_path, figures):
    url = f"sqlite:///{tmp_path}/demo.sqlite3"
    manage(url, "demo")
    server = Server(url, workers=4)
    try:
        page = requests.get(server.address + "/api/v1/codes/", timeout=20).json()
        crowd = Crowd(server, [code["code"] for code in page["results"]])
    finally:
        server.stop()
    lines = {
        name: f"p50 {percentile(times, 0.5):.2f}, p99 {percentile(times, 0.99):.2f}, longest {max(times):.2f} s"
        for name, times in (("writes", crowd.writes), ("reads", crowd.reads))
    }
    figures(f"SQLite, {len(crowd.writes)} writes, {len(crowd.reads)} reads: {lines}, {dict(crowd.statuses)}")
    assert set(crowd.statuses) == {("write", 302), ("read", 200)}
    # On a machine that others use, too, every write is slow: then none may take many times the usual.
    assert percentile(crowd.writes, 0.99) < max(LONGEST_WAIT, MOST_TIMES * percentile(crowd.writes, 0.5))
    run_doctor(url)
