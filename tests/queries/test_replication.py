"""A copy made of a snapshot and the changes after it holds what the database holds, for every reader."""

import contextlib
import json
import random
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from kb import answers
from kb.importing.applying.rollback import roll_back
from kb.importing.errors import PlanIsStale, WrongState
from kb.models import (
    Audience,
    Change,
    CodeRange,
    CodeTable,
    Door,
    IncidentLink,
    ReturnCode,
    Section,
    TableImport,
    TroubleshootingNote,
)
from kb.models.changes import last_sequence
from kb.queries import dependents, replication
from kb.queries.replication import START, FeedPlace, end_for
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By, NotAllowed, StaleEdit, agreed_to
from kb.services.notes import archive_note, restore_note, save_note, validate_note
from kb.services.ranges import delete_range, save_range
from kb.services.sections import rename_section
from kb.services.tables import save_table
from tests import make
from tests.importing.tables import applied

pytestmark = pytest.mark.usefixtures("agreed")

LINKS = {"note": {"codes": "code", "ranges": "range"}, "incident": {"codes": "code"}}


class Copy:
    """What somebody elsewhere keeps, by the rules that the answers state: everything, or some nouns and tables."""

    def __init__(self, user, nouns=(), tables=None):
        self.user, self.nouns, self.tables = user, nouns, tables
        self.held, self.table_of = {}, {}
        rows = replication.snapshot(user, nouns, tables)
        self.place = next(rows)
        for noun, copied in rows:
            self.keep(noun, copied)

    def keep(self, noun, copied):
        self.held[noun, copied.id], self.table_of[noun, copied.id] = plain(copied), copied.table_id

    def again(self):
        """A new copy of the same."""
        return Copy(self.user, self.nouns, self.tables)

    def follow(self, limit=200):
        more = True
        while more:
            page = replication.changes(self.user, self.place, limit, self.nouns)
            assert len(page.entries) <= limit
            for entry in page.entries:
                self.apply(entry)
            assert page.more is False or str(page.next) != str(self.place), "no standing still"
            self.place, more = page.next, page.more
        return self

    def apply(self, entry):
        if entry.copied is not None:
            self.keep(entry.noun, entry.copied)
            return
        self.held.pop((entry.noun, entry.id), None)
        if entry.noun == "table":
            for key in [key for key in self.held if self.table_of[key] == entry.id]:
                del self.held[key]

    @property
    def shown(self):
        """What it holds, without links to what it does not."""
        return {key: self._linked(key[0], row) for key, row in self.held.items()}

    def _linked(self, noun, row):
        row = dict(row)
        for name, other in LINKS.get(noun, {}).items():
            row[name] = [pk for pk in row[name] if (other, pk) in self.held]
        return row


def plain(copied):
    """The object as its reader gets it."""
    return json.loads(copied.object) if isinstance(copied.object, bytes) else copied.object


def keys(copy, noun):
    return {pk for kind, pk in copy.held if kind == noun}


def door(user):
    return By(user, Door.SHELL)


@pytest.fixture
def by(admin):
    return door(admin)


def set_audience(table, audience, by):
    table.refresh_from_db()
    save_table(table, table.version, {"audience": audience}, by)


READERS = ["public", "inside"]


@pytest.fixture(params=READERS)
def who(request, agent):
    return agent if request.param == "inside" else None


@pytest.mark.django_db
def test_a_copy_has_every_object_as_its_reader_may_read_it(agent):
    code, hidden = make.code("1"), make.code("2", make.table("hidden", audience="internal"))
    code.successor = hidden
    code.save()
    answers.refresh([code.pk])
    make.note("Room is gone", code, hidden, verify_reason="because")
    make.note("Draft", code, state="draft")
    public, inside = Copy(None), Copy(agent)
    assert [len(keys(copy, "code")) for copy in (public, inside)] == [1, 2]
    assert [len(keys(copy, "note")) for copy in (public, inside)] == [1, 2]
    (note,) = (row for (noun, _), row in public.held.items() if noun == "note")
    assert (note["codes"], "verify_reason" in note) == ([code.pk], False)
    assert public.held["code", code.pk]["successor"] is None
    assert inside.held["code", code.pk]["successor"]["id"] == hidden.pk
    assert "hidden" not in str(public.held)


