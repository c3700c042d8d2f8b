"""A pasted log: its codes, its masked text, and that nothing is stored."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from kb.models import Change, CodeUse, Miss
from kb.services import usage
from tests import make
from tests.web.page import check_order, words

pytestmark = pytest.mark.django_db

LOG = """10:00:01 INFO start
10:00:02 ERROR {"code": 660300001, "user": "anna@example.com"}
10:00:03 ERROR {"code": 660399123}
10:00:04 ERROR {"code": 660300001}
"""


def paste(client, text):
    return client.post("/detect/", {"text": text})


def test_codes_of_a_log_are_listed_with_their_card_and_what_is_in_no_table(public, room):
    make.code_range("Room", 660300000, 660399999)
    response = paste(public, LOG)
    check_order(
        response,
        "1 code in the text",
        "The text is not stored",
        "660300001",
        "Room does not exist.",
        "Fix the request",
        "2 times, first on line 2",
        "not in any table",
        "660399123",
        "In a known range",
    )
    assert f'href="{room.get_absolute_url()}"' in response.content.decode()


def test_codes_and_their_places_are_linked_both_ways(public, room):
    page = paste(public, LOG).content.decode()
    assert page.count('id="c1"') == page.count('id="p1"') == 1
    assert page.count('href="#c1"') == 2, "each place leads to the code"
    assert page.count('href="#p1"') == 1, "the code leads to its first place"


def test_the_cause_comes_before_its_wrapper(public):
    make.code("500100", description="The call failed.")
    make.code("660300001", description="Room does not exist.")
    response = paste(public, '{"code": 500100, "data": {"code": 660300001}}')
    check_order(response, "Cause", "Inside 500100", "Room does not exist.", "Wraps another code", "The call failed.")
    assert "First in the text" in words(response)


def test_the_text_is_shown_with_secrets_masked(public, room):
    response = paste(public, LOG)
    assert b"anna@example.com" not in response.content
    assert "•••" in response.content.decode()


@pytest.mark.parametrize("text", ["<script>alert(1)</script> code: 660300001", '"><img src=x onerror=alert(1)>'])
def test_markup_in_the_text_stays_text(text, public, room):
    page = paste(public, text).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00"])
def test_an_empty_text_is_answered_with_what_to_do(text, public):
    message = "The text is empty. Paste a ticket" if not text.strip() else "No known codes in the text"
    assert message in words(paste(public, text))


@pytest.mark.parametrize(
    ("size", "message"),
    [(2**20 + 1, "1,048,577 bytes; the limit is 1,048,576"), (3 * 2**20, "larger than 2 MB; the limit is 1 MB")],
)
def test_a_text_above_a_megabyte_is_refused_with_its_size(size, message, public):
    response = paste(public, "x" * size)
    assert response.status_code == 413
    assert message in words(response)


@pytest.mark.parametrize(("size", "status"), [(2 * 2**20 + 1, 413), (2 * 2**20, 403)])
def test_a_body_of_more_than_two_megabytes_is_refused_before_it_is_read(size, status):
    """A body that is read gets the check of its token, which is missing here."""
    client = Client(enforce_csrf_checks=True)
    answer = client.generic("POST", "/detect/", b"", "application/x-www-form-urlencoded", CONTENT_LENGTH=str(size))
    assert answer.status_code == status


@pytest.mark.parametrize(("size", "status"), [(2**20, 200), (2**20 + 1, 413)])
def test_the_limit_of_a_text_counts_its_bytes(size, status, public):
    assert paste(public, " é" + "x" * (size - 3)).status_code == status


def test_a_doubtful_code_is_shown_apart_and_not_counted(public, room):
    make.code("7")
    response = paste(public, "make: exit status 7, then error code 660300001")
    check_order(response, "Codes found", "660300001", "Possible codes", "Not sure", "7")
    usage.flush()
    assert [use.code for use in CodeUse.objects.all()] == [room]


@pytest.mark.parametrize(
    ("text", "headings"),
    [("code: 660300001", ["Codes found"]), ("make: exit status 7", ["Possible codes"])],
)
def test_a_heading_without_codes_is_left_out(text, headings, public, room):
    make.code("7")
    assert [title for title, _ in paste(public, text).context["groups"]] == headings


def test_a_text_accepts_reading_and_pasting_alone(public):
    assert "Which codes are in this log?" in words(public.get("/detect/"))
    assert "The text is empty" not in words(public.get("/detect/"))
    assert public.put("/detect/").status_code == 405


def test_a_text_of_a_megabyte_is_read(public, room):
    line = "2026-11-20 10:00:02 INFO nothing to see here\n"
    text = line * ((2**20 - 100) // len(line)) + '{"code": 660300001}'
    assert "1 code in the text" in words(paste(public, text))


def test_a_form_without_its_token_is_refused(room):
    assert paste(Client(enforce_csrf_checks=True), LOG).status_code == 403


def test_nothing_pasted_is_stored_or_logged(agents, room, caplog):
    before = Session.objects.values_list("session_data", flat=True).get(), Change.objects.count()
    paste(agents, "secret-word " + LOG)
    usage.flush()
    assert (Session.objects.values_list("session_data", flat=True).get(), Change.objects.count()) == before
    assert not Miss.objects.exists()
    assert "secret-word" not in caplog.text
    assert CodeUse.objects.get().code == room


def test_the_public_gets_no_codes_of_internal_tables(public, agents):
    make.code("660300001", make.table("secret", audience="internal"), description="Internal words.")
    assert "Internal words." in words(paste(agents, LOG))
    response = paste(public, LOG)
    assert "Internal words." not in words(response)
    assert "No known code" in words(response)


def test_codes_beyond_those_that_are_listed_are_counted(public, room):
    shown = words(paste(public, "\n".join(f"code=66000{n:04}" for n in range(103))))
    assert "3 more look like codes and are not in any table." in shown
    assert "more look like codes" not in words(paste(public, LOG))


@pytest.mark.parametrize("number", [1, 60])
def test_queries_do_not_grow_with_the_codes(number, public, django_assert_num_queries):
    table = make.table()
    for n in range(number):
        make.code(str(660300001 + n), table, f"Section {n % 5}")
        make.code_range(f"Range {n}", 660300000 - n, 660399999)
    text = "\n".join(f"error code: {660300001 + n}" for n in range(number))
    with django_assert_num_queries(2):
        paste(public, text)


@pytest.mark.parametrize(
    "text", ["code: \ud800 1", "error " * 1000, "\u202e 660300001", "{" * 5000, "code=0x" + "f" * 500]
)
def test_a_hostile_text_is_answered(text, public, room):
    response = public.post("/detect/", {"text": text.encode(errors="replace").decode()})
    assert response.status_code == 200


def test_codes_are_taken_apart_whether_a_table_has_them_or_not(public, room):
    table = make.table("win32", vendor="Microsoft", product="Windows", name="System error codes")
    rpc = make.code("1722", table, description="The RPC server is unavailable.")
    make.code("42P01", make.table("pg", vendor="PostgreSQL", product="PostgreSQL"))
    page = paste(public, "SQLState=42P01 and then HRESULT 0x800706BA")
    check_order(page, "SQLSTATE: class 42", "not in any table", "It wraps the Windows error 1722", rpc.description)
    assert f'href="{rpc.get_absolute_url()}"' in page.content.decode()


def test_a_line_of_minified_json_names_the_column(public, room):
    response = paste(public, f'{{"pad":"{"x " * 100}","code":660300001,"sub":{{"code":660399123}}}}')
    check_order(response, "Line 1, column 218. It is in the field", "not in any table", "Line 1, column 242")


def test_what_fills_a_message_is_listed_as_text(public):
    make.code("70001", description='shelf "%s" is not part of aisle "%s"')
    response = paste(public, "ERROR: shelf 'B7' is not part of aisle '<script>alert(1)'")
    check_order(
        response, "1 code in the text", "70001", "The line has the message of this code.", "shelf: B7", "aisle: "
    )
    assert "<script>alert" not in response.content.decode()
