"""The page with the reader's own flags."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from kb.models import Flag
from tests import make
from tests.web.page import check_order, words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def flag(code, user, comment, **fields):
    return Flag.objects.create(code=code, raised_by=user, comment=comment, **{"raised_at": NOW} | fields)


def test_own_flags_are_listed_with_their_answers_the_latest_first(agents, agent, editor, room):
    note = make.note("Room is gone", room)
    answer = {"state": "answered", "answer": "Thanks.\n- Mended", "answered_at": NOW + timedelta(hours=2)}
    flag(room, agent, "Step 2 fails", note=note, **answer)
    flag(room, agent, "Wrong reason", raised_at=NOW + timedelta(days=1), owner=editor)
    flag(room, agent, "Wrong action", raised_at=NOW - timedelta(days=1))
    flag(room, editor, "Somebody else's")
    response = agents.get("/flags/")
    check_order(
        response,
        *("660300001", "Waiting for an answer", "Wrong reason", "2026-03-11 12:00 UTC", "Assigned to editor."),
        *("about the note “Room is gone”", "Answered", "Step 2 fails", "Mended", "Answered 2026-03-10 14:00 UTC"),
        *("Waiting for an answer", "Wrong action", "Not assigned yet."),
    )
    assert "Somebody else" not in words(response)
    assert f'href="{room.get_absolute_url()}"' in response.content.decode()


def test_fifty_flags_are_on_a_page_and_a_wrong_page_is_the_nearest(agents, agent, room):
    flags = [Flag(code=room, raised_by=agent, comment=f"Flag {n}", raised_at=NOW + timedelta(n)) for n in range(51)]
    Flag.objects.bulk_create(flags)
    first = agents.get("/flags/")
    assert [one.comment for one in first.context["page"]] == [f"Flag {n}" for n in range(50, 0, -1)]
    assert "Page 1 of 2" in words(first)
    assert [one.comment for one in agents.get("/flags/?page=2").context["page"]] == ["Flag 0"]
    assert agents.get("/flags/?page=9").context["page"].number == 2
    assert agents.get("/flags/?page=x").context["page"].number == 1


def test_a_reader_without_flags_is_told_how_to_raise_one(agents):
    assert "You have not raised any flags" in words(agents.get("/flags/"))


def test_only_internal_readers_have_flags(public, stranger, settings):
    assert public.get("/flags/")["Location"] == "/login/?next=/flags/"
    client = Client()
    client.force_login(stranger)
    assert client.get("/flags/").status_code == 403
    assert client.post("/flags/").status_code == 405


def test_the_link_to_own_flags_is_for_internal_readers(public, agents):
    assert b'href="/flags/"' in agents.get("/").content
    assert b'href="/flags/"' not in public.get("/").content
