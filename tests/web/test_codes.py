"""The card of a code."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kb.models import CodeUse, Door, Miss, NoteOutcome, Proposal
from kb.services import usage
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make
from tests.web.page import check_order, words

pytestmark = pytest.mark.django_db


def test_the_card_has_its_sections_in_order(agents, room, reviewer):
    make.incident("Rooms fail", room, impact="Joining fails.", workaround="Try Asia.", started_at="2025-07-20T08:00Z")
    make.incident("Old trouble", room, state="resolved", started_at="2025-01-01T08:00Z")
    make.note(
        "Room is gone",
        room,
        cause="Nobody **stayed**.",
        resolution="1. Ask",
        customer_reply="Code {code}.",
        validated_by=reviewer,
        validated_at="2025-08-01T12:00Z",
    )
    make.code_range()
    response = agents.get(room.get_absolute_url())
    check_order(
        response,
        *("Open incident", "Rooms fail", "Since 2025-07-20 08:00 UTC", "Joining fails.", "Try Asia."),
        *("What to do", "Fix the request", "from the vendor's text", "Who can fix it", "Customer"),
        *("What to tell the customer", "Code 660300001."),
        *("Room is gone", "Validated by reviewer on 2025-08-01", "Nobody stayed."),
        *("What the vendor says", "Not provided by the vendor.", "Please confirm"),
        *("6603xxxxx", "Past incidents", "Old trouble", "History", "Added"),
    )
    assert "<strong>stayed</strong>" in response.content.decode()


def test_who_validated_a_note_is_not_for_the_public(public, room, reviewer):
    make.note("Room is gone", room, validated_by=reviewer, validated_at="2025-08-01T12:00Z")
    assert "Validated on 2025-08-01" in words(public.get(room.get_absolute_url()))


@time_machine.travel("2025-07-20T23:30:00Z", tick=False)
def test_the_reply_is_filled_in_with_the_date_of_the_readers_zone(agents, room):
    make.note("Gone", room, customer_reply="On {date}: {code}, {this} stays.")
    agents.cookies["zone"] = "Europe/Berlin"
    assert "On 2025-07-21: 660300001, {this} stays." in words(agents.get(room.get_absolute_url()))


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["draft"], None),
        (["archived"], None),
        (["not_validated"], "Nobody has checked this reply yet."),
        (["not_validated", "validated"], "Reply of validated"),
        (["validated", "not_validated"], "Reply of validated"),
    ],
)
def test_the_reply_comes_from_a_validated_note_first(states, shown, agents, room):
    for state in states:
        make.note(f"Note {state}", room, state=state, customer_reply=f"Reply of {state}")
    text = words(agents.get(room.get_absolute_url()))
    assert ("What to tell the customer" in text) == bool(shown)
    assert (shown or "") in text


@pytest.mark.parametrize(
    ("state", "tag"), [("draft", "Draft"), ("not_validated", "Not validated"), ("validated", "Validated")]
)
def test_a_note_says_its_state(state, tag, agents, room):
    make.note("Title", room, state=state, audience="internal")
    check_order(agents.get(room.get_absolute_url()), "Title", tag, "Internal")


@pytest.mark.parametrize(
    ("who", "notes", "is_named"), [("public", 1, False), ("public", 2, True), ("agents", 1, True), ("agents", 2, True)]
)
def test_the_confidence_names_its_notes_where_there_are_several_or_counts(who, notes, is_named, request, room):
    for n in range(notes):
        make.note(f"Note {n}", room)
    page = request.getfixturevalue(who).get(room.get_absolute_url()).content.decode()
    assert ("Note 0" in page.split('class="trust"')[1].split("</section>")[0]) == is_named


def test_a_code_as_it_is_written_needs_no_word_on_how_it_was_read(public, room):
    for path in ("660300001/", "public/660300001/"):
        assert "You entered" not in words(public.get(f"/codes/zim-server/{path}"))
    assert "You entered 0660300001" in words(public.get("/codes/zim-server/0660300001/"))


def test_a_known_code_without_a_note_says_so(public, room):
    assert "No note yet" in words(public.get(room.get_absolute_url()))


def test_what_support_decided_says_so(agents, room, editor):
    edit_code(room, room.version, {"disposition": "retry_later", "fixer": "us"}, By(editor, Door.ADMIN))
    check_order(agents.get(room.get_absolute_url()), "Retry later", "set by support", "Us", "set by support")


def test_our_words_and_the_vendors_stand_side_by_side_where_they_differ(agents, room, editor):
    edit_code(room, room.version, {"description": "The room is gone."}, By(editor, Door.ADMIN))
    response = agents.get(room.get_absolute_url())
    check_order(response, "Ours", "The room is gone.", "Vendor", "Room does not exist.", "What support changed")
    assert "<del>" in response.content.decode()


def test_actions_keep_their_lines_and_bullets(public):
    code = make.code("1", suggested_actions="Confirm it.\n- If so, wait.\n- If not, call.")
    text = public.get(code.get_absolute_url()).content.decode()
    assert "<p>Confirm it.</p><ul><li>If so, wait.</li><li>If not, call.</li></ul>" in text


def test_the_vendors_words_carry_their_language(public):
    code = make.code("1", make.table(language="zh"), description="房间不存在")
    assert 'lang="zh"' in public.get(code.get_absolute_url()).content.decode()


def test_a_retired_code_names_the_date_and_its_successor(public, room):
    old = make.code("660300000", retired_at="2025-09-01T00:00Z", successor=room)
    check_order(public.get(old.get_absolute_url()), "Retired.", "as of 2025-09-01", "Replaced by: 660300001")
    alone = make.code("660300005", retired_at="2025-09-01T00:00Z")
    assert "Replaced by" not in words(public.get(alone.get_absolute_url()))


def test_each_meaning_names_its_own_successor(public, room):
    table, other = room.table, make.code("5", description="Other.")
    for name, successor in (("One", other), ("Two", room), ("Three", None)):
        make.code("3", table, name, retired_at="2025-09-01T00:00Z", successor=successor)
    meanings = public.get("/codes/zim-server/3/").context["meanings"]
    assert [meaning.successor for meaning in meanings] == [other, room, None]


def test_a_card_counts_what_was_reported_and_proposed_for_each_note(agents, room, editor):
    one, two, draft = make.note("One", room), make.note("Two", room), make.note("Draft", room, state="draft")
    for note, outcome, count in ((one, "worked", 5), (two, "did_not_work", 7), (two, "not_applicable", 9)):
        NoteOutcome.objects.create(note=note, outcome=outcome, day="2026-03-10", count=count)
    for note, author in ((one, None), (two, None), (two, editor), (draft, editor)):
        Proposal.objects.create(note=note, author=author, title="Better", base={}, base_version=1)
    (meaning,) = agents.get(room.get_absolute_url()).context["meanings"]
    shown = {one.note: (one.worked, one.did_not_work, one.not_applicable, one.proposals) for one in meaning.confidence}
    assert shown == {one: (5, 0, 0, 1), two: (0, 7, 9, 2)}


@pytest.mark.parametrize(("who", "is_shown"), [("public", False), ("agents", False), ("editors", True)])
def test_a_burst_of_lookups_is_shown_to_staff(who, is_shown, request, room):
    CodeUse.objects.create(code=room, day=timezone.now().date(), lookups=60)
    text = words(request.getfixturevalue(who).get(room.get_absolute_url()))
    assert ("60 look-ups today, usually 0" in text) == is_shown


@pytest.mark.parametrize("path", ["660300001/", "public/660300001/"])
def test_a_card_and_a_miss_are_counted_once(path, agents, room):
    agents.get(f"/codes/zim-server/{path}")
    agents.get("/codes/zim-server/660300009/")
    agents.get("/codes/zim-server/nowhere/660300001/x/")
    usage.flush()
    assert [(use.code, use.lookups) for use in CodeUse.objects.all()] == [(room, 1)]
    assert [(miss.text, miss.lookups) for miss in Miss.objects.all()] == [("660300009", 1)]


def test_the_last_table_is_kept_in_a_cookie_for_a_year(public, room):
    cookie = public.get(room.get_absolute_url()).cookies["table"]
    assert (cookie.value, cookie["max-age"], cookie["samesite"]) == ("zim-server", 365 * 24 * 3600, "Lax")
    assert cookie["httponly"]
    assert "table" not in public.get(room.get_absolute_url()).cookies
    make.code("5", make.table("other"))
    assert public.get("/codes/other/5/").cookies["table"].value == "other"
    assert "table" not in public.get("/codes/zim-server/77/").cookies


@pytest.mark.parametrize(
    ("path", "canonical", "markdown"),
    [
        ("660300001/", "public/660300001/", "public/660300001.md"),
        ("3/", "3/", "3.md"),
        ("two/3/", "two/3/", "two/3.md"),
    ],
)
def test_a_page_names_the_address_of_its_meaning_or_of_all(path, canonical, markdown, public, room):
    for name in ("One", "Two"):
        make.code("3", room.table, name)
    context = public.get(f"/codes/zim-server/{path}").context
    assert context["canonical"] == f"/codes/zim-server/{canonical}"
    assert context["markdown_url"] == f"/codes/zim-server/{markdown}"


def test_ten_meanings_in_other_tables_are_named_in_their_order(public, room):
    for n in range(9):
        make.code("660300001", make.table(f"other-{n}"))
    last = make.table("last")
    for name in ("First", "Second", "Third"):
        make.section(last, name)
    for name in ("Third", "Second", "First"):
        make.code("660300001", last, name)
    make.code("660300001", make.table("secret", audience="internal"))
    shown = public.get(room.get_absolute_url()).context["other_table_codes"]
    assert [code.table.slug for code in shown] == [*(f"other-{n}" for n in range(9)), "last"]
    assert shown[-1].section.name == "First"


def test_a_section_that_no_slug_can_have_is_not_found(public, room):
    assert public.get("/codes/zim-server/%00/660300001/").status_code == 404


def test_a_section_of_another_table_is_part_of_the_code(public, room):
    make.section(make.table("other"), "Login")
    assert "login/660300001 is not in this table" in words(public.get("/codes/zim-server/login/660300001/"))


def test_every_meaning_of_a_table_is_shown_and_each_has_its_own_address(public):
    table = make.table()
    first, second = (make.code("3", table, name, description=f"{name} failed.") for name in ("Common", "Mix stream"))
    response = public.get("/codes/zim-server/3/")
    check_order(response, "2 meanings in this table", "Common failed.", "Mix stream failed.")
    for code in (first, second):
        assert f'href="{code.get_absolute_url()}"' in response.content.decode()
    alone = public.get(second.get_absolute_url())
    check_order(alone, "Mix stream failed.", "The same code in other sections", "Common failed.")


def test_the_same_code_in_another_table_is_named(public, room):
    make.code("660300001", make.table("other", product="Other"), description="Other meaning.")
    check_order(public.get(room.get_absolute_url()), "The same code in other tables", "Other meaning.")


def test_neighbours_are_in_order(public, room):
    for number in ("660300000", "660300002", "660300010"):
        make.code(number)
    check_order(public.get(room.get_absolute_url()), "Nearby codes", "660300000", "660300002", "660300010")


def test_history_shows_dates_to_all_and_people_reasons_and_words_to_internal_readers(public, agents, room, editor):
    edit_code(room, room.version, {"description": "Gone."}, By(editor, Door.ADMIN, "asked in a ticket"))
    inside = agents.get(room.get_absolute_url())
    check_order(inside, "History", "Changed", "by editor", "via admin", "asked in a ticket", "Description", "Added")
    outside = words(public.get(room.get_absolute_url()))
    assert "Changed" in outside
    for secret in ("by editor", "asked in a ticket", "via "):
        assert secret not in outside


def test_history_names_retirement_and_return(public, room):
    room.retired_at = "2025-09-01T00:00Z"
    room.save()
    room.retired_at = None
    room.save()
    check_order(public.get(room.get_absolute_url()), "Listed again", "Retired", "Added")


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("660300007", ["660300007 is not in this table", "Unknown", "660300001"]),
        ("660388888", ["In a known range", "66038xxxx", "Nearby codes", "660388800"]),
        ("42", ["42 is not in this table", "Unknown", "The same code in other tables", "Elsewhere."]),
    ],
)
def test_a_code_that_is_not_in_the_table_is_answered_with_404_and_help(path, parts, public, room):
    make.code_range("Room", 660380000, 660389999)
    make.code("660388800")
    make.code("42", make.table("other"), description="Elsewhere.")
    response = public.get(f"/codes/zim-server/{path}/")
    assert response.status_code == 404
    check_order(response, *parts)


def test_a_code_in_another_section_links_there(public, room):
    make.section(room.table, "Login")
    response = public.get("/codes/zim-server/login/660300001/")
    assert response.status_code == 404
    assert room.get_absolute_url() in response.content.decode()


@pytest.mark.parametrize("code", ["9" * 65, "%00", "%20", "%E2%80%8B"])
def test_text_that_cannot_be_a_code_is_not_found(code, public, room):
    assert public.get(f"/codes/zim-server/{code}/").status_code == 404


def test_an_editor_sees_the_edit_link(editors, agents, public, room):
    note = make.note("Gone", room)
    links = [
        reverse("admin:kb_returncode_change", args=[room.pk]),
        reverse("admin:kb_troubleshootingnote_change", args=[note.pk]),
        f"{reverse('admin:kb_troubleshootingnote_add')}?codes={room.pk}",
    ]
    page = editors.get(room.get_absolute_url()).content.decode()
    for link in links:
        assert link in page
    for other in (agents, public):
        assert "/admin/" not in other.get(room.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("internal", "marked"),
    [
        ("", set()),
        ("note", {"card", "note"}),
        ("open incident", {"card"}),
        ("past incident", {"card"}),
        ("table", {"home", "table", "changes"}),
    ],
)
def test_only_what_is_internal_is_marked_as_internal(internal, marked, agents, editor):
    def audience(part):
        return "internal" if part == internal else "public"

    code = make.code("1", make.table(audience=audience("table")))
    edit_code(code, 1, {"description": "Other."}, By(editor, Door.ADMIN))
    note = make.note("Note", code, audience=audience("note"))
    make.incident("Now", code, audience=audience("open incident"))
    make.incident("Then", code, audience=audience("past incident"), state="resolved")
    addresses = {"card": code.get_absolute_url(), "note": note.get_absolute_url(), "home": "/", "changes": "/changes/"}
    addresses["table"] = code.table.get_absolute_url()
    pages = {name: agents.get(address).content.decode() for name, address in addresses.items()}
    assert {name for name, page in pages.items() if "tag-internal" in page} == marked


@pytest.mark.parametrize("who", ["staff without rights", "an editor who is not staff"])
def test_edit_links_need_the_right_and_the_admin(who, room, idle_staff):
    user = idle_staff if who == "staff without rights" else make.user("former", "editor", is_staff=False)
    note = make.note("Gone", room)
    client = Client()
    client.force_login(user)
    for address in (room.get_absolute_url(), note.get_absolute_url()):
        assert "/admin/kb/" not in client.get(address).content.decode()


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_vendor_text_and_notes_stay_text(agents):
    code = make.code(
        "<b>1", symbol=HOSTILE[:60], description=HOSTILE, suggested_actions=f"- {HOSTILE}", extra={HOSTILE: HOSTILE}
    )
    make.incident(HOSTILE, code, impact=HOSTILE, workaround=HOSTILE)
    make.note(HOSTILE, code, cause=HOSTILE, resolution=HOSTILE, customer_reply=HOSTILE)
    for address in (code.get_absolute_url(), "/?q=alert", "/tables/zim-server/", "/notes/1/"):
        page = agents.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page


@pytest.fixture
def rpc():
    """The Windows error inside 0x800706BA."""
    table = make.table("win32", vendor="Microsoft", product="Windows", name="System error codes")
    return make.code("1722", table, description="The RPC server is <unavailable>.")


def test_a_card_says_what_the_parts_of_its_code_mean(public, rpc):
    code = make.code("0x800706BA", make.table("hresult", vendor="Microsoft", product="Windows"))
    response = public.get(code.get_absolute_url())
    check_order(response, "What its parts mean", "HRESULT", "Severity", "Facility", "7", "It wraps the Windows error")
    assert f'href="{rpc.get_absolute_url()}"' in response.content.decode()
    assert b"<unavailable>" not in response.content


@pytest.mark.parametrize("address", ["/?q=0x800706BA", "/?q=error 0x800706BA", "/codes/zim-server/0x800706BA/"])
def test_a_code_in_no_table_is_taken_apart_and_leads_to_the_code_inside(address, public, room, rpc):
    response = public.get(address)
    check_order(response, "What its parts mean", "It wraps the Windows error", "1722", "The RPC server is")
    assert f'href="{rpc.get_absolute_url()}"' in response.content.decode()


def test_a_code_inside_that_the_reader_may_not_read_is_not_shown(public, agents, room, rpc):
    rpc.table.audience = "internal"
    rpc.table.save()
    hidden, shown = (client.get("/?q=0x800706BA").content.decode() for client in (public, agents))
    assert "which no table that you can read lists" in hidden
    assert "The RPC server is" not in hidden
    assert "The RPC server is" in shown


def test_a_code_of_no_family_has_no_parts(public, room):
    assert b"What its parts mean" not in public.get(room.get_absolute_url()).content
