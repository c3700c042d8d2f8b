"""A copy of the knowledge base, as somebody elsewhere writes it from README's "Keep a copy" alone: HTTP and JSON."""

import hashlib
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

LINKS = {"codes": "code", "ranges": "range"}


class Mirror:
    """What a site shows to one reader: everything, or what `chosen` (`table=`, `noun=`) names.

    `get` takes a path with its query, and headers; it returns status, headers and body.
    """

    def __init__(self, get, chosen=""):
        self.get, self.chosen = get, chosen
        self.starts = 0
        self.start(f"/api/v1/snapshot/?{chosen}")

    def start(self, address):
        """Forget everything, and start with a snapshot."""
        self.objects, self.tables, self.tags, self.place = {}, {}, {}, ""
        status, headers, body = self.get(_path(address), {})
        self.starts += 1
        if status == 400:
            # The table is not this reader's any more, or not yet.
            return
        assert status == 200, body
        first, *lines, last = body.splitlines(keepends=True)
        end = json.loads(last)
        assert (end["end"], end["rows"]) == (True, len(lines))
        assert end["sha256"] == hashlib.sha256(first + b"".join(lines)).hexdigest()
        for line in map(json.loads, lines):
            self.keep(line["noun"], line["object"]["id"], line)
        self.place = json.loads(first)["sequence"]
        assert headers["X-Sequence"] == self.place

    def keep(self, noun, pk, line):
        """Store an object in place of the old one."""
        self.objects[noun, pk], self.tables[noun, pk] = line["object"], line["table_id"]

    def follow(self, limit=200):
        """Read the feed to its end."""
        if not self.place:
            self.start(f"/api/v1/snapshot/?{self.chosen}")
        more = bool(self.place)
        while more:
            query = urlencode([*parse_qsl(self.chosen), ("since", self.place), ("limit", limit)])
            status, headers, body = self.get(f"/api/v1/changes/?{query}", {"If-None-Match": self.tags.get(query, "*-")})
            if status == 304:
                return self
            page = json.loads(body)
            if status == 410:
                assert page["code" if "code" in page else "status"] in ("feed_place_gone", 410)
                self.start(page["snapshot"])
                more = bool(self.place)
                continue
            assert status == 200, body
            self.tags = {query: headers["ETag"]}
            assert len(page["results"]) <= limit
            for entry in page["results"]:
                self.apply(entry)
            self.place, more = page["next"], page["more"]
        return self

    def apply(self, entry):
        """Store an entry's object, or delete what is gone."""
        noun, pk = entry["noun"], entry["id"]
        if not entry["gone"]:
            self.keep(noun, pk, entry)
            return
        self.objects.pop((noun, pk), None)
        if noun == "table":
            for key in [key for key in self.objects if self.tables[key] == pk]:
                del self.objects[key]

    @property
    def shown(self):
        """Its objects, without references to what it does not have."""
        return {
            key: {name: self._known(name, value) for name, value in row.items()} for key, row in self.objects.items()
        }

    def _known(self, name, value):
        return [pk for pk in value if (LINKS[name], pk) in self.objects] if name in LINKS else value

    def differences(self):
        """What differs from a new snapshot: this must be nothing once it has followed the feed."""
        new = Mirror(self.get, self.chosen).shown
        return {key for key in {*self.shown, *new} if self.shown.get(key) != new.get(key)}


def _path(address):
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def through(client):
    """Return the `get` of a mirror for Django's test client."""

    def get(path, headers):
        answer = client.get(path, headers=headers)
        return answer.status_code, answer.headers, answer.getvalue()

    return get
