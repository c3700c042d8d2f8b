"""The one read door: five different answers, and only what the reader may see."""

from datetime import UTC, datetime

import pytest

from kb.models import ReturnCode
from kb.queries.cards import cards
from kb.queries.lookup import (
    Verdict,
    beginning_with,
    codes_beginning_with,
    codes_visible_to,
    find_code,
    hits_of,
    neighbours,
)
from kb.queries.text_results import matching, search
from kb.text.codes import forms as text_code
from tests import make

pytestmark = pytest.mark.django_db
LAST_YEAR = datetime(2025, 3, 5, tzinfo=UTC)


def check_verdict(query, verdict, *codes, user=None):
    answer = find_code(query, user)
    assert (answer.verdict, [hit.code.code for hit in answer.hits]) == (verdict, list(codes))
    return answer


def test_the_five_answers_differ():
    make.code_range()
    make.note("Room is gone", make.code("660300001"))
    make.code("660300002")
    make.code("660300003", retired_at=LAST_YEAR)
    check_verdict("660300001", Verdict.FOUND, "660300001")
    check_verdict("660300002", Verdict.KNOWN_WITHOUT_NOTE, "660300002")
    check_verdict("660300003", Verdict.RETIRED, "660300003")
    assert check_verdict("660399998", Verdict.IN_KNOWN_RANGE).ranges[0].name == "Room"
    check_verdict("123", Verdict.UNKNOWN)


def test_a_note_on_the_range_is_a_note_on_its_codes():
    note = make.note("Rooms")
    note.ranges.set([make.code_range()])
    code = make.code("660300002")
    check_verdict("660300002", Verdict.FOUND, "660300002")
    assert cards([code], None)[0].notes == [note]


def test_a_code_in_several_sections_has_several_answers():
    make.code("3", in_section="Public")
    make.code("3", in_section="Mix")
    make.code("3", make.table("rtc-server"))
    answer = check_verdict("3", Verdict.KNOWN_WITHOUT_NOTE, "3", "3", "3")
    assert {hit.code.section.name for hit in answer.hits} == {"Public", "Mix"}


def test_the_exact_code_comes_before_other_readings_and_each_is_labelled():
    make.code("0")
    make.code("00000", make.table("postgresql"))
    answer = find_code("00000", None)
    assert [(hit.code.code, hit.how) for hit in answer.hits] == [
        ("00000", "as written"),
        ("0", "leading zeros aside"),
    ]


@pytest.mark.parametrize(
    ("query", "how"),
    [
        ("0xC0000005", "as written"),
        ("3221225477", "hexadecimal"),
        ("-1073741819", "decimal, read as unsigned 32-bit"),
        ("c0000005", "hexadecimal without 0x"),
    ],
)
def test_a_hexadecimal_code_is_found_by_its_other_spellings(query, how):
    make.code("0xC0000005")
    assert [(hit.code.code, hit.how) for hit in find_code(query, None).hits] == [("0xC0000005", how)]


def test_a_code_is_found_behind_more_codes_than_a_look_up_shows():
    table = make.table()
    make.codes([str(n) for n in range(1000, 1101)], table)
    make.note("About it", make.code("7", table))
    for scope in ((), (table,), (table, table.sections.get())):
        answer = find_code("7", None, *scope)
        assert (answer.verdict, [hit.code.code for hit in answer.hits]) == (Verdict.FOUND, ["7"])


@pytest.mark.parametrize(
    ("query", "codes", "hits"),
    [
        ("0xC0000005", ["-1073741819", "3221225477", "0xC0000005", "7"],
         [("0xC0000005", "as written"), ("3221225477", "decimal"), ("-1073741819", "read as signed 32-bit")]),
        ("0003", ["3", "0003", "0x3"],
         [("0003", "as written"), ("3", "leading zeros aside"), ("0x3", "hexadecimal")]),
        ("3", ["4", "33"], []),
        ("", ["3"], []),
    ],
)  # fmt: skip
def test_the_likeliest_reading_comes_first_whatever_the_vendors_order(query, codes, hits):
    names = ("code", "identity", "canonical")
    rows = [ReturnCode(**{name: getattr(text_code.forms(code), name) for name in names}) for code in codes]
    found = [(hit.code.code, hit.how.split(", ")[-1]) for hit in hits_of(query, rows)]
    assert found == hits


