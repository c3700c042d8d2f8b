"""The entries of the feed for copies: which objects, in which order and how often, for each reader."""

from dataclasses import replace

import pytest
from django.utils import timezone

from kb.models import Change, ChangeCounter, CodeTable, Door, IncidentLink, Tombstone, TroubleshootingNote
from kb.models.changes import feed_end
from kb.queries import replication
from kb.queries.replication import START, FeedPlace, PlaceGone, end_for
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import archive_note, restore_note, save_note
from kb.services.ranges import delete_range, save_range
from kb.services.sections import rename_section
from kb.services.tables import save_table
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]


@pytest.fixture
def by(admin):
    return By(admin, Door.SHELL)


def pages(user, place=START, limit=500):
    more = True
    if place != START:
        place = replace(place, incarnation=end_for(user).incarnation)
    while more:
        page = replication.changes(user, place, limit)
        yield page
        place, more = page.next, page.more


def entries(user, place=START, limit=500):
    """All entries after a place: noun, id, and whether there is an object."""
    found = [entry for page in pages(user, place, limit) for entry in page.entries]
    return [(entry.noun, entry.id, entry.copied is not None) for entry in found]


def here(user=None):
    return FeedPlace(*end_for(user))


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
    assert (page.next, page.more) == (here(), False)
    assert [entry.sequence for page in pages(None, limit=1) for entry in page.entries] == [1, 2, 3]


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (4, [3])])
def test_a_page_has_up_to_its_limit_and_says_whether_there_is_more(limit, sizes, by):
    for number in "123":
        edit_code(make.code(number), 1, {"description": "Other."}, by)
    found = list(pages(None, limit=limit))
    assert [len(page.entries) for page in found] == sizes
    assert [page.more for page in found] == [True] * (len(sizes) - 1) + [False]
    assert found[-1].next == here()


def test_the_end_of_the_feed_is_after_what_the_reader_may_not_see(by):
    edit_code(make.code("1"), 1, {"description": "Other."}, by)
    save_note(TroubleshootingNote(), None, {"title": "Internal"}, by)
    page = replication.changes(None, START, 1)
    assert ([entry.noun for entry in page.entries], page.next, page.more) == (["code"], here(), False)


def test_a_place_that_the_feed_does_not_have_is_gone(by):
    edit_code(make.code("1"), 1, {"description": "Other."}, by)
    end = here()
    assert replication.changes(None, end, 1).next == end
    for place in (end.at(2), FeedPlace("other", 1), FeedPlace("other", 0), FeedPlace("old", 1, "code", 1)):
        with pytest.raises(PlaceGone):
            replication.changes(None, place, 1)


def test_a_place_that_was_made_for_somebody_with_other_rights_is_gone(by, agent):
    edit_code(make.code("1"), 1, {"description": "Other."}, by)
    for user, other in ((None, agent), (agent, None)):
        place = next(replication.snapshot(user))
        assert replication.changes(user, place, 1).next == place
        assert place.end == feed_end(), "who waits looks at the same end"
        with pytest.raises(PlaceGone):
            replication.changes(other, place, 1)


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
    _, _, parts, about = opened
    whole = [(noun, pk, True) for noun, pk in [*parts, *about]]
    assert entries(None) == whole
    for limit in (1, 2, 3, 9, 10, 11):
        assert entries(None, limit=limit) == whole, limit
    assert entries(agent) == [whole[0], *whole[5:]], "only what has links has changes, for everybody"


def test_a_table_that_becomes_internal_lists_what_is_beside_it(opened, by, agent):
    table, on_both, parts, about = opened
    parts = [(noun, pk, True) for noun, pk in parts]
    start = here()
    save_table(table, table.version, {"audience": "internal"}, by)
    # The reference of a code that it replaced.
    expected = [("table", table.pk, False), parts[-1]]
    expected += [(noun, pk, noun == "incident" or pk == on_both.pk) for noun, pk in about]
    assert entries(None, start) == expected
    for limit in (1, 2, 5, 6):
        assert entries(None, start, limit) == expected
    assert entries(agent, start) == [(noun, pk, True) for noun, pk, _ in expected]


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
    assert entries(None) == [("table", table.pk, True)]