@pytest.mark.django_db
def test_a_note_that_becomes_internal_is_an_empty_entry(by):
    note = make.note("Room is gone", make.code("1"))
    with journal.entry(by) as entry:
        entry.note(note, "updated", [])
    copy = Copy(None)
    archive_note(note, note.version, by)
    restore_note(note, TroubleshootingNote.objects.get().version, by)
    page = replication.changes(None, copy.place, 10)
    assert [(one.noun, one.id, one.copied) for one in page.entries] == [("note", note.pk, None)]
    assert len(page.entries) == 1, "what happens inside afterwards is not told"


@pytest.mark.django_db
def test_the_public_feed_has_nothing_about_objects_that_were_never_public(by, agent):
    make.code("1")
    hidden = make.code("2", make.table("hidden", audience="internal"))
    copy = Copy(None)
    edit_code(hidden, hidden.version, {"description": "secret"}, by)
    page = replication.changes(None, copy.place, 10)
    assert page.entries == []
    assert page.next.sequence == last_sequence(), "and does not read it again next time"
    of_agent = FeedPlace(end_for(agent).incarnation, copy.place.sequence)
    assert len(replication.changes(agent, of_agent, 10).entries) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 7, 500])
def test_a_table_appears_and_disappears_with_all_its_objects(by, limit, who):
    table = make.table("hidden", audience="internal")
    other = make.code("other", make.table("shown"))
    codes = [make.code(str(n), table) for n in range(5)]
    other.successor = codes[0]
    other.save()
    answers.refresh([other.pk])
    make.code_range(of=table)
    make.note("About both", codes[0], other)
    make.note("About it", codes[1])
    make.incident("It is down", codes[1])
    copy = Copy(who)
    for audience in (Audience.PUBLIC, Audience.INTERNAL, Audience.PUBLIC):
        set_audience(table, audience, by)
        assert copy.follow(limit).shown == Copy(who).shown
        assert (len(keys(copy, "code")) == 6) is (audience == Audience.PUBLIC or who is not None)


@pytest.mark.django_db
def test_a_place_inside_an_internal_table_lists_nothing(by):
    words = {"slug": "hidden", "vendor": "Hush", "product": "Hush", "name": "Hush", "audience": "internal"}
    table = save_table(CodeTable(), None, words, by)
    make.note("About it", make.code("1", table))
    sequence = Change.objects.get().sequence
    for step in dependents.STEPS:
        assert replication.changes(None, FeedPlace(end_for(None).incarnation, sequence, step), 10).entries == []


@pytest.mark.django_db
def test_objects_written_while_their_table_becomes_public_are_listed(by):
    table = make.table("hidden", audience="internal")
    code = make.code("1", table)
    copy = Copy(None)
    set_audience(table, Audience.PUBLIC, by)
    copy.follow()
    edit_code(code, code.version, {"description": "Committed after it."}, by)
    # Its writer began when the table was internal still.
    Change.objects.filter(noun="code").update(audience=Audience.INTERNAL)
    assert copy.follow().shown == Copy(None).shown


@pytest.mark.django_db
def test_a_page_needs_the_same_number_of_queries_for_many_rows(by, django_assert_max_num_queries):
    codes = [make.code(str(n)) for n in range(40)]
    make.note("About all", *codes)
    for code in codes:
        edit_code(code, code.version, {"description": "Other."}, by)
    with django_assert_max_num_queries(6):
        assert len(replication.changes(None, START, 100).entries) == 40