def test_near_codes_are_offered_with_what_differs_and_never_chosen():
    make.code("660300001")
    answer = check_verdict("660300007", Verdict.UNKNOWN)
    assert [near.pieces for near in answer.near] == [[("66030000", False), ("1", True)]]


def test_the_narrowest_range_comes_first():
    make.code_range("All", 0, 999_999_999)
    make.code_range()
    assert [found.name for found in find_code("660399998", None).ranges] == ["Room", "All"]


def test_a_look_up_can_stay_inside_a_table_and_a_section():
    public, mix = make.code("3", in_section="Public"), make.code("3", in_section="Mix")
    make.code("3", make.table("rtc-server"))
    assert len(find_code("3", None, public.table).hits) == 2
    assert [hit.code for hit in find_code("3", None, public.table, mix.section).hits] == [mix]


HOSTILE = ["", " ", "\x00", "9" * 100_000, "'; --", "NEAR(", "*", "💥", "%", "\u202e12"]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_answered(query):
    make.code()
    assert find_code(query, None).verdict == Verdict.UNKNOWN
    assert list(search(query, None)[:5]) == []


def test_a_look_up_in_a_table_or_section_suggests_only_codes_and_ranges_of_it():
    zim, rtc = make.table(), make.table("rtc-server")
    for table in (zim, rtc):
        make.code("660300001", table)
        make.code("66030000755", table)
        make.code("660300002", table, "Mix")
        make.code_range(of=table)

    def places(answer):
        codes = [near.code for near in answer.near] + answer.completions
        return {code.table for code in codes}, {code.section.name for code in codes}, {r.table for r in answer.ranges}

    mix = rtc.sections.get(name="Mix")
    assert places(find_code("660300007", None)) == ({zim, rtc}, {"Public", "Mix"}, {zim, rtc})
    assert places(find_code("660300007", None, rtc)) == ({rtc}, {"Public", "Mix"}, {rtc})
    assert places(find_code("660300007", None, rtc, mix)) == ({rtc}, {"Mix"}, {rtc})


def test_a_near_code_is_not_also_offered_as_a_completion():
    make.code("660300001")
    make.code("66030000155")
    answer = find_code("66030000", None)
    assert [near.code.code for near in answer.near] == ["660300001"]
    assert [code.code for code in answer.completions] == ["66030000155"]


def test_six_near_codes_are_offered_the_lowest_first():
    for last in (9, 7, 3, 8, 2, 4, 6):
        make.code(f"66030000{last}")
    assert [near.code.code[-1] for near in find_code("660300001", None).near] == ["2", "3", "4", "6", "7", "8"]


def test_twenty_completions_are_offered_the_shortest_first_and_current_ones_before_retired_ones():
    table = make.table()
    make.codes([f"88{n:05}" for n in range(18)], table)
    make.code("88001", table, retired_at=LAST_YEAR)
    make.code("88002", table)
    make.code("88003", make.table("later"))
    make.code("9", table)
    codes = [(code.code, code.table.slug) for code in find_code("880", None).completions]
    assert codes[:3] == [("88002", "zim-server"), ("88003", "later"), ("88001", "zim-server")]
    assert codes[3:] == [(f"88{n:05}", "zim-server") for n in range(17)]


@pytest.mark.parametrize("text", ["", " ", "9" * 65, "0x"])
def test_a_text_that_cannot_be_a_code_begins_none(text):
    make.code("9")
    assert beginning_with(text, None) == []


