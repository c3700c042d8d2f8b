"""The entries of the feed for copies: which objects, in which order and how often, for each reader."""

import pytest

from kb.models import Change, ChangeCounter, CodeTable, Door, IncidentLink, TroubleshootingNote
from kb.models.changes import last_sequence
from kb.queries import replication
from kb.queries.replication import FeedPlace
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import archive_note, restore_note, save_note
from kb.services.sections import rename_section
from kb.services.tables import save_table
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]
START = FeedPlace(0)


@pytest.fixture
def by(admin):
    return By(admin, Door.SHELL)


def pages(user, place=START, limit=500):
    more = True
    while more:
        page = replication.changes(user, place, limit)
        yield page
        place, more = page.next, page.more


def entries(user, place=START, limit=500):
    """All entries after a place: noun, id, and whether there is an object."""
    found = [entry for page in pages(user, place, limit) for entry in page.entries]
    return [(entry.noun, entry.id, entry.object is not None) for entry in found]


def here():
    return FeedPlace(last_sequence())


def withdraw_table(by, is_journalled):
    values = {"slug": "t", "vendor": "V", "product": "P", "name": "N", "audience": "public"}
    table = save_table(CodeTable(), None, values, by) if is_journalled else make.table("t")
    start = here()
    table = save_table(table, table.version, {"audience": "internal"}, by)
    yield "table", table.pk, start
    table = save_table(table, table.version, {"name": "Renamed"}, by)
    edit_code(make.code("1", table), 1, {"description": "Other."}, by)


def withdraw_note(by, is_journalled):
    note = make.note("Note", make.code("1"))
    if is_journalled:
        Change.objects.create(
            sequence=1, noun="note", object_id=note.pk, kind="created", label="Note", door="shell", audience="public"
        )
        ChangeCounter.objects.update_or_create(id=1, defaults={"last": 1})
    start = here()
    note = archive_note(note, 1, by)
    yield "note", note.pk, start
    restore_note(note, note.version, by)


def withdraw_incident(by, is_journalled):
    values = {"title": "Down", "url": "https://s.example/1", "audience": "public"}
    made = save_incident(IncidentLink(), None, values, [], by) if is_journalled else make.incident("Down")
    start = here()
    made = save_incident(made, made.version, {"audience": "internal"}, None, by)
    yield "incident", made.pk, start
    save_incident(made, made.version, {"impact": "All"}, None, by)


@pytest.mark.parametrize("is_journalled", [True, False], ids=["with an earlier change", "older than the feed"])
@pytest.mark.parametrize("withdraw", [withdraw_table, withdraw_note, withdraw_incident])
def test_what_was_public_is_withdrawn_once_and_its_later_life_is_not_listed(withdraw, is_journalled, by, agent):
    steps = withdraw(by, is_journalled)
    noun, pk, start = next(steps)
    assert entries(None, start) == [(noun, pk, False)]
    assert entries(agent, start) == [(noun, pk, True)]
    after = here()
    next(steps, None)
    assert entries(None, after) == []
    assert (noun, pk, True) in entries(agent, after)


def test_what_was_always_internal_is_never_listed(by, agent):
    code = make.code("1")
    note = save_note(TroubleshootingNote(), None, {"title": "Note"}, by, [code])
    save_note(note, 1, {"cause": "Other."}, by)
    values = {"title": "Down", "url": "https://s.example/1"}
    save_incident(IncidentLink(), None, values, [code], by)
    values = {"slug": "t", "vendor": "V", "product": "P", "name": "N"}
    save_table(CodeTable(), None, values | {"audience": "internal"}, by)
    assert entries(None) == []
    assert len(entries(agent)) == 3


def test_an_object_that_changed_twice_is_listed_once_at_its_last_change(by):
    first, second = make.code("1"), make.code("2")
    for text in ("A", "B"):
        first.refresh_from_db()
        edit_code(first, first.version, {"description": text}, by)
        edit_code(second, second.version, {"description": text}, by) if text == "A" else None
    (page,) = pages(None)
    assert [(entry.sequence, entry.id) for entry in page.entries] == [(2, second.pk), (3, first.pk)]
    assert (page.next, page.more) == (FeedPlace(3), False)
    assert [entry.sequence for page in pages(None, limit=1) for entry in page.entries] == [1, 2, 3]


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (4, [3])])
def test_a_page_has_up_to_its_limit_and_says_whether_there_is_more(limit, sizes, by):
    for number in "123":
        edit_code(make.code(number), 1, {"description": "Other."}, by)
    found = list(pages(None, limit=limit))
    assert [len(page.entries) for page in found] == sizes
    assert [page.more for page in found] == [True] * (len(sizes) - 1) + [False]
    assert found[-1].next == FeedPlace(3)


def test_the_end_of_the_feed_is_after_what_the_reader_may_not_see(by):
    edit_code(make.code("1"), 1, {"description": "Other."}, by)
    save_note(TroubleshootingNote(), None, {"title": "Internal"}, by)
    page = replication.changes(None, START, 1)
    assert ([entry.noun for entry in page.entries], page.next, page.more) == (["code"], FeedPlace(2), False)
    assert replication.changes(None, FeedPlace(9), 1).next == FeedPlace(9)


def test_proposals_and_flags_are_not_in_the_feed(by, agent):
    Change.objects.create(sequence=1, noun="flag", object_id=1, kind="created", label="F", door="web")
    assert entries(agent) == []


