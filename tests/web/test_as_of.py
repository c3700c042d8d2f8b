"""A card as it was at the end of a past day."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from kb.models import Change, CodeUse, Door, TroubleshootingNote
from kb.services import usage
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.notes import save_note
from kb.services.tables import save_table
from tests import make
from tests.web.page import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECRET = "zirconium"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def by(reviewer):
    return By(reviewer, Door.ADMIN, "because the vendor said so")


def reword(code, clock, by, text, hours=1):
    clock.shift(timedelta(hours=hours))
    code.refresh_from_db()
    return edit_code(code, code.version, {"description": text}, by)


def at(client, code, day, zone="", status=200):
    client.cookies["zone"] = zone
    response = client.get(f"{code.get_absolute_url()}?at={day}")
    assert response.status_code == status, response.content
    return words(response)


def test_a_card_shows_what_it_said_at_the_end_of_a_day(public, room, clock, by):
    reword(room, clock, by, "The day after.", hours=24)
    clock.shift(timedelta(days=2))
    assert "Room does not exist." in at(public, room, "2026-03-10")
    assert "The day after." in at(public, room, "2026-03-11")
    assert "As it was at the end of 2026-03-11" in at(public, room, "2026-03-11")


def test_a_day_ends_where_the_reader_is(public, room, clock, by):
    # 2026-03-11 at 13:00 in UTC is the 12th in Kiritimati, 14 hours ahead.
    reword(room, clock, by, "The day after.", hours=25)
    clock.shift(timedelta(days=2))
    assert "The day after." in at(public, room, "2026-03-11", "UTC")
    assert "Room does not exist." in at(public, room, "2026-03-11", "Pacific/Kiritimati")


def test_a_change_at_midnight_belongs_to_the_day_that_begins(public, room, clock, by):
    # Changes have a date after the last one: this one is at midnight itself.
    reword(room, clock, by, "At midnight.", hours=12)
    assert Change.objects.get().at == datetime(2026, 3, 11, tzinfo=UTC)
    assert "Room does not exist." in at(public, room, "2026-03-10")
    assert "At midnight." in at(public, room, "2026-03-11")


def test_one_of_two_meanings_that_existed_then_is_shown(public, clock):
    make.code("3", in_section="Old", description="Old meaning.")
    clock.shift(timedelta(days=2))
    make.code("3", in_section="New", description="New meaning.")
    text = words(public.get("/codes/zim-server/3/?at=2026-03-10"))
    assert "Old meaning." in text
    assert "New meaning." not in text
    assert "Nothing to show for 3 in New" in text


@pytest.mark.parametrize(
    ("day", "status"), [("1999-12-31", 400), ("2000-01-01", 404), ("2026-03-10", 200), ("2026-03-11", 400)]
)
def test_the_first_and_the_last_possible_day_are_allowed(day, status, public, room):
    assert public.get(f"{room.get_absolute_url()}?at={day}").status_code == status


def test_a_long_day_is_quoted_in_part(public, room):
    response = public.get(f"{room.get_absolute_url()}?at={'x' * 100}")
    assert f"“{'x' * 80}”" in words(response)


def test_a_past_card_is_no_lookup(public, room):
    at(public, room, "2026-03-10")
    usage.flush()
    assert not CodeUse.objects.exists()


def test_a_past_card_from_before_the_code_existed_says_so(public, room):
    assert "not in this knowledge base yet" in at(public, room, "2026-03-09", status=404)


def test_notes_as_they_were_are_for_internal_readers(public, agents, room, clock, by):
    values = {"title": "Note", "cause": "The first cause.", "audience": "public"}
    note = save_note(TroubleshootingNote(), None, values, by, [room])
    gone = save_note(TroubleshootingNote(), None, {"title": "Of another code"}, by, [room])
    clock.shift(timedelta(days=1))
    save_note(note, note.version, {"cause": "The second cause."}, by)
    save_note(gone, gone.version, {}, by, codes=[])
    clock.shift(timedelta(days=1))
    first, second = at(agents, room, "2026-03-10"), at(agents, room, "2026-03-11")
    assert "The first cause." in first
    assert "Of another code" in first
    assert "The second cause." in second
    assert "The first cause." not in second
    assert "Of another code" not in second
    assert "cause" not in at(public, room, "2026-03-11")
    assert "Troubleshooting notes" in second
    assert "Troubleshooting notes" not in at(public, room, "2026-03-11")


def test_a_past_card_of_a_code_that_was_retired_says_so(public, room, clock):
    clock.shift(timedelta(days=1))
    room.retired_at = datetime(2026, 3, 11, tzinfo=UTC)
    room.save()
    clock.shift(timedelta(days=1))
    assert "Already retired" not in at(public, room, "2026-03-10")
    assert "Already retired by the vendor, on 2026-03-11" in at(public, room, "2026-03-11")


def test_the_public_does_not_see_a_table_from_before_it_was_public(public, agents, clock, by):
    table = make.table("secret", audience="internal")
    code = make.code("1", table, description=SECRET)
    reword(code, clock, by, "Fit to print.", hours=24)
    clock.shift(timedelta(days=1))
    save_table(table, table.version, {"audience": "public"}, By(None, Door.SHELL))
    clock.shift(timedelta(days=1))
    assert SECRET not in at(public, code, "2026-03-10", status=404)
    assert "Fit to print." in at(public, code, "2026-03-12")
    assert SECRET in at(agents, code, "2026-03-10")


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "2026-3-3", "2026-03-11", "9999-12-31", "0001-01-01",
                                 "20260303", "2026-W10-2", "<script>", "%00"])  # fmt: skip
def test_a_bad_day_is_refused_with_what_is_allowed(day, public, room):
    response = public.get(f"{room.get_absolute_url()}?at={day}")
    assert response.status_code == 400
    assert "Allowed: 2000-01-01 to 2026-03-10" in words(response)
    assert b"<script>" not in response.content


def test_an_unknown_code_has_no_past(public, room):
    assert public.get("/codes/zim-server/5/?at=2026-03-10").status_code == 404


@pytest.mark.parametrize("number", [1, 10])
def test_a_past_card_takes_the_same_queries_for_more_rows(number, agents, room, clock, by, django_assert_num_queries):
    for n in range(number):
        save_note(TroubleshootingNote(), None, {"title": f"Note {n}"}, by, [room])
        reword(room, clock, by, f"Wording {n}", hours=0.1)
    with django_assert_num_queries(11):
        agents.get(f"{room.get_absolute_url()}?at=2026-03-10")