def test_the_shortest_completion_is_found_behind_many_longer_codes():
    table = make.table()
    for n in range(7):
        make.code(f"5500{n}", table)
    make.code("551", table)
    assert [code.code for code in beginning_with("55", None, 2)] == ["551", "55000"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("6603", ["660300001", "660300002"]),
        ("0x66", ["0x66A1"]),
        ("0X66a1", ["0x66A1"]),
        ("26273", ["0x66A1"]),
        ("ora-9", ["ORA-00942"]),
        ("", []),
        ("x" * 65, []),
    ],
)
def test_a_list_of_codes_is_narrowed_to_a_beginning(text, codes):
    for code in ("660300001", "660300002", "7660300", "ORA-00942", "0x66A1"):
        make.code(code)
    assert [code.code for code in codes_beginning_with(ReturnCode.objects.order_by("id"), text)] == codes


def test_neighbours_are_the_three_codes_on_each_side_in_its_table():
    for n in (9, 1, 3, 2, 5, 7, 8, 6, 0):
        make.code(str(n))
    make.code("5", in_section="Mix")
    make.code("4", make.table("rtc-server"))
    make.code("A-4")
    code = ReturnCode.objects.get(code="5", section__name="Public")
    assert [near.code for near in neighbours(code, None)] == ["1", "2", "3", "6", "7", "8"]
    assert neighbours(ReturnCode.objects.get(code="A-4"), None) == []


def test_neighbours_with_the_same_number_are_in_the_order_they_were_added():
    codes = [make.code(number, in_section=name) for name in ("A", "B") for number in ("4", "5", "6")]
    near = neighbours(codes[1], None)
    assert near == [codes[3], codes[0], codes[2], codes[5]]


def test_neighbours_stay_in_the_narrowest_range_of_their_own_table():
    for n in range(1, 10):
        make.code(str(n))
    make.code_range("Wide", 2, 9)
    make.code_range("Narrow", 4, 6)
    make.code_range("Elsewhere", 5, 5, of=make.table("rtc-server"))
    code = ReturnCode.objects.get(code="5")
    assert [near.code for near in neighbours(code, None)] == ["4", "6"]


def test_neighbours_of_a_hidden_table_are_hidden(agent):
    secret = make.table("secret", audience="internal")
    for n in (1, 2):
        make.code(str(n), secret)
    code = secret.codes.get(code="1")
    assert [near.code for near in neighbours(code, agent)] == ["2"]
    assert neighbours(code, None) == []


def test_open_incidents_are_separate_from_past_ones():
    code = make.code()
    past = make.incident("Past", code, state="resolved", started_at=LAST_YEAR, resolved_at=LAST_YEAR)
    now = make.incident("Now", code, started_at=LAST_YEAR)
    card = cards([code], None)[0]
    assert (card.open_incidents, card.past_incidents) == ([now], [past])


def test_search_finds_words_in_codes_and_notes():
    gone, other = make.code("660300001"), make.code("1", description="Request failed.")
    make.note("Cannot join", other, cause="The lobby is closed")
    assert list(search("room exist", None)) == [gone]
    assert list(search("lobby", None)) == [other]
    assert search("the lobby of a room", None)[0] == gone
    assert list(matching(ReturnCode.objects.all(), "lobby room", None, gone.table)) == []
    assert list(matching(ReturnCode.objects.all(), "lobby", None, gone.table)) == [other]


@pytest.mark.parametrize(
    "written",
    ["660 300 001", "660,300,001", "660.300.001", "660\u202f300\u202f001", "660'300'001", "ERR_660300001",
     "err-660300001", "E660300001", "Error code 660300001", "660_300_001"],
)  # fmt: skip
def test_a_grouped_or_labelled_number_is_looked_up_alone(written):
    code = make.code("660300001")
    (hit,) = find_code(written, None).hits
    assert (hit.code, hit.how) == (code, "the number alone")


@pytest.mark.parametrize(
    "written", ["66,0300,001", "1.2.3", "660 300,001", "660 300 0011", "ORA-660300001", "REF 660300001x"]
)
def test_other_texts_with_digits_are_not_looked_up_alone(written):
    make.code("660300001")
    assert find_code(written, None).hits == []


