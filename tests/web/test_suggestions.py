"""Suggestions; and several meanings, with the reader's last table first."""

import pytest

from kb.models import CodeUse
from kb.services import usage
from tests import make
from tests.web.page import check_order

pytestmark = pytest.mark.django_db


def codes(client, query):
    return [code.code for code, _ in client.get("/suggest/", {"q": query}).context["codes"]]


@pytest.fixture
def table(db):
    table = make.table()
    for number, description in (
        ("6603000011", "Longer."),
        ("660300001", "Room does not exist."),
        ("660300002", "User not in room."),
        ("5", "Five."),
    ):
        make.code(number, table, description=description)
    return table


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("660300001", ["660300001", "6603000011"]),
        ("6603", ["660300001", "660300002", "6603000011"]),
        ("5", ["5"]),
        ("room", ["660300001", "660300002"]),
        ("user room", ["660300002", "660300001"]),
        ("", []),
        ("\x00", []),
        ("quite other words", []),
        ("'\"%_*\\", []),
    ],
)
def test_the_exact_code_is_the_first_suggestion(query, found, public, table):
    assert codes(public, query) == found


@pytest.mark.parametrize(("query", "found"), [("x", []), ("xy", ["5"]), ("5", ["5"]), (" xy ", ["5"])])
def test_words_are_searched_from_the_second_character_on(query, found, public):
    make.code("5", description="Failed with x and xy.")
    assert codes(public, query) == found


def test_codes_come_before_words_and_each_once_up_to_eight(public):
    table = make.table()
    for n in range(5):
        make.code(f"77{n}", table, description="Of another kind.")
        make.code(f"8{n}", table, description="Like 77 before.")
    found = codes(public, "77")
    assert found[:5] == [f"77{n}" for n in range(5)]
    assert (len(found), {code[0] for code in found[5:]}) == (8, {"8"})


def test_suggestions_are_options_with_what_to_do(public, table):
    page = public.get("/suggest/", {"q": "room"}).content.decode()
    assert page.count('role="option"') == 2
    assert "What to do: not decided" in page
    assert "<html" not in page


def test_suggestions_have_only_codes_that_the_reader_may_see(public, agents):
    make.code("77", make.table("secret", audience="internal"), description="Internal words.")
    for query in ("77", "internal"):
        assert codes(public, query) == []
        assert codes(agents, query) == ["77"]


def test_suggestions_are_few_and_take_the_same_queries_for_more_codes(public, django_assert_num_queries):
    table = make.table()
    make.codes([str(6600 + n) for n in range(30)], table)
    # The second tells of notes and incidents.
    with django_assert_num_queries(2):
        assert len(codes(public, "66")) == 8


def test_typing_is_not_counted_and_looking_up_is(public, room):
    public.get("/suggest/", {"q": "660300001"})
    usage.flush()
    assert not CodeUse.objects.exists()
    public.get("/", {"q": "660300001"}, follow=True)
    usage.flush()
    assert CodeUse.objects.get().lookups == 1


def test_the_last_table_comes_first_and_hides_none(public):
    for name in ("alpha", "beta"):
        make.code("3", make.table(name, product=name.title()), description=f"Meaning in {name}.")
    check_order(public.get("/", {"q": "3"}), "Which product sent it?", "Meaning in alpha.", "Meaning in beta.")
    public.get("/codes/beta/3/")
    check_order(public.get("/", {"q": "3"}), "Last used", "Meaning in beta.", "Meaning in alpha.")


@pytest.mark.parametrize("cookie", ["no-such-table", "", "<script>", "x" * 3000])
def test_a_forged_last_table_changes_nothing(cookie, public):
    for name in ("alpha", "beta"):
        make.code("3", make.table(name), description=f"Meaning in {name}.")
    public.cookies["table"] = cookie
    check_order(public.get("/", {"q": "3"}), "Meaning in alpha.", "Meaning in beta.")


@pytest.mark.parametrize(
    ("places", "question"),
    [
        ((("one", "A"), ("one", "B")), "Which section of the product sent it?"),
        ((("one", "A"), ("two", "A")), "Which product sent it?"),
        ((("one", "A"), ("one", "B"), ("two", "A")), "Which product sent it, and which section of it?"),
    ],
)
def test_one_question_tells_the_meanings_apart(places, question, public):
    tables = {name: make.table(name) for name in sorted({name for name, _ in places})}
    for name, section in places:
        make.code("3", tables[name], section)
    context = public.get("/", {"q": "3"}).context
    assert (context["question"], context["number"]) == (question, len(places))


def test_the_only_table_is_not_marked_as_the_last_one(public):
    table = make.table()
    for name in ("One", "Two"):
        make.code("3", table, name)
    public.get("/codes/zim-server/3/")
    assert "Last used" not in public.get("/", {"q": "3"}).content.decode()
