"""A code at a moment in the past: just before it, at it, and after it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from kb.models import Change, Door, TroubleshootingNote
from kb.queries.as_of import as_of
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.notes import archive_note, save_note
from kb.services.tables import save_table
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TICK, HOUR = timedelta(microseconds=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def by(admin):
    return By(admin, Door.ADMIN)


def titles(code, at, user):
    return [note.title for note in as_of(code, at, user).notes]


def test_the_version_is_the_one_from_just_before_the_moment(clock, by):
    code = make.code()
    clock.shift(HOUR)
    code = edit_code(code, 1, {"description": "Second."}, by)
    moments = dict(code.history.values_list("version", "history_date"))
    assert as_of(code, moments[1], None) is None
    assert as_of(code, moments[1] + TICK, None).code.description == "Room does not exist."
    assert as_of(code, moments[2], None).code.description == "Room does not exist."
    assert as_of(code, moments[2] + TICK, None).code.description == "Second."


def test_of_two_versions_of_one_moment_the_later_one_counts(by):
    code = make.code()
    code = edit_code(code, 1, {"description": "Second."}, by)
    code.history.update(history_date=NOW)
    assert as_of(code, NOW + TICK, None).code.description == "Second."


def test_a_code_that_was_deleted_by_then_has_no_past():
    code = make.code()
    code.history.filter(history_type="+").update(history_date=NOW)
    type(code.history.get()).objects.create(
        **{name: getattr(code, name) for name in ("id", "code", "identity", "canonical", "number", "sort_key")},
        table=code.table,
        section=code.section,
        history_type="-",
        history_date=NOW + HOUR,
    )
    assert as_of(code, NOW + HOUR, None) is not None
    assert as_of(code, NOW + HOUR + TICK, None) is None


def test_the_public_sees_no_version_from_before_the_last_change_of_the_audience(clock, by, agent):
    table, other = make.table("secret", audience="internal"), make.table("other", audience="internal")
    code = make.code("1", table)
    clock.shift(HOUR)
    save_table(table, 1, {"audience": "public"}, by)
    moment = Change.objects.get().at
    clock.shift(HOUR)
    save_table(table, 2, {"name": "Renamed"}, by)
    save_table(other, 1, {"audience": "public"}, by)
    Change.objects.create(sequence=99, noun="code", object_id=table.pk, fields=["audience"], at=moment + 2 * HOUR)
    assert as_of(code, moment, None) is None
    assert as_of(code, moment + TICK, None) is not None
    assert as_of(code, moment, agent) is not None


def test_past_notes_are_for_internal_readers(by, agent):
    code = make.code()
    save_note(TroubleshootingNote(), None, {"title": "Note", "audience": "public"}, by, [code])
    TroubleshootingNote.history.update(state="validated")
    assert titles(code, NOW + HOUR, agent) == ["Note"]
    assert titles(code, NOW + HOUR, None) == []


def test_a_past_note_is_the_version_from_just_before_the_moment(clock, by, agent):
    code = make.code()
    clock.shift(HOUR)
    note = save_note(TroubleshootingNote(), None, {"title": "First"}, by, [code])
    clock.shift(HOUR)
    note = save_note(note, 1, {"title": "Second"}, by)
    clock.shift(HOUR)
    note = save_note(note, 2, {}, by, [])
    first, second, third = note.history.order_by("history_id").values_list("history_date", flat=True)
    expected = {
        first: [],
        first + TICK: ["First"],
        second: ["First"],
        second + TICK: ["Second"],
        third: ["Second"],
        third + TICK: [],
    }
    assert {at: titles(code, at, agent) for at in expected} == expected


def test_a_past_note_was_about_the_code_or_about_a_range_of_its_table(by, agent):
    code, other = make.code("50"), make.table("other")
    for title, bounds, table in (
        ("around", (40, 60), code.table),
        ("first", (50, 70), code.table),
        ("last", (30, 50), code.table),
        ("above", (51, 60), code.table),
        ("below", (40, 49), code.table),
        ("elsewhere", (40, 60), other),
    ):
        block = make.code_range(title, *bounds, of=table)
        save_note(TroubleshootingNote(), None, {"title": title}, by, ranges=[block])
    save_note(TroubleshootingNote(), None, {"title": "of the code"}, by, [code])
    save_note(TroubleshootingNote(), None, {"title": "of another code"}, by, [make.code("51")])
    assert set(titles(code, NOW + HOUR, agent)) == {"around", "first", "last", "of the code"}


def test_archived_and_deleted_notes_were_not_shown(clock, by, agent):
    code = make.code()
    archived = save_note(TroubleshootingNote(), None, {"title": "Archived"}, by, [code])
    deleted = save_note(TroubleshootingNote(), None, {"title": "Deleted"}, by, [code])
    clock.shift(HOUR)
    archive_note(archived, 1, by)
    # A note is never deleted by the product itself.
    deleted.history.update(history_type="-")
    assert titles(code, NOW + HOUR, agent) == ["Archived"]
    assert titles(code, NOW + 2 * HOUR, agent) == []


def test_past_notes_are_in_the_order_of_the_card(by, agent):
    code = make.code()
    for title, state, age in (
        ("third", "not_validated", 0),
        ("second", "validated", 2),
        ("fourth", "draft", 0),
        ("first", "validated", 1),
    ):
        note = save_note(TroubleshootingNote(), None, {"title": title}, by, [code])
        note.history.update(state=state, updated_at=NOW - timedelta(days=age))
    for title in ("sixth", "fifth"):
        note = save_note(TroubleshootingNote(), None, {"title": title}, by, [code])
        note.history.update(state="draft", updated_at=NOW - timedelta(days=9))
    assert titles(code, NOW + HOUR, agent) == ["first", "second", "third", "fourth", "fifth", "sixth"]
