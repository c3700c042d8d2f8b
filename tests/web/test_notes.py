"""The page of a note."""

import pytest

from kb.models import Proposal
from tests import make
from tests.web.page import check_order, words

pytestmark = pytest.mark.django_db


def test_a_note_shows_its_texts_codes_and_ranges(public, room):
    note = make.note(
        "Room is gone",
        room,
        issue="cannot join",
        environment="Any SDK",
        cause="It **ended**.",
        resolution="Open it.",
        customer_reply="About {code}.",
    )
    note.ranges.add(make.code_range())
    check_order(
        public.get(note.get_absolute_url()),
        *("Room is gone", "Validated", "About 660300001.", "cannot join", "Any SDK", "It ended.", "Open it."),
        *("660300001", "6603xxxxx Room"),
    )


def test_the_reply_about_several_codes_leaves_the_code_open(public, room):
    note = make.note("Gone", room, make.code("2"), customer_reply="About {code}.")
    assert "About {code}." in words(public.get(note.get_absolute_url()))


def test_a_note_has_the_codes_and_ranges_that_the_reader_may_see_in_the_vendors_order(public, agents, room):
    secret = make.table("secret", audience="internal")
    hidden, second = make.code("9", secret), make.code("2")
    note = make.note("Gone", second, room, hidden)
    block = make.code_range("Shown")
    note.ranges.set([block, make.code_range("Hidden", of=secret)])
    context = public.get(note.get_absolute_url()).context
    assert (context["codes"], list(context["ranges"])) == ([room, second], [block])
    assert len(agents.get(note.get_absolute_url()).context["codes"]) == 3


def test_waiting_proposals_are_counted_for_internal_readers(public, agents, room):
    note = make.note("Gone", room)
    for of in (note, note, make.note("Other", room)):
        Proposal.objects.create(note=of, title="Better", base={}, base_version=1)
    assert "Change proposed (2 proposals)" in words(agents.get(note.get_absolute_url()))
    assert "Change proposed" not in words(public.get(note.get_absolute_url()))


def test_an_archived_note_warns(agents, room):
    note = make.note("Gone", room, state="archived")
    assert "Do not use this note" in words(agents.get(note.get_absolute_url()))


def test_only_internal_readers_see_names(agents, public, room, editor):
    note = make.note("Gone", room, owner=editor)
    assert "Owner" in words(agents.get(note.get_absolute_url()))
    assert "editor" not in words(public.get(note.get_absolute_url()))
