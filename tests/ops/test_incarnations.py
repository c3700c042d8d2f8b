"""A restored database has a new incarnation: copies start over, and no old answer counts as current."""

import json
import random
import subprocess
import threading
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from kb.api.framework import generation
from kb.models import CodeTable, Door, ReturnCode, Section, TroubleshootingNote, incarnations
from kb.models.changes import feed_end, last_sequence
from kb.models.sql import is_postgres, rows, run
from kb.ops.backup import copies
from kb.ops.backup.postgres import _environment
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.journal import By, agreed_to
from kb.services.sections import rename_section
from kb.services.tables import save_table
from tests import make
from tests.api.mirror import Mirror, through
from tests.api.whole_site import ask

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("copies")]


@pytest.fixture
def by(admin):
    for slug, audience in (("a", "public"), ("b", "public"), ("c", "internal")):
        table = make.table(slug, audience=audience)
        for number in range(4):
            make.code(str(number), table, in_section=str(number % 2))
        make.note(f"About {slug}", *ReturnCode.objects.filter(table__slug=slug))
    return By(admin, Door.SHELL)


def edit(by, words, code="1"):
    code = ReturnCode.objects.filter(table__slug="a").get(code=code)
    return edit_code(code, code.version, {"description": words}, by)


def incarnation():
    return feed_end().incarnation


def test_a_mirror_that_was_away_during_a_restore_starts_again_and_has_no_differences(by, tmp_path, client):
    edit(by, "Before the backup.")
    copies.make(tmp_path / "copy")
    for number in range(5):
        edit(by, f"Lost {number}.", code=str(number % 4))
    mirrors = [Mirror(through(client), chosen).follow() for chosen in ("", "table=a", "noun=code", "table=b&noun=note")]
    before = last_sequence()
    call_command("restore", str(tmp_path / "copy"), "--yes")
    # The new changes pass the place of the mirrors.
    for number in range(9):
        edit(by, f"New {number}.", code=str(number % 2))
    assert last_sequence() > before
    for mirror in mirrors:
        assert mirror.follow().starts == 2
        assert mirror.differences() == set()
    assert "Lost" not in str(mirrors[0].objects)


def test_a_place_of_before_a_restore_is_gone_with_the_address_of_the_snapshot(by, tmp_path, client, monkeypatch):
    # A process trusts what it knows for a second.
    monkeypatch.setattr(generation, "TRUST_SECONDS", 0)
    edit(by, "Before.")
    place, listed = str(Mirror(through(client)).place), client.get("/api/v1/codes/?page_size=1").json()["next"]
    copies.make(tmp_path / "copy")
    call_command("restore", str(tmp_path / "copy"), "--yes")
    for address in (f"/api/v1/changes/?since={place}", f"/api/v1/changes/?since={place}&wait=5", listed):
        answer = client.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (410, "application/problem+json")
        assert answer.json()["snapshot"] == "http://testserver/api/v1/snapshot/"
        assert answer["Cache-Control"].startswith("private")
    answer = client.get(f"/api/v1/changes/?since={place}&limit=5&table=a,b&table=a&noun=code")
    # Whoever obeys gets what it followed.
    snapshot = urlsplit(answer.json()["snapshot"])
    assert (snapshot.path, parse_qs(snapshot.query)) == ("/api/v1/snapshot/", {"table": ["a", "b"], "noun": ["code"]})
    # Places of earlier releases were numbers alone.
    assert client.get("/api/v1/changes/?since=1").status_code == 410
    assert client.get("/api/v1/changes/?since=0").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/codes/", "/api/v1/search/?q=words", "/api/v1/changes/?since=0"])
def test_an_etag_of_before_a_restore_is_never_current_again(by, tmp_path, settings, path):
    settings.KB_API_CACHE_MEGABYTES = 8
    edit(by, "Old words.")
    copies.make(tmp_path / "copy")
    edit(by, "Lost words.")
    ask(path)
    before = ask(path)
    assert b"Lost words" in before.body
    call_command("restore", str(tmp_path / "copy"), "--yes")
    edit(by, "New words.")
    # The feed has the same number as before, on the same day.
    for answer in (ask(path, if_none_match=before.headers["ETag"]), ask(path)):
        assert answer.status == 200
        assert b"New words" in answer.body
        assert b"Lost words" not in answer.body
        assert answer.headers["ETag"] != before.headers["ETag"]


