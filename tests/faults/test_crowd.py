"""Two importers, twenty editors, two hundred readers and two copies at once: nothing is lost, leaked or refused."""

import json
import subprocess
import sys
import threading
import time

import pytest

from tests.faults.cluster import PRIMARY, Cluster
from tests.faults.crowd.copying import Copy
from tests.faults.crowd.desk import Editor, Reviewer
from tests.faults.crowd.people import Reader, Tally
from tests.faults.server import ROOT, Server, environment, free_port, manage, run_doctor

WORLD = "from tests.faults.crowd import world; world."
TABLES = {
    "table": "kb_codetable",
    "section": "kb_section",
    "range": "kb_coderange",
    "code": "kb_returncode",
    "note": "kb_troubleshootingnote",
    "incident": "kb_incidentlink",
}


class Crowd:
    """Everybody, and how long they work."""

    def __init__(self, url, stop, seconds, editors, readers):
        reviewers = max(1, editors // 5)
        made = manage(url, "shell", "-v", "0", "-c", f"{WORLD}build({editors - reviewers}, {reviewers})")
        self.world, self.tally, self.done = json.loads(made.splitlines()[-1]), Tally(), threading.Event()
        self.url, self.stop_file, self.seconds, self.port = url, stop, seconds, free_port()
        given = (self.port, self.tally, self.done)
        people = [name for name in self.world["sessions"] if name.startswith(("editor", "reviewer"))]
        self.editors = [
            (Reviewer if name.startswith("reviewer") else Editor)(*given, n, self.world, name)
            for n, name in enumerate(people)
        ]
        self.readers = [Reader(*given, n, self.world["tokens"]) for n in range(readers)]

    def work(self):
        """Let everybody work; return what the importers did."""
        given = (self.port, self.tally, self.done)
        self.copies = [Copy(*given), Copy(*given, self.world["tokens"]["read_internal"])]
        importers = [self._importer(n) for n in range(2)]
        everybody = [*self.copies, *self.editors, *self.readers]
        self.began = time.monotonic()
        for person in everybody:
            person.start()
        time.sleep(self.seconds)
        self.done.set()
        self.stop_file.touch()
        for person in everybody:
            person.join(60)
            assert not person.is_alive()
        self.took = time.monotonic() - self.began
        said = [json.loads(importer.communicate(timeout=60)[0] or "{}") for importer in importers]
        assert all(said), "an importer failed"
        for copy in self.copies:
            copy.finish()
        return {key: sum(one[key] for one in said) for key in said[0]}

    def _importer(self, number):
        command = [
            sys.executable,
            "manage.py",
            "shell",
            "-v",
            "0",
            "-c",
            f"{WORLD}work({str(self.stop_file)!r}, {number})",
        ]
        return subprocess.Popen(command, cwd=ROOT, env=environment(self.url), stdout=subprocess.PIPE, text=True)

    def figures(self, imports):
        """Return what was held, in words."""
        tally, answers = self.tally, self.tally.answers
        times = ", ".join(
            f"{kind} {part:.0%} {tally.percentile(part, kind) * 1000:.0f} ms"
            for kind in ("reader", "editor")
            for part in (0.5, 0.99)
        )
        done = ", ".join(f"{count} {what}" for what, count in sorted(tally.counts.items()))
        return [
            f"crowd: {len(self.readers)} readers, {len(self.editors)} editors, 2 importers, {self.took:.0f} s:"
            f" {len(answers)} requests ({len(answers) / self.took:.0f}/s), {len(tally.failed())} failed; {times}",
            f"crowd: {done}; imports: {', '.join(f'{count} {what}' for what, count in imports.items())}",
        ]


def rows(cluster, statement):
    """Return what a query yields."""
    return json.loads(cluster.sql(PRIMARY, f"SELECT coalesce(json_agg(t), '[]') FROM ({statement}) AS t"))


def check_edits(cluster, editors):
    """Each line that was accepted stands, in the text and in a revision of whoever wrote it."""
    accepted = [(editor.name, *line) for editor in editors for line in editor.accepted]
    assert accepted
    for noun in ("troubleshootingnote", "returncode"):
        now = {row["id"]: row for row in rows(cluster, f"SELECT * FROM kb_{noun}")}
        revisions = {}
        for row in rows(
            cluster,
            f"SELECT h.*, username FROM kb_historical{noun} h LEFT JOIN auth_user u ON u.id = history_user_id",
        ):
            revisions.setdefault(row["id"], []).append(row)
        for name, _noun, pk, field, words in (line for line in accepted if line[1] == noun):
            assert words in now[pk][field], f"overwritten: {words} in {noun} {pk}"
            assert any(words in row[field] and row["username"] == name for row in revisions[pk]), (
                f"no revision: {words}"
            )
        if noun == "troubleshootingnote":
            for pk, of_one in revisions.items():
                versions = sorted(row["version"] for row in of_one)
                assert versions == list(range(1, now[pk]["version"] + 1)), f"versions of note {pk}: {versions}"


def check_feed(cluster, copies):
    """No number is missing or given twice, no page left one out, and each copy is the database."""
    changes = [(row["sequence"], row["noun"], row["object_id"]) for row in rows(cluster, "SELECT * FROM kb_change")]
    numbers = sorted(sequence for sequence, _noun, _pk in changes)
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers[-1] == rows(cluster, "SELECT last FROM kb_changecounter")[0]["last"]
    public, internal = copies
    told_of = [change for change in changes if change[1] in TABLES]
    assert internal.missed(told_of) == []
    for copy in copies:
        _, held = copy.snapshot()
        assert copy.whole() == copy.whole(held)
    for noun, name in TABLES.items():
        stored = {row["id"]: row["version"] for row in rows(cluster, f"SELECT id, version FROM {name}")}
        assert {pk: row["version"] for pk, row in internal.held.get(noun, {}).items()} == stored, noun
    assert public.held != internal.held


@pytest.mark.soak
def test_many_people_at_once_lose_no_edit_and_no_change_and_see_nothing_internal(tmp_path, figures):
    cluster = Cluster(alone=True)
    try:
        url = cluster.writable_url
        crowd = Crowd(url, tmp_path / "stop", seconds=60, editors=20, readers=200)
        rates = {"KB_API_RATE_ANONYMOUS": "1000000", "KB_API_RATE_KNOWN": "1000000"}
        server = Server(url, crowd.port, **rates)
        try:
            imports = crowd.work()
            for line in crowd.figures(imports):
                figures(line)
            assert crowd.tally.failed() == [], cluster.errors(1)
            assert crowd.tally.wrong[:9] == []
            check_edits(cluster, crowd.editors)
            check_feed(cluster, crowd.copies)
        finally:
            server.stop()
        assert imports["applied"]
        run_doctor(url)
    finally:
        cluster.stop()
