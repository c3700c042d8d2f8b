"""A masked text, split at its codes; and codes that a text clearly names."""

from types import SimpleNamespace

import pytest

from kb.queries import detection
from kb.queries.detection import MAX_QUERY, MAX_TEXT, Report, TooLong, codes_in, detect, pieces
from tests import make


def split(masked, codes=(), unknown=()):
    """The pieces of a text: each its text alone, or its text, number, and whether it is the first and unknown."""
    groups = [[SimpleNamespace(spans=spans) for spans in part] for part in (codes, unknown)]
    found = pieces(Report(*groups, masked, None))
    return [(one.text, one.mark, one.first, one.unknown) if one.mark else one.text for one in found]


@pytest.mark.parametrize(
    ("codes", "unknown", "expected"),
    [
        ([], [], ["abcdef"]),
        ([[(0, 6)]], [], [("abcdef", 1, True, False)]),
        ([[(0, 2)]], [], [("ab", 1, True, False), "cdef"]),
        ([[(4, 6)]], [], ["abcd", ("ef", 1, True, False)]),
        ([[(1, 2), (3, 4)]], [], ["a", ("b", 1, True, False), "c", ("d", 1, False, False), "ef"]),
        ([[(3, 4)], [(1, 2)]], [], ["a", ("b", 2, True, False), "c", ("d", 1, True, False), "ef"]),
        ([[(1, 2)]], [[(2, 3)]], ["a", ("b", 1, True, False), ("c", 2, True, True), "def"]),
        ([[(1, 4)], [(3, 5)]], [], ["a", ("bcd", 1, True, False), "ef"]),
        ([[(1, 4)], [(4, 5)]], [], ["a", ("bcd", 1, True, False), ("e", 2, True, False), "f"]),
    ],
)
def test_a_text_is_split_at_its_codes_in_order(codes, unknown, expected):
    assert split("abcdef", codes, unknown) == expected


def test_an_empty_text_has_no_pieces():
    assert split("") == []