@pytest.fixture
def replaced():
    """Codes in two sections of a table and in another table, which those of the first section replace."""
    table, other = make.table("a"), make.table("b")
    new = make.code("new", table, "First")
    old = [make.code("old", table, "Second", successor=new), make.code("old", other, successor=new)]
    make.code("beside", other)
    hidden = make.code("hidden", make.table("hidden", audience="internal"), successor=new)
    return table, new, old, hidden


@pytest.mark.parametrize("values", [{"name": "Renamed"}, {"slug": "renamed"}])
def test_a_section_that_is_renamed_lists_its_codes_and_those_that_they_replace(replaced, values, by, agent):
    _, new, old, hidden = replaced
    rename_section(new.section, 1, values, by)
    expected = [("section", new.section_id, True), *(("code", code.pk, True) for code in (new, *old))]
    for limit in (1, 2, 3, 4, 500):
        assert entries(None, limit=limit) == expected
        assert entries(agent, limit=limit) == [*expected, ("code", hidden.pk, True)]
    start = here()
    rename_section(new.section, 2, {"position": 9}, by)
    assert entries(None, start) == [("section", new.section_id, True)]


def test_a_table_with_another_short_name_lists_all_that_has_it(replaced, by, agent):
    table, new, old, hidden = replaced
    save_table(table, 1, {"slug": "renamed"}, by)
    sections = table.sections.order_by("pk").values_list("pk", flat=True)
    expected = [("table", table.pk, True), *(("section", pk, True) for pk in sections)]
    expected += [("code", code.pk, True) for code in (new, old[0])]
    beside = [("code", old[1].pk, True)]
    for limit in (1, 2, 500):
        assert entries(None, limit=limit) == [*expected, *beside]
        assert entries(agent, limit=limit) == [*expected, *beside, ("code", hidden.pk, True)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 500])
def test_a_code_lists_the_codes_that_it_replaces(replaced, limit, by, agent):
    _, new, old, hidden = replaced
    edit_code(new, 1, {"description": "Other."}, by)
    edit_code(old[1], 1, {"description": "Other."}, by)
    listed = [one for one in entries(None, limit=limit) if one != ("code", old[1].pk, True)]
    assert listed == [("code", new.pk, True), ("code", old[0].pk, True)]
    assert entries(None, limit=limit)[-1] == ("code", old[1].pk, True)
    assert ("code", hidden.pk, True) in entries(agent, limit=limit)


def test_many_replaced_codes_are_listed_page_by_page(by):
    new = make.code("new")
    old = [make.code(f"old {n}", successor=new) for n in range(5)]
    edit_code(make.code("before"), 1, {"description": "Other."}, by)
    edit_code(new, 1, {"description": "Other."}, by)
    for limit in (1, 2, 3, 4, 5, 6, 7, 8):
        assert all(len(page.entries) <= limit for page in pages(None, limit=limit))
        assert [pk for _, pk, _ in entries(None, limit=limit)][1:] == [new.pk, *(code.pk for code in old)]


def test_a_page_reads_a_window_of_the_feed(by, monkeypatch):
    monkeypatch.setattr(replication, "WINDOW", 2)
    hidden = make.code("1", make.table("hidden", audience="internal"))
    for version in range(1, 6):
        edit_code(hidden, version, {"description": f"{version}"}, by)
        hidden.refresh_from_db()
    edit_code(make.code("2"), 1, {"description": "Other."}, by)
    found = list(pages(None))
    assert [(len(page.entries), page.next.sequence, page.more) for page in found] == [
        (0, 2, True),
        (0, 4, True),
        (1, 6, False),
    ]