class Writer(threading.Thread):
    """Somebody who does things at random, at the same time as others."""

    def __init__(self, seed, user, steps):
        super().__init__()
        self.random, self.by, self.steps, self.errors = random.Random(seed), door(user), steps, []
        self.deeds = [self.edit, self.edit, self.turn, self.publish, self.move, self.hit]
        self.deeds += [self.rename, self.rename, self.readdress, self.block, self.bring, self.bring, self.take]

    def run(self):
        try:
            for _ in range(self.steps):
                with contextlib.suppress(NotAllowed, StaleEdit, PlanIsStale, WrongState), agreed_to():
                    self.random.choice(self.deeds)()
        except Exception as error:
            self.errors.append(error)
        finally:
            connection.close()

    def any(self, model):
        return self.random.choice(list(model.objects.all()))

    def edit(self):
        code = self.any(ReturnCode)
        values = {"description": f"By {self.random.random()}", "successor": self.any(ReturnCode)}
        edit_code(code, code.version, values, self.by)

    def turn(self):
        table = self.any(CodeTable)
        audience = self.random.choice(Audience.values)
        save_table(table, table.version, {"audience": audience}, self.by)

    def rename(self):
        section = self.any(Section)
        number = self.random.random()
        values = self.random.choice([{"name": f"Section {number}"}, {"slug": f"s{str(number)[2:]}"}])
        rename_section(section, section.version, values, self.by)

    def readdress(self):
        table = self.any(CodeTable)
        save_table(table, table.version, {"slug": f"{table.slug[:1]}-{self.random.randrange(10**9)}"}, self.by)

    def block(self):
        table = self.any(CodeTable)
        first = self.random.randrange(1000)
        block = save_range(CodeRange(table=table), None, {"name": "B", "first": first, "last": first}, self.by)
        with journal.entry(self.by) as entry:
            # As a reviewer's decision about a validated note.
            entry.update(entry.lock(TroubleshootingNote, self.any(TroubleshootingNote).pk), [], ranges=[block])
        if self.random.random() < 0.7:
            delete_range(block, block.version, self.by)

    def bring(self):
        """Import codes that a roll-back may have taken away."""
        applied(self.any(CodeTable), *((str(n), f"New {n}") for n in self.random.sample(range(10, 14), 2)))

    def take(self):
        imports = TableImport.objects.filter(state="applied", rolls_back=None)
        if imports:
            roll_back(self.random.choice(list(imports)), self.by)

    def publish(self):
        note = self.any(TroubleshootingNote)
        codes = self.random.sample(list(ReturnCode.objects.all()), 2)
        values = {"audience": self.random.choice(Audience.values)}
        save_note(note, note.version, values, self.by, codes)

    def move(self):
        note = self.any(TroubleshootingNote)
        verb = self.random.choice([archive_note, restore_note, validate_note])
        verb(note, note.version, self.by)

    def hit(self):
        incident = self.any(IncidentLink)
        values = {"audience": self.random.choice(Audience.values), "impact": str(self.random.random())}
        save_incident(incident, incident.version, values, [self.any(ReturnCode)], self.by)


@pytest.mark.django_db
def test_a_note_lists_a_code_again_that_a_roll_back_took_and_an_import_brought_back(by, who):
    table = make.table("shown")
    stays = make.code("1", table)
    bring = lambda: applied(table, ("2", "New."))  # noqa: E731
    first = bring()
    code = table.codes.get(code="2")
    make.note("About both", stays, code)
    make.incident("It is down", stays, code)
    choices = [(), ((), (table.pk,)), (["note"],), (["incident", "code"], (table.pk,))]
    copies = [Copy(who, *chosen) for chosen in choices]
    roll_back(first, by)
    copies += [Copy(who, *chosen) for chosen in choices]
    for act in (None, bring, lambda: roll_back(table.imports.filter(rolls_back=None).latest("pk"), by), bring):
        if act:
            act()
        for copy in copies:
            assert copy.follow(limit=2).held == copy.again().held


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_copies_of_a_busy_database_end_up_equal_to_it(seed, admin, agent):
    tables = [make.table(slug, audience=audience) for slug, audience in (("a", "public"), ("b", "internal"))]
    codes = [make.code(str(n), table) for table in tables for n in range(4)]
    for n in range(3):
        make.note(f"Note {n}", codes[n], codes[-n], validated_at=timezone.now() - timedelta(days=1))
        make.incident(f"Incident {n}", codes[n])
    writers = [Writer(f"{seed}{n}", admin, 15) for n in range(3)]
    one = (tables[0].pk,)
    copies = [Copy(user, *chosen) for user in (None, agent) for chosen in ((), ((), one), (["code"],), (["note"], one))]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        copies = [copy.follow(limit=5) for copy in copies]
        # Begun in the middle of it all.
        if len(copies) < 12:
            copies += [Copy(None), Copy(agent)]
    assert [writer.errors for writer in writers] == [[], [], []]
    assert Change.objects.count() > 20
    for copy in copies:
        assert copy.follow(limit=5).shown == copy.again().shown
