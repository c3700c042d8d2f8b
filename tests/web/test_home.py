"""The search box: where each kind of query leads."""

import pytest

from kb.models import CodeUse, Miss
from kb.services import usage
from tests import make
from tests.web.page import check_order, words

pytestmark = pytest.mark.django_db


def test_the_start_page_lists_tables_with_their_counts(public):
    make.code("1")
    make.code("2", retired_at="2025-09-01T00:00Z")
    check_order(public.get("/"), "What does this code mean?", "ZEGOCLOUD ZIM", "Return codes", "1 code, 1 retired")


def test_a_site_without_tables_says_so(public):
    assert "There are no tables that you can read yet" in words(public.get("/"))


@pytest.mark.parametrize("query", ["660300001", "  660300001 ", "６６０３００００１", "660300001\x00"])
def test_a_code_with_one_meaning_leads_to_its_card(query, public, room):
    response = public.get("/", {"q": query})
    assert response.status_code == 302
    assert response["Location"] == room.get_absolute_url()


@pytest.mark.parametrize(
    ("stored", "query", "how"),
    [
        ("660300001", "0660300001", "leading zeros aside"),
        ("0xC0000005", "3221225477", "hexadecimal"),
        ("0xC0000005", "-1073741819", "decimal, read as unsigned 32-bit"),
        ("0xC0000005", "C0000005", "hexadecimal without 0x"),
        ("ORA-00942", "ORA-942", "leading zeros aside"),
    ],
)
def test_another_spelling_leads_to_a_card_that_says_how_it_was_read(stored, query, how, public):
    code = make.code(stored)
    response = public.get("/", {"q": query}, follow=True)
    assert f"You entered {query}, read as {stored} ({how})." in words(response)
    assert f'<link rel="canonical" href="{code.get_absolute_url()}">' in response.content.decode()


def test_a_code_with_several_meanings_lists_them_with_their_sections(public):
    rtc = make.table("rtc", product="RTC", name="Server codes")
    for section in ("Common", "Mix stream"):
        make.code("3", rtc, section, description=f"{section} failed.")
    make.code("03", make.table("old", product="Old"), "All", description="Old meaning.")
    response = public.get("/", {"q": "3"})
    text = words(response)
    assert "3 has 3 meanings" in text
    for part in ("ZEGOCLOUD RTC · Common", "ZEGOCLOUD RTC · Mix stream", "read as: leading zeros aside"):
        assert part in text
    assert response.content.decode().count('class="row"') == 3


def test_an_unknown_code_offers_near_ones_with_what_differs_marked(public, room):
    response = public.get("/", {"q": "660300007"})
    check_order(response, "660300007 is not in any table", "Unknown", "differ by one character", "660300001")
    assert "66030000<mark>1</mark>" in response.content.decode()


def test_a_near_code_that_is_shorter_says_so_in_words(public, room):
    assert "One character fewer" in words(public.get("/", {"q": "6603000012"}))


def test_a_code_in_a_known_range_says_where_it_would_belong_and_what_is_around_it(public, room):
    make.code_range("Room", 660300000, 660399999)
    check_order(
        public.get("/", {"q": "660388888"}),
        "In a known range",
        "6603xxxxx Room",
        "inferred by support",
        "Nearby codes",
        "660300001",
    )


def test_a_part_of_a_code_lists_the_codes_with_that_beginning(public, room):
    check_order(public.get("/", {"q": "6603"}), "6603 is not in any table", "Codes that start with 6603", "660300001")
    assert public.get("/", {"q": "6603"}).content.decode().count("Room does not exist.") == 1


def test_words_lead_to_a_list_with_tags(public, room):
    make.code("2", description="Something else.")
    response = public.get("/", {"q": "room does not"})
    check_order(response, "Codes about room does not", "1 code", "660300001", "Fix the request", "Fixed by: customer")
    assert "Something else" not in words(response)


def test_current_codes_come_before_retired_ones(public):
    make.code("1", retired_at="2025-09-01T00:00Z")
    make.code("2")
    check_order(public.get("/", {"q": "room"}), "2 Room does not exist.", "1 Room does not exist.")


def test_only_a_search_without_any_answer_is_a_miss(agents, room):
    for query in ("room exist", "660300001", "code=660300001", "6603"):
        agents.get("/", {"q": query})
    agents.get("/", {"q": "purple elephants"})
    usage.flush()
    assert [(miss.text, miss.lookups) for miss in Miss.objects.all()] == [("purple elephants", 1)]


def test_meanings_that_are_shown_together_are_counted(public):
    for name in ("alpha", "beta"):
        make.code("3", make.table(name))
        make.code("660300001", make.table(f"{name}-2"))
    public.get("/", {"q": "3"})
    public.get("/", {"q": "code=660300001"})
    usage.flush()
    assert (
        sorted((use.code.code, use.lookups) for use in CodeUse.objects.all())
        == [("3", 1), ("3", 1)] + [("660300001", 1)] * 2
    )


@pytest.mark.parametrize(
    ("query", "is_code"), [("4711", True), ("a1", True), ("4711 x", False), ("elephants", False), ("9" * 65, False)]
)
def test_one_word_with_a_digit_looks_like_a_code(query, is_code, public, room):
    assert public.get("/", {"q": query}).context["is_code"] == is_code


def test_a_code_of_two_parts_is_mentioned_only_where_both_are(public):
    for code, text in (("1", "Belt slipped."), ("2", "Belt slipped, see BELT-77."), ("3", "Belt 12 slipped.")):
        make.code(code, make.table(f"belts-{code}"), description=text)
    context = public.get("/", {"q": "BELT-77"}).context
    assert (context["is_code"], [hit.code.code for hit in context["hits"]]) == (True, ["2"])


def test_codes_with_the_same_beginning_are_not_listed_among_the_results_again(public, room):
    make.code("5", description="Like 660300 in the old version.")
    context = public.get("/", {"q": "660300"}).context
    assert [code.code for code in context["answer"].completions] == ["660300001"]
    assert [hit.code.code for hit in context["hits"]] == ["5"]


def test_codes_around_a_number_are_shown_if_no_better_guess_is(public):
    table = make.table()
    make.code_range("Wide", 4000, 9999, of=table)
    make.code_range("Narrow", 5000, 5999, of=table)
    for number in ("4990", "5100", "5900", "6010", "70001"):
        make.code(number, table)

    def around(query):
        return [code.code for code in public.get("/", {"q": query}).context["surroundings"]]

    assert around("5555") == ["5100", "5900"]
    assert around("5101") == [], "5100 is one character away"
    assert around("7000") == [], "70001 begins with it"
    assert around("3333") == [], "no range has it"


def test_a_long_list_is_cut_and_says_so(public):
    table = make.table()
    make.codes([f"9{n:03}" for n in range(51)], table)
    response = public.get("/", {"q": "room"})
    assert "Showing the best 50" in words(response)
    assert response.content.decode().count('class="row"') == 50


def test_a_search_without_results_offers_help(public, room):
    check_order(public.get("/", {"q": "purple elephants"}), "Nothing found for purple elephants", "Other words")


@pytest.mark.parametrize("query", ["'", '"', "%", "_", "\\", "a" * 5000, "1" * 5000, "\x00", "<script>", "OR 1=1 --"])
def test_a_hostile_query_gets_a_page(query, public, room):
    response = public.get("/", {"q": query}, follow=True)
    assert response.status_code == 200
    assert b"<script>" not in response.content