def follow(place, nouns=(), limit=500):
    """All entries after a place for somebody who follows a part: noun, id, and whether there is an object."""
    more, found = True, []
    while more:
        page = replication.changes(None, place, limit, nouns)
        found += page.entries
        place, more = page.next, page.more
    return [(entry.noun, entry.id, entry.copied is not None) for entry in found], place


def link(note, by, **links):
    """Edit what a validated note is about, as a reviewer's decision does."""
    with journal.entry(by) as entry:
        entry.update(entry.lock(TroubleshootingNote, note.pk), [], **links)


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_other_tables_are_passed_over_and_the_place_moves_on(replaced, by, limit):
    table, new, old, _ = replaced
    start = FeedPlace(*end_for(None), tables=(table.pk,))
    beside = make.code("9", make.table("c"))
    edit_code(beside, 1, {"description": "Other."}, by)
    assert follow(start, limit=limit) == ([], start.at(feed_end().sequence))
    edit_code(new, 1, {"description": "Other."}, by)
    note = make.note("Note", beside)
    link(note, by, codes=[beside])
    listed, place = follow(start, limit=limit)
    # A note may have been about the table before.
    assert listed == [("code", new.pk, True), ("code", old[0].pk, True), ("note", note.pk, False)]
    assert place == start.at(feed_end().sequence)
    other = FeedPlace(start.incarnation, start.sequence, tables=(old[1].table_id,))
    assert follow(other, limit=limit)[0] == [("code", old[1].pk, True), ("note", note.pk, False)]
    assert follow(start, ["section"], limit)[0] == []


def test_a_note_is_followed_by_the_tables_of_its_codes_and_ranges(by):
    code, beside = make.code("1"), make.code("2", make.table("c"))
    note, block = make.note("Note", beside), make.code_range("Block")
    start = FeedPlace(*end_for(None), tables=(code.table_id,))
    for codes, ranges, is_there in (([code], [], True), ([beside], [], False), ([], [block], True)):
        place = start.at(feed_end().sequence)
        link(note, by, codes=codes, ranges=ranges)
        assert follow(place)[0] == [("note", note.pk, is_there)]
    place = start.at(feed_end().sequence)
    delete_range(block, 1, by)
    assert follow(place)[0] == [("note", note.pk, False), ("range", block.pk, False)]


def test_a_section_that_a_roll_back_took_away_is_not_listed_when_its_table_opens(by):
    table = make.table("t", audience="internal")
    code, taken = make.code("1", table, "Stays"), make.code("2", table, "Taken")
    Tombstone.objects.create(code=taken)
    type(taken).objects.filter(pk=taken.pk).update(retired_at=timezone.now())
    start = here()
    save_table(table, 1, {"audience": "public"}, by)
    expected = [("table", table.pk, True), ("section", code.section_id, True), ("code", code.pk, True)]
    assert entries(None, start) == expected


def test_a_note_is_not_about_a_table_by_a_code_that_a_roll_back_took_away(by):
    table, other = make.table("t"), make.table("other")
    taken, stays = make.code("1", table), make.code("2", other)
    note, incident = make.note("Note", taken, stays), make.incident("Down", taken, stays)
    about = lambda of: {(noun, row.id) for noun, row in list(replication.snapshot(None, (), (of.pk,)))[1:]}  # noqa: E731
    both = {("note", note.pk), ("incident", incident.pk)}
    assert both <= about(table)
    Tombstone.objects.create(code=taken)
    type(taken).objects.filter(pk=taken.pk).update(retired_at=timezone.now())
    assert not both & about(table)
    assert both <= about(other)