def test_a_snapshot_that_is_sent_during_a_restore_is_of_before_and_its_place_is_gone(by, tmp_path, client):
    if is_postgres():
        pytest.skip("a restore waits for those who read")
    edit(by, "Before.")
    copies.make(tmp_path / "copy")
    edit(by, "Lost.")
    answer = client.get("/api/v1/snapshot/")
    lines = iter(answer.streaming_content)
    thread = threading.Thread(target=lambda: (copies.restore(tmp_path / "copy", replace=True), connection.close()))
    thread.start()
    thread.join()
    body = b"".join(lines)
    answer.close()
    assert b"Lost." in body
    assert client.get(f"/api/v1/changes/?since={answer['X-Sequence']}").status_code == 410


def test_every_restore_has_an_incarnation_of_its_own(by, tmp_path):
    edit(by, "Before.")
    copies.make(tmp_path / "copy")
    names = [incarnation()]
    for _ in range(2):
        call_command("restore", str(tmp_path / "copy"), "--yes")
        names.append(incarnation())
        edit(by, "After.")
        assert incarnation() == names[-1], "a change keeps it"
    assert len(set(names)) == 3
    call_command("new_incarnation")
    assert incarnation() not in names


def test_a_copy_that_is_put_back_by_hand_has_another_incarnation_with_its_first_change(by, tmp_path):
    """A restore that was killed before its last step, or nobody's command at all."""
    edit(by, "Before.")
    before = incarnation()
    copies.make(tmp_path / "copy")
    connection.close()
    names = set()
    for _ in range(2):
        if is_postgres():
            name = str(connection.settings_dict["NAME"])
            clean = ["--clean", "--if-exists", "--single-transaction", "--no-owner", f"--dbname={name}"]
            command = ["pg_restore", *clean, str(tmp_path / "copy")]
            subprocess.run(command, env=_environment(connection), check=True, capture_output=True)
            served = incarnation()
            assert served not in {before, *names}, "at once"
            assert generation.generation().incarnation == served
        else:
            copies._engine().read(tmp_path / "copy", connection)
        edit(by, "After.")
        names.add(incarnation())
        assert not is_postgres() or incarnation() == served, "copies start over once"
        connection.close()
    assert len(names) == 2
    assert before not in names


@pytest.mark.skipif(not is_postgres(), reason="on SQLite servers see the file at once, or not at all")
def test_a_restore_beside_a_running_server_has_one_incarnation(by, tmp_path, monkeypatch):
    edit(by, "Before.")
    copies.make(tmp_path / "copy")
    before, names = incarnation(), []

    def differences(*digests):
        names.append(incarnation())
        return whole(*digests)

    whole = copies.differences
    monkeypatch.setattr(copies, "differences", differences)
    call_command("restore", str(tmp_path / "copy"), "--yes")
    names.append(incarnation())
    edit(by, "After.")
    names.append(incarnation())
    assert len(names) == 3
    assert len({*names}) == 1
    assert before not in names


def test_a_copy_of_an_earlier_release_has_an_incarnation_after_migrate(by):
    run("UPDATE kb_changecounter SET incarnation = '', origin = ''")
    incarnations.prepare()
    first = incarnation()
    assert len(first) == incarnations.LENGTH
    incarnations.prepare()
    assert incarnation() == first
    run("DELETE FROM kb_changecounter")
    incarnations.prepare()
    assert len(incarnation()) == incarnations.LENGTH
    assert incarnation() != first


def test_a_change_of_an_earlier_release_meanwhile_keeps_the_incarnation(by):
    edit(by, "Before.")
    before = feed_end()
    run("UPDATE kb_changecounter SET last = last + 1")
    assert feed_end() == (before.incarnation, before.sequence + 1)