@pytest.mark.django_db
def test_a_text_is_too_long_by_its_bytes():
    detect("é" * (MAX_TEXT // 2), None)
    with pytest.raises(TooLong, match="1,048,577 bytes; the limit is 1,048,576"):
        detect("é" * (MAX_TEXT // 2) + "x", None)


@pytest.mark.django_db
def test_the_meanings_of_a_code_are_in_the_vendors_order_current_ones_first(agent):
    table = make.table()
    retired = make.code("660300001", table, "A", retired_at="2025-09-01T00:00Z", position=1)
    last, first = make.code("660300001", table, "B", position=9), make.code("660300001", table, "C", position=2)
    hidden = make.code("660300001", make.table("secret", audience="internal"))
    for user, meanings in ((None, (first, last, retired)), (agent, (first, last, hidden, retired))):
        assert [match.id for match in detect("code: 660300001", user).codes] == [meanings]
        assert codes_in("code: 660300001", user) == list(meanings)


@pytest.mark.django_db
def test_an_unlisted_number_names_only_a_range_that_the_reader_may_see(agent):
    make.code_range(of=make.table("secret", audience="internal"))
    shown = {user: [one.range is not None for one in detect("code: 660300001", user).unknown] for user in (None, agent)}
    assert shown == {None: [False], agent: [True]}


@pytest.mark.django_db
def test_only_a_text_of_two_thousand_characters_with_a_digit_is_read_for_codes(monkeypatch):
    code, texts = make.code("660300001"), []
    named = "code: 660300001 "
    assert codes_in(named + "x" * (MAX_QUERY - len(named)), None) == [code]
    assert codes_in(named + "x" * (MAX_QUERY - len(named) + 1), None) == []
    monkeypatch.setattr(detection, "candidates", texts.append)
    assert codes_in("words without a number", None) == []
    assert texts == []


@pytest.mark.django_db
def test_a_doubtful_code_is_not_named_by_a_text():
    make.code("7")
    assert codes_in("make: exit status 7", None) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["tel. 660 300 001", "password: 660300001", "my PIN is 660300", "card 4111 1111 1111 1111"]
)
def test_what_is_hidden_is_in_no_list_of_codes(text):
    make.code("660300001")
    make.code_range("Room", 600000, 660399999)
    report = detect(text, None)
    assert (report.codes, report.unknown) == ([], [])
    assert not any(sign.isdigit() for sign in report.masked)


@pytest.fixture
def two_tables():
    chat = make.table("contoso-chat", vendor="Contoso", product="Chat")
    pay = make.table("acme-pay", vendor="Acme", product="Pay", context_words="payhub\nledger service")
    return make.code("4301", chat), make.code("4301", pay)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("payhub: error code 4301", 1),
        ("Ledger Service returned error code 4301", 1),
        ("contoso chat: error code 4301", 0),
        ("contoso chat; payhub: error code 4301", 1),
        ("error code 4301", 0),
    ],
)
def test_a_curators_word_puts_its_table_first(text, first, two_tables):
    (match,) = detect(text, None).codes
    assert match.id == (two_tables[first], two_tables[1 - first])


@pytest.mark.django_db
def test_a_curators_word_makes_a_bare_number_on_a_line_about_a_failure_likely(two_tables):
    (match,) = detect("payhub could not settle: 4301", None).codes
    assert (match.is_likely, match.confidence) == (True, 0.6)
    assert match.why == "A context word of its table stands before it."
    for text in ("acme could not settle: 4301", "payhub could not settle 4301 orders", "payhub settled: 4301"):
        assert not any(match.is_likely for match in detect(text, None).codes), text


@pytest.mark.django_db
def test_the_label_of_another_vendor_lowers_our_number(two_tables):
    foreign = "sync failed: Error Domain=AcmeSyncErrorDomain Code=4301"
    (match,) = detect(foreign, None).codes
    assert (match.is_likely, match.confidence) == (False, 0.4)
    assert match.why.endswith("The words before it name another vendor.")
    assert detect(f"{foreign}\nerror code 4301", None).codes[0].is_likely


@pytest.mark.django_db
def test_the_words_of_tables_take_one_query_and_none_for_one_table_with_long_codes(
    two_tables, django_assert_num_queries
):
    make.code("660300001")
    with django_assert_num_queries(3):
        detect("code: 4301", None)
    with django_assert_num_queries(2):
        detect("code: 660300001", None)


TABLES = {
    "washer": ("Bubble", "Washer", [("E15", "Water below"), ("F07", "Heater"), ("49.4C02", "Drum"), ("488", "Door")]),
    "stream": ("Acme", "Streamer", [("27", "Moves"), ("30005", "Lost"), ("1213", "Lock"), ("1214", "Wait")]),
}


@pytest.fixture
def products(db):
    for slug, (vendor, product, codes) in TABLES.items():
        table = make.table(slug, vendor=vendor, product=product, name="Codes")
        for number, description in codes:
            make.code(number, table, description=description)
    make.code("9", table, symbol="TOPIC_GRANT_REFUSED", description="x")
    make.code("10", table, symbol="WriteClash", description="y")
    make.code("11", table, symbol="ACCESS_DENIED", description="z")


def likely(text):
    return [code.code for match in detect(text, None).codes if match.is_likely for code in match.id]


def possible(text):
    return [code.code for match in detect(text, None).codes if not match.is_likely for code in match.id]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        # Letters and digits, said or in a list.
        ("the machine shows E15 and stops", ["E15"]),
        ("display: 49.4C02 Fehler", ["49.4C02"]),
        ("errors of the week:\n- E15\n- F07 (twice)", ["E15", "F07"]),
        ("room E15, parking F07", []),
        # A list whose label comes last.
        ("the job gave 1213, 1214 and once error 30005", ["1213", "1214", "30005"]),
        ("order 1213, error 30005", ["30005"]),
        ("in 1213 shops, error 30005", ["30005"]),
        # Three digits need a verb and the name of the product.
        ("the washer gets 488 from the pump", ["488"]),
        ("the team gets 488 from the fund", []),
        ("the washer has 488 parts", []),
        # A name of a product before a number, and a number in the plural.
        ("he gets acme 1213 since noon", ["1213"]),
        ("did you see 30005s today?", ["30005"]),
        ("it ran for 30005s today", []),
        # So do two digits, and neither may count anything.
        ("the streamer shows 27 for each room", ["27"]),
        ("the streamer shows 27 rooms", []),
        ("the team shows 27 for each room", []),
        # Two codes of one table with a word between them.
        ("she cannot join: 1213 then 1214", ["1213", "1214"]),
        ("it is 1213 and 1214 guests came", []),
        # A long number behind an article of one thing.
        ("il nous sort un 30005 à chaque fois", ["30005"]),
        ("> it was 30005 last week", ["30005"]),
        ("it was 30005 EUR last week", []),
        # Signs in other languages.
        ("sur l'écran: F07 et rien de plus", ["F07"]),
        ("na ekranie miga E15 bez przerwy", ["E15"]),
        ("l'appel est rejeté (30005)", ["30005"]),
        # A label that ends a longer word.
        ("Lesefehler 1213 beim Start", ["1213"]),
        # A column whose header has a word before "code", and one of another kind.
        ("host  streamer_code  n\nh1    1213           30005\nh2    1214           2", ["1213", "1214"]),
        ("host  zip code  n\nh1    30005     4", []),
        ("Gerät | Störung | Beginn\nPumpe | F07 | 06:12", ["F07"]),
        # What a header of gRPC or an address writes for signs.
        ("grpc-message: acme%3A%20lock%20failed%20%28code%201213%29", ["1213"]),
        # A list that counts its codes.
        ("errors: 1213 (31), 1214 (4x)", ["1213", "1214"]),
        ("rejects: 1213: 31, 1214: 4", ["1213", "1214"]),
        # A long number that stands as a name, on a line about a failure or its product.
        ("his calls were refused with 30005 on one network", ["30005"]),
        ("the streamer sends a 30005 for each call", ["30005"]),
        ("a payment of 30005 was refused", []),
        ("with 30005 guests the room was refused", []),
        # A header that may mean something else: only what is clear.
        ("user,result\nu1,30005\nu2,27", ["30005"]),
        ("user,last_errno\nu1,1213\nu2,0", ["1213"]),
        # The number of a message of SQL Server.
        ("Msg 1213, Level 13, State 1", ["1213"]),
    ],
)
def test_each_kind_of_sign_makes_a_code_likely(text, codes, products):
    assert likely(text) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("streamer says topic grant refused for user eva", ["9"]),
        ("ERROR: topic grant refused", ["9"]),
        ("failed: Topic Grant Refused (streamer)", ["9"]),
        ("import failed: no topic grant refused by us", []),
        ("we grant topics: none were refused", []),
        # So many products say it that it names none.
        ("streamer error: access denied for user eva", []),
        ("error: WriteClash, please retry", ["10"]),
        ("error from streamer class topic_grant_refused; table rooms", ["9"]),
        ("we call WriteClash often", []),
        ("it returns WriteClash in the night", ["10"]),
        ("<Fault><Code>WriteClash</Code><Id>4</Id></Fault>", ["10"]),
        ("streamer: topic grant refused", ["9"]),
        ("streamer log: acme.errors.TopicGrantRefusedException", ["9"]),
        ("other.errors.TopicGrantRefusedException", []),
        ("SELECT error FROM topic_grant_refused WHERE id", []),
        ("GET /x?a=5&b=topic_grant_refused failed over", []),
        ("the app raises topic_grant_refused when it fails", ["9"]),
        ("failed: writeClash = 4, topic_grant_refused(3)", []),
    ],
)
def test_a_symbol_in_words_is_a_code_on_a_line_about_a_failure(text, codes, products):
    assert likely(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "host;error code;count\nh1;1213;30005\nh2;1214;1213",
        "  PID USER  PR  VIRT  COMMAND\n 1213 root  20 30005  sshd",
        "Please ship to Main Street 1213, 30005 Springfield",
        '{"code":27,"clock":{"t":1213,"i":30005}}',
        "room E15 on floor 2",
        "washer parts: E15 seal, F07 belt",
        "30005 guests came",
    ],
)
def test_a_number_among_others_is_not_even_possible(text, products):
    assert possible(text) == []


def test_a_number_alone_is_possible(products):
    assert possible("value 1213") == ["1213"]
    assert possible("1213") == ["1213"]


def test_a_name_that_tells_of_a_failure_is_a_symbol_in_any_sentence(products):
    make.code("12", make.table("store", vendor="Store", product="Store"), symbol="NoSuchShelf", description="w")
    assert likely("we saw NoSuchShelf (east)") == ["12"]


def test_a_description_may_be_that_of_the_symbol(products):
    make.code("30006", make.table("disk", vendor="Disk", product="Disk"), symbol="ERR_PLATTER_MELTED", description="")
    assert likely("30006 platter melted") == ["30006"]


def test_a_code_that_its_product_made_likely_may_wrap_another(products):
    matches = detect("streamer 30005 (the hook was slow), caused by error code 1213", None).codes
    assert [(match.written, match.role, match.inside) for match in matches] == [
        ("1213", "cause", "30005"),
        ("30005", "wrapper", ""),
    ]
    assert matches[0].why.endswith("30005 wraps it: this is the cause.")