@pytest.mark.parametrize("nouns", [(), ["code"], ["range", "note"]])
def test_a_table_that_disappears_is_told_to_who_follows_it(replaced, by, nouns):
    table, *_ = replaced
    start = FeedPlace(*end_for(None), tables=(table.pk,))
    beside = FeedPlace(start.incarnation, start.sequence, tables=(make.table("c").pk,))
    save_table(table, 1, {"audience": "internal"}, by)
    assert follow(start, nouns)[0] == [("table", table.pk, False)]
    assert follow(start, ["note"])[0] == []
    assert follow(beside, nouns)[0] == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (FeedPlace("a", 7), "a-7"),
        (FeedPlace("a", 7, "code"), "a-7.code.0"),
        (FeedPlace("a", 7, "note", 5), "a-7.note.5"),
        (FeedPlace("a", 7, "note", 5, (3, 4)), "a-7.note.5~3.4"),
    ],
)
def test_a_place_is_written_with_its_step(place, text):
    assert str(place) == text


def test_a_snapshot_reads_every_batch_in_the_order_of_ids(monkeypatch):
    monkeypatch.setattr(replication, "BATCH", 2)
    codes = [make.code(number) for number in ("5", "4", "3", "2", "1")]
    rows = list(replication.snapshot(None))
    assert rows[0] == FeedPlace(*end_for(None))
    assert [noun for noun, _ in rows[1:]] == ["table", "section", *["code"] * 5]
    assert [row.id for noun, row in rows[1:] if noun == "code"] == [code.pk for code in codes]


def test_links_lead_only_to_what_the_reader_may_see_in_the_order_of_ids(agent):
    secret = make.table("secret", audience="internal")
    codes = [make.code(number) for number in "321"]
    hidden = make.code("1", secret)
    note, other = make.note("Note", *codes[::-1], hidden), make.note("Other", codes[1])
    block, hidden_block = make.code_range("Block"), make.code_range("Hidden", of=secret)
    note.ranges.set([block, hidden_block])
    incident = make.incident("Down", hidden, codes[2])

    def linked(user, noun, pk, name):
        rows = list(replication.snapshot(user))[1:]
        return next(row.object[name] for kind, row in rows if kind == noun and row.id == pk)

    shown = [code.pk for code in codes]
    assert linked(None, "note", note.pk, "codes") == shown
    assert linked(None, "note", other.pk, "codes") == [codes[1].pk]
    assert linked(None, "note", note.pk, "ranges") == [block.pk]
    assert linked(None, "note", other.pk, "ranges") == []
    assert linked(None, "incident", incident.pk, "codes") == [codes[2].pk]
    assert linked(agent, "note", note.pk, "codes") == [*shown, hidden.pk]
    assert linked(agent, "note", note.pk, "ranges") == [block.pk, hidden_block.pk]


def answers_to(pk, followed, nouns=()):
    """What the public gets at places that somebody may write, who follows a table by its id beside another."""
    end = end_for(None)
    texts = {}
    for sequence in range(end.sequence + 1):
        for step, limit in (("", 1), ("", 500), ("table", 500), ("code", 500), ("note", 500)):
            place = FeedPlace(end.incarnation, sequence, step, 0, (followed, pk))
            page = replication.changes(None, place, limit, nouns)
            entries = [(entry.sequence, entry.noun, entry.id, entry.copied) for entry in page.entries]
            texts[sequence, step, limit] = (page.next.sequence, page.next.step, page.next.after, page.more, entries)
    return texts