@pytest.fixture
def opened(by):
    """A table that becomes public, with one object of every kind about it, and one of every kind beside it."""
    table, other = make.table("opened", audience="internal"), make.table("other")
    code, replaced = make.code("5", table), make.code("6", other)
    own = make.code("4", table, successor=code)
    type(replaced).objects.filter(pk=replaced.pk).update(successor=code)
    block = make.code_range("Block", of=table)
    make.code_range("Beside", of=other)
    on_code, on_both, on_range = make.note("On code", code), make.note("On both", code, replaced), make.note("On range")
    on_range.ranges.add(block)
    make.note("Beside", replaced)
    make.note("Draft", code, state="draft")
    make.note("Internal", code, audience="internal")
    incident = make.incident("Down", code, replaced)
    make.incident("Internal", code, audience="internal")
    make.incident("Beside", replaced)
    make.incident("Of no code")
    save_table(table, 1, {"audience": "public", "name": "Opened"}, by)
    table.refresh_from_db()
    about = [("note", one.pk) for one in (on_code, on_both, on_range)], [("incident", incident.pk)]
    parts = [("section", code.section_id), ("range", block.pk), ("code", code.pk), ("code", own.pk)]
    return table, on_both, [("table", table.pk), *parts, ("code", replaced.pk)], [*about[0], *about[1]]


def test_a_table_that_becomes_public_lists_all_that_becomes_readable(opened, by, agent):
    table, _, parts, about = opened
    whole = [(noun, pk, True) for noun, pk in [*parts, *about]]
    assert entries(None) == whole
    for limit in (1, 2, 3, 9, 10, 11):
        assert entries(None, limit=limit) == whole, limit
    assert entries(agent) == [("table", table.pk, True)]


def test_a_table_that_becomes_internal_lists_its_notes_and_incidents_alone(opened, by, agent):
    table, on_both, _, about = opened
    start = here()
    save_table(table, table.version, {"audience": "internal"}, by)
    expected = [("table", table.pk, False)]
    expected += [(noun, pk, noun == "incident" or pk == on_both.pk) for noun, pk in about]
    assert entries(None, start) == expected
    for limit in (1, 2, 5, 6):
        assert entries(None, start, limit) == expected
    assert entries(agent, start) == [("table", table.pk, True)]


def test_changes_around_the_one_that_opens_a_table_keep_their_order(by):
    table = make.table("opened", audience="internal")
    code, other = make.code("1", table), make.code("2", make.table("other"))
    other = edit_code(other, 1, {"description": "A"}, by)
    save_table(table, 1, {"audience": "public"}, by)
    edit_code(other, 2, {"description": "B"}, by)
    expected = [("code", other.pk, True), ("table", table.pk, True), ("section", code.section_id, True)]
    expected += [("code", code.pk, True), ("code", other.pk, True)]
    for limit in (1, 2, 3, 500):
        assert entries(None, limit=limit) == expected


def test_a_table_that_is_renamed_is_one_entry(by):
    table = make.code("1").table
    save_table(table, 1, {"name": "Renamed"}, by)
    rename_section(table.sections.get(), 1, {"name": "Renamed"}, by)
    assert entries(None) == [("table", table.pk, True), ("section", table.sections.get().pk, True)]


@pytest.mark.parametrize(
    ("place", "text"), [(FeedPlace(7), "7"), (FeedPlace(7, "code"), "7.code.0"), (FeedPlace(7, "note", 5), "7.note.5")]
)
def test_a_place_is_written_with_its_step(place, text):
    assert str(place) == text


def test_a_snapshot_reads_every_batch_in_the_order_of_ids(monkeypatch):
    monkeypatch.setattr(replication, "BATCH", 2)
    codes = [make.code(number) for number in ("5", "4", "3", "2", "1")]
    rows = list(replication.snapshot(None))
    assert rows[0] == ("sequence", last_sequence())
    assert [noun for noun, _ in rows[1:]] == ["table", "section", *["code"] * 5]
    assert [row["id"] for noun, row in rows if noun == "code"] == [code.pk for code in codes]


def test_links_lead_only_to_what_the_reader_may_see_in_the_order_of_ids(agent):
    secret = make.table("secret", audience="internal")
    codes = [make.code(number) for number in "321"]
    hidden = make.code("1", secret)
    note, other = make.note("Note", *codes[::-1], hidden), make.note("Other", codes[1])
    block, hidden_block = make.code_range("Block"), make.code_range("Hidden", of=secret)
    note.ranges.set([block, hidden_block])
    incident = make.incident("Down", hidden, codes[2])

    def linked(user, noun, pk, name):
        return next(row[name] for kind, row in replication.snapshot(user) if kind == noun and row["id"] == pk)

    shown = [code.pk for code in codes]
    assert linked(None, "note", note.pk, "codes") == shown
    assert linked(None, "note", other.pk, "codes") == [codes[1].pk]
    assert linked(None, "note", note.pk, "ranges") == [block.pk]
    assert linked(None, "note", other.pk, "ranges") == []
    assert linked(None, "incident", incident.pk, "codes") == [codes[2].pk]
    assert linked(agent, "note", note.pk, "codes") == [*shown, hidden.pk]
    assert linked(agent, "note", note.pk, "ranges") == [block.pk, hidden_block.pk]
