"""Verdicts on many codes at once: the same answers as one look-up at a time."""

from datetime import UTC, datetime
from itertools import product

import pytest

from kb.models import CodeTable, ReturnCode, Section, TroubleshootingNote
from kb.queries.cards import cards
from kb.queries.lookup import MAX_HITS, Verdict, find_code
from kb.queries.lookup_many import CodeMeaning, look_up
from kb.text.codes import forms as text_code
from tests import make

pytestmark = pytest.mark.django_db
LAST_YEAR = datetime(2025, 3, 5, tzinfo=UTC)

# A meaning of a code: whether the vendor still lists it, and whether it has a note.
LIVE_WITH_NOTE, LIVE, RETIRED_WITH_NOTE, RETIRED = (True, True), (True, False), (False, True), (False, False)
MEANINGS = (LIVE_WITH_NOTE, LIVE, RETIRED_WITH_NOTE, RETIRED)


def verdict_on(meanings):
    if LIVE_WITH_NOTE in meanings:
        return Verdict.FOUND
    return Verdict.KNOWN_WITHOUT_NOTE if LIVE in meanings else Verdict.RETIRED


def test_a_note_makes_a_code_found_only_if_the_vendor_still_lists_the_meaning_with_the_note():
    tables = [make.table("first"), make.table("second")]
    pairs = {str(number): pair for number, pair in enumerate(product(MEANINGS, repeat=2), 1)}
    for number, pair in pairs.items():
        for table, (is_live, has_note) in zip(tables, pair, strict=True):
            code = make.code(number, table, retired_at=None if is_live else LAST_YEAR)
            if has_note:
                make.note("About it", code)
    for answer in look_up(list(pairs), None):
        pair = pairs[answer.query]
        alone = [verdict_on([kind]) for kind in pair]
        assert answer.verdict == find_code(answer.query, None).verdict == verdict_on(pair), pair
        assert [meaning.verdict for meaning in answer.meanings] == alone
        assert [card.verdict for card in cards([meaning.code for meaning in answer.meanings], None)] == alone


QUERIES = [
    "3", "003", "00000", "0xC0000005", "3221225477", "-1073741819", "c0000005", "ORA-942", "660 300 001", "E300",
    "ERR_660300001", "E660300001", "50", "55", "1200", "77", "", "\x00", "nonsense", "999999999999999999999",
]  # fmt: skip


@pytest.fixture
def world(db):
    """Codes in every spelling, in two public tables and one internal table, with ranges around some numbers."""
    zim, rtc, secret = make.table(), make.table("rtc"), make.table("secret", audience="internal")
    for position, section in ((5, "Last"), (4, "Middle"), (3, "First")):
        make.code("3", zim, section, position=position)
    Section.objects.filter(table=zim, name="Middle").update(position=9)
    for number, table in (
        ("3", rtc),
        ("3", secret),
        ("77", secret),
        ("300", zim),
        ("660300001", rtc),
        ("660300001", zim),
    ):
        make.code(number, table)
    for number in ("0", "00000", "0xC0000005", "-1073741819", "ORA-00942", "E300"):
        make.code(number, rtc)
    make.note("Hush", zim.codes.first(), audience="internal")
    for number, (first, last) in enumerate(
        [(1, 2000), (40, 60), (50, 50), (56, 60), (1, 99), (1200, 1200), (1201, 1300)]
    ):
        for table in (rtc, zim, secret):
            make.code_range(f"{number}", first, last, of=table)
    return zim, rtc, secret


def seen(answer, meanings):
    return (
        answer.verdict,
        [(one.code.pk, one.how) for one in meanings],
        [block.pk for block in answer.ranges],
    )


def test_many_look_ups_answer_as_one_look_up_does(world, agent):
    for of, user in product((None, *world), (None, agent)):
        answers = look_up(QUERIES, user, of.pk if of else None)
        assert [answer.query for answer in answers] == QUERIES
        for query, answer in zip(QUERIES, answers, strict=True):
            one = find_code(query, user, of)
            assert seen(answer, answer.meanings) == seen(one, one.hits), (of, user, query)


def test_the_ranges_of_an_unlisted_code_are_the_six_narrowest_narrowest_first():
    table, other = make.table(), make.table("other")
    for width in (7, 3, 5, 1, 8, 2, 4, 6):
        make.code_range(f"{width}", 50 - width, 50 + width, of=table)
    make.code_range("Elsewhere", 50, 50, of=other)
    for answer in (find_code("50", None), look_up(["50"], None)[0]):
        assert [block.name for block in answer.ranges] == ["Elsewhere", "1", "2", "3", "4", "5"]
    for answer in (find_code("50", None, table), look_up(["50"], None, table.pk)[0]):
        assert [block.name for block in answer.ranges] == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("count", [MAX_HITS - 1, MAX_HITS, MAX_HITS + 1])
def test_a_code_has_at_most_a_hundred_meanings(count):
    table, forms = make.table(), text_code.forms("3")
    names = [f"s{n}" for n in range(count)]
    Section.objects.bulk_create(Section(table=table, name=n, slug=n, position=at) for at, n in enumerate(names))
    shape = {name: getattr(forms, name) for name in ("code", "identity", "canonical", "number", "sort_key")}
    ReturnCode.objects.bulk_create(ReturnCode(table=table, section=one, **shape) for one in table.sections.all())
    expected = names[:100]
    assert [hit.code.section.name for hit in find_code("3", None).hits] == expected
    assert [one.code.section.name for one in look_up(["3"], None)[0].meanings] == expected


@pytest.mark.parametrize("internal", ["", "table", "note", "incident"])
def test_a_meaning_is_internal_if_its_table_its_note_or_an_incident_is(internal):
    def audience(part):
        return "internal" if part == internal else "public"

    code = ReturnCode(table=CodeTable(audience=audience("table")))
    card = {"open_incidents": [{"audience": "public"}, {"audience": audience("incident")}]}
    note = TroubleshootingNote(audience=audience("note"), state="validated")
    meaning = CodeMeaning(code, "as written", Verdict.FOUND, note, b"{}", card)
    assert meaning.audience() == ("internal" if internal else "public")
    assert meaning.confidence == "validated"
    bare = CodeMeaning(code, "as written", Verdict.KNOWN_WITHOUT_NOTE, None, b"{}", {"open_incidents": []})
    assert (bare.audience(), bare.confidence) == (audience("table"), None)