def test_a_code_with_a_label_is_that_code_alone():
    make.code("300")
    labelled = make.code("E300")
    assert [hit.code for hit in find_code("E300", None).hits] == [labelled]


@pytest.mark.parametrize(
    ("written", "begun"),
    [
        ("6603", ["660300001", "660300002", "6603000011"]),
        ("66030000", ["6603000011"]),
        ("ORA-009", ["ORA-00942"]),
        ("ora-9", ["ORA-00942"]),
        ("660", ["660-35", "660300001", "660300002", "6603000011"]),
        ("66", []),
        ("ORA", []),
        ("0x66", []),
        ("660 3", []),
        ("%", []),
        ("___", []),
        ("\U0010ffff1a", []),
    ],
)
def test_the_beginning_of_a_code_offers_its_completions(written, begun):
    for code in ("660300001", "660300002", "6603000011", "7660300", "ORA-00942", "0x66A1", "660-35"):
        make.code(code)
    make.code("660399999", make.table("secret", audience="internal"))
    answer = find_code(written, None)
    assert (answer.verdict, answer.hits, [code.code for code in answer.completions]) == (Verdict.UNKNOWN, [], begun)


@pytest.mark.parametrize("written", ["%", "_", "x", "?!", "a", "12"])
def test_a_very_short_query_has_no_near_codes(written):
    make.code("1")
    make.code("13")
    make.code("123")
    assert find_code(written, None).near == []


# Who sees what


def internal_world():
    code = make.code("660300001")
    hidden = make.code("660300001", make.table("secret", audience="internal"))
    make.note("Hush lobby", code, audience="internal")
    make.note("Draft lobby", code, state="draft")
    make.note("Unsure lobby", code, state="not_validated")
    make.incident("Hush", code, audience="internal")
    make.code_range("Hush", 0, 10, of=hidden.table)
    return code


def test_the_public_sees_nothing_internal(stranger):
    code = internal_world()
    for user in (None, stranger):
        check_verdict("660300001", Verdict.KNOWN_WITHOUT_NOTE, "660300001", user=user)
        card = cards([code], user)[0]
        assert (card.notes, card.open_incidents) == ([], [])
        assert not search("lobby", user)
        assert find_code("5", user).ranges == []


def test_an_agent_sees_all(agent):
    code = internal_world()
    check_verdict("660300001", Verdict.FOUND, "660300001", "660300001", user=agent)
    card = cards([code], agent)[0]
    assert {note.title for note in card.notes} == {"Hush lobby", "Draft lobby", "Unsure lobby"}
    assert len(card.open_incidents) == 1
    assert search("lobby", agent)
    assert [found.name for found in find_code("5", agent).ranges] == ["Hush"]


def test_without_public_reading_anonymous_sees_nothing(settings, stranger, agent):
    settings.KB_PUBLIC_READ = False
    make.code()
    assert find_code("660300001", None).verdict == Verdict.UNKNOWN
    assert find_code("660300001", stranger).hits
    assert find_code("660300001", agent).hits


def test_an_inactive_user_sees_what_the_public_sees(agent, settings):
    settings.KB_PUBLIC_READ = False
    make.code()
    agent.is_active = False
    assert find_code("660300001", agent).hits == []


# The cost of an answer does not grow with what there is


@pytest.mark.parametrize("size", [1, 12])
def test_queries_are_few_and_constant(django_assert_num_queries, size, agent):
    codes = [make.code(str(660300000 + n), in_section=str(n)) for n in range(size)]
    for code in codes:
        make.note(f"Note on {code}", code)
        make.incident(f"Incident on {code}", code)
    make.code_range()
    find_code("660300001", agent)
    with django_assert_num_queries(1):
        find_code("660300000", agent)
    with django_assert_num_queries(4):
        find_code("660399999", agent)
    with django_assert_num_queries(4):
        cards(list(codes_visible_to(agent).filter(code="660300000")), agent)
    with django_assert_num_queries(3):
        cards(codes, agent)