@pytest.mark.skipif(not is_postgres(), reason="a file has no timeline")
def test_the_origin_names_cluster_timeline_and_table(by):
    edit(by, "Before.")
    (origin,) = rows("SELECT origin FROM kb_changecounter")[0]
    cluster, timeline, table = origin.split("/")
    assert rows("SELECT system_identifier::text FROM pg_control_system()") == [(cluster,)]
    assert timeline == "00000001"
    assert rows("SELECT 'kb_changecounter'::regclass::oid::text") == [(table,)]
    for place, other in ((0, "7"), (1, "00000002"), (2, "7")):
        parts = origin.split("/")
        parts[place] = other
        before = incarnation()
        run("UPDATE kb_changecounter SET origin = %s", "/".join(parts))
        # A dump is seen at once. A replica, which reads the same, cannot tell its timeline.
        assert (incarnation() == before) is (place == 1)
        edit(by, f"At {place}.")
        assert incarnation() != before


class Life:
    """Random edits, restores and backups, drawn from a seed."""

    def __init__(self, seed, by, folder):
        self.random, self.by, self.folder = random.Random(seed), by, folder
        self.restores, self.backups = 0, []
        self.deeds = [self.edit] * 6 + [self.rename, self.rename, self.replace, self.replace, self.turn, self.readdress]
        self.deeds += [self.link, self.restart]

    def any(self, model):
        return self.random.choice(list(model.objects.order_by("pk")))

    def do(self):
        with agreed_to():
            self.random.choice(self.deeds)()

    def edit(self):
        code = self.any(ReturnCode)
        edit_code(code, code.version, {"description": f"Words {self.random.random()}"}, self.by)

    def replace(self):
        code = self.any(ReturnCode)
        edit_code(code, code.version, {"successor": self.any(ReturnCode)}, self.by)

    def rename(self):
        section, number = self.any(Section), self.random.randrange(10**9)
        values = self.random.choice([{"name": f"Section {number}"}, {"slug": f"s{number}"}])
        rename_section(section, section.version, values, self.by)

    def turn(self):
        table = self.any(CodeTable)
        save_table(table, table.version, {"audience": self.random.choice(["public", "internal"])}, self.by)

    def readdress(self):
        table = CodeTable.objects.get(pk=self.random.choice([2, 3]) + CodeTable.objects.order_by("pk")[0].pk - 1)
        save_table(table, table.version, {"slug": f"t{self.random.randrange(10**9)}"}, self.by)

    def link(self):
        with journal.entry(self.by) as entry:
            note = entry.lock(TroubleshootingNote, self.any(TroubleshootingNote).pk)
            entry.update(note, [], codes=self.random.sample(list(ReturnCode.objects.all()), 3))

    def restart(self):
        """Make a backup, or put one back."""
        if len(self.backups) < 2:
            path = self.folder / f"copy{len(self.backups)}"
            copies.make(path, verify=False)
            self.backups.append(path)
        else:
            copies.restore(self.random.choice(self.backups), replace=True)
            self.restores += 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mirrors_survive_random_edits_renames_and_restores(seed, by, agent, tmp_path, client):
    inside = Client()
    inside.force_login(agent)
    life = Life(seed, by, tmp_path)
    mirrors = [
        Mirror(through(reader), chosen)
        for reader in (client, inside)
        for chosen in ("", "table=a", "noun=code,section", "table=a&noun=note,code")
    ]
    for number in range(60):
        life.do()
        for mirror in life.random.sample(mirrors, 3 if number % 5 else len(mirrors)):
            mirror.follow(limit=life.random.choice([1, 3, 200]))
    assert life.restores > 0
    with agreed_to():
        # Otherwise `table=a` of the new snapshots is refused.
        table = CodeTable.objects.order_by("pk")[0]
        save_table(table, table.version, {"audience": "public"}, by)
    for mirror in mirrors:
        assert mirror.follow(limit=3).differences() == set(), mirror.chosen


def test_the_manifest_leads_to_the_same_part_of_the_feed(by, client):
    manifest = client.get("/api/v1/snapshot/manifest/?table=a&noun=code").json()
    assert set(manifest["counts"]) == {"code"}
    assert manifest["snapshot"] == "http://testserver/api/v1/snapshot/?table=a&noun=code"
    assert manifest["changes"].endswith(f"/api/v1/changes/?table=a&noun=code&since={quote(manifest['sequence'])}")
    assert json.loads(client.get(manifest["changes"]).content)["results"] == []
