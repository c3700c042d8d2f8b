"""A copy of the knowledge base, made by the snapshot and the feed, and the checks of the feed."""

import json
from bisect import bisect_left

from tests.faults.crowd.people import Person


def number(place):
    """Return the sequence of a place in the feed."""
    return int(place.partition("-")[2].partition(".")[0])


class Copy(Person):
    """Holds what its reader may read, and remembers how it came by it."""

    kind, pause = "copy", (0.1, 0.4)

    def __init__(self, port, tally, done, token=None):
        super().__init__(port, tally, done, 0)
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self.next, self.held = self.snapshot()
        self.first = number(self.next)
        self.ends, self.heard = [], []
        """Of each page: where it ended, and the sequence of each object that it told of."""

    def snapshot(self):
        """Return the sequence and the objects of a snapshot taken now, and check that it is whole."""
        lines = [json.loads(line) for line in self.ask("GET", "/api/v1/snapshot/").text.splitlines()]
        assert lines[-1]["rows"] == len(lines) - 2
        held, self.tables = {}, {}
        for line in lines[1:-1]:
            held.setdefault(line["noun"], {})[line["object"]["id"]] = line["object"]
            self.tables[line["noun"], line["object"]["id"]] = line["table_id"]
        return lines[0]["sequence"], held

    def turn(self):
        """Read one page of the feed."""
        came = self.ask("GET", f"/api/v1/changes/?since={self.next}&limit=100")
        assert came.status == 200, came.text[:300]
        page = json.loads(came.text)
        self._check(page)
        for entry in page["results"]:
            self._take(entry)
        self.ends.append(number(page["next"]))
        self.heard.append({(entry["noun"], entry["id"]): entry["sequence"] for entry in page["results"]})
        self.next = page["next"]
        return page["more"]

    def finish(self):
        """Read on to the end."""
        while self.turn():
            pass

    def _check(self, page):
        since, unfolding = number(self.next), "." in self.next or "." in page["next"]
        told, end = [entry["sequence"] for entry in page["results"]], number(page["next"])
        assert end >= since, f"the feed goes back: {self.next} to {page['next']}"
        assert told == sorted(told), f"out of order after {self.next}"
        if not unfolding:
            assert all(since < sequence <= end for sequence in told), f"repeated after {self.next}: {told}"
        objects = [(entry["noun"], entry["id"]) for entry in page["results"]]
        assert unfolding or len(objects) == len(set(objects)), f"twice in a page after {self.next}"

    def _take(self, entry):
        held = self.held.setdefault(entry["noun"], {})
        if not entry["gone"]:
            held[entry["id"]] = entry["object"]
            self.tables[entry["noun"], entry["id"]] = entry["table_id"]
            return
        held.pop(entry["id"], None)
        if entry["noun"] == "table":
            for noun in ("section", "range", "code"):
                of = self.held.get(noun, {})
                self.held[noun] = {pk: row for pk, row in of.items() if self.tables[noun, pk] != entry["id"]}

    def missed(self, changes):
        """Return the changes, as (sequence, noun, id), that no page told of which should have."""
        found = []
        for sequence, noun, pk in changes:
            place = bisect_left(self.ends, sequence)
            told = self.heard[place].get((noun, pk), 0) if place < len(self.ends) else 0
            if sequence > self.first and told < sequence:
                found.append((sequence, noun, pk))
        return found

    def whole(self, held=None):
        """Return objects by noun and id; a link to what is not there is none."""
        held = held or self.held
        there = {noun: set(rows) for noun, rows in held.items()}
        return {
            (noun, pk): {name: _linked(name, value, there) for name, value in row.items()}
            for noun, rows in held.items()
            for pk, row in rows.items()
        }


def _linked(name, value, there):
    if name in ("codes", "ranges"):
        return sorted(set(value) & there.get(name[:-1], set()))
    return value if name != "successor" or value in there.get("code", ()) else None