@pytest.mark.parametrize("nouns", [(), ("code",)])
@pytest.mark.parametrize("was_public", [False, True])
def test_a_forged_place_answers_the_same_for_an_internal_table_and_for_none(replaced, by, was_public, nouns):
    table, new, _, _ = replaced
    hidden = make.table("forged", audience="internal")
    with journal.entry(by) as entry:
        # A table that is younger than the feed.
        entry.note(hidden, "created", [])
    save_table(hidden, 1, {"audience": "public"}, by) if was_public else None
    code = make.code("h", hidden, "Hidden")
    block = make.code_range("Block", of=hidden)
    type(code).objects.filter(pk=code.pk).update(successor=new)
    code.refresh_from_db()
    code = edit_code(code, code.version, {"description": "Hidden."}, by)
    edit_code(new, new.version, {"description": "Other."}, by)
    rename_section(code.section, 1, {"name": "Renamed"}, by)
    save_range(block, 1, {"name": "Other"}, by)
    note = make.note("Note", code)
    link(note, by, codes=[code])
    hidden.refresh_from_db()
    save_table(hidden, hidden.version, {"audience": "internal"} if was_public else {"name": "Other"}, by)
    save_table(table, table.version, {"slug": "renamed"}, by)
    mine, none = (answers_to(pk, table.pk, nouns) for pk in (hidden.pk, 999_999))
    if was_public:
        # That the table is gone is told, because a copy has to delete it; nothing else.
        told = [row for *_, rows in mine.values() for row in rows if row[1:] == ("table", hidden.pk, None)]
        mine, none = (
            {key: (*rest, [row for row in rows if row not in told]) for key, (*rest, rows) in one.items() if key[2] > 1}
            for one in (mine, none)
        )
        assert told
    assert mine == none


def test_links_into_an_internal_table_are_in_no_list_of_the_public(by):
    """Neither those from before it became internal, once that was told, nor later ones, nor objects about it alone."""
    shown, table = make.table("shown"), make.table("hidden")
    new, other = make.code("1", table), make.code("2", table)
    old, beside = make.code("3", shown), make.code("4", shown)
    note, incident = make.note("Note", beside), make.incident("Down", beside)
    for code in (new, other):
        edit_code(code, 1, {"description": "Other."}, by)
    beside = edit_code(beside, 1, {"successor": new}, by)
    beside = edit_code(beside, 2, {"successor": old}, by)
    save_table(table, 1, {"audience": "internal"}, by)
    expected = entries(None)
    assert expected == [("code", pk, False) for pk in (new.pk, other.pk)] + [
        ("code", beside.pk, True),
        ("table", table.pk, False),
    ]
    places = [FeedPlace(sequence=n, step=step) for n in range(1, here().sequence + 1) for step in ("", "replaced")]
    edit_code(old, 1, {"successor": new}, by)
    edit_code(beside, 3, {"successor": other}, by)
    link(note, by, codes=[beside, new])
    save_incident(incident, 1, {}, [beside, new], by)
    later = make.note("Later", new)
    with journal.entry(by) as entry:
        entry.note(later, "created", [])
    link(later, by, codes=[new, other])
    values = {"title": "Later", "audience": "public", "url": "https://s.example/1"}
    down = save_incident(IncidentLink(), None, values, [new], by)
    save_incident(down, 1, {"impact": "All"}, None, by)
    now = [("code", old.pk, True), ("code", beside.pk, True), ("note", note.pk, True), ("incident", incident.pk, True)]
    assert entries(None) == [*expected, *now], "each public object at its own change"
    own = {(change.sequence, change.noun, change.object_id) for change in Change.objects.all()}
    for place in places:
        for limit in (1, 3, 500):
            listed = [entry for page in pages(None, place, limit) for entry in page.entries]
            assert {(entry.sequence, entry.noun, entry.id) for entry in listed} <= own, place
    assert follow(FeedPlace(*end_for(None), tables=(shown.pk,)).at(0))[0] == [("code", beside.pk, True), *now]


def test_notes_on_a_table_that_became_internal_are_listed_if_the_public_may_know_them(opened, by):
    table, _, _, about = opened
    code = table.codes.first()
    table = save_table(table, table.version, {"audience": "internal"}, by)
    place = FeedPlace(end_for(None).incarnation, 1)
    before = follow(place)[0]
    note, incident = make.note("Later", code), make.incident("Later", code)
    with journal.entry(by) as entry:
        for one in (note, incident):
            entry.note(one, "created", [])
    Change.objects.filter(object_id__in=(note.pk, incident.pk), kind="created").update(audience="internal")
    assert follow(place)[0] == before
    assert {pk for noun, pk in about} <= {pk for noun, pk, _ in before if noun in ("note", "incident")}
