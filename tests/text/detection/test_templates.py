"""Templates of vendors' descriptions: their words and holes, what they tell, and their anchors."""

import pytest

from kb.text.detection.templates import (
    ENOUGH,
    MAX_MESSAGE,
    MAX_PARTS,
    SURE,
    Hole,
    anchor,
    anchor_words,
    hash_of,
    template,
    words_of,
)

WORDS = "wooden crates rest {} on marble shelves"


def parts(description):
    """The runs as texts, and the holes as lists of their names."""
    return [list(one.names) if isinstance(one, Hole) else " ".join(one) for one in template(description).parts]


@pytest.mark.parametrize(
    ("hole", "name"),
    [
        *((hole, "rest") for hole in ("%s", "%d", "%u", "%ld", "%lu", "%ls", "%hs", "%-20s", "%.*s", "%08lx", "0x%p")),
        *(
            (hole, "rest")
            for hole in ("%1", "%1!s!", "%12", "{0}", "{}", "$1", "XXX", "xxxx", "...", "…", "%zu", "%I64u")
        ),
        *((hole, "rest") for hole in ("[chars]", "[dec]", "[hex]", "[IP_address]", "%+5.2f")),
        *(
            (hole, "place")
            for hole in ("{place}", "{{place}}", "${place}", "#{place}", "<place>", ":place", "{{ place }}")
        ),
        ("<the place>", "the place"),
    ],
)
def test_each_vendors_holes_are_holes(hole, name):
    assert parts(WORDS.format(hole)) == ["wooden crates rest", [name], "on marble shelves"]
    assert anchor_words(WORDS.format(hole)) in ("wooden crates rest", "on marble shelves")


@pytest.mark.parametrize("text", ["100%", "50%shelf", "<b>", "</b>", "{two words}", "[required]", "Axxx", "a:b", "$ 1"])
def test_other_signs_are_no_holes(text):
    assert not any(isinstance(one, Hole) for one in template(WORDS.format(text)).parts)


def test_a_hole_has_the_name_of_the_last_telling_word_before_it():
    assert parts("%s crates rest on the %s") == [["value"], "crates rest on the", ["rest"]]


def test_holes_between_which_are_only_signs_are_one():
    hole = template("Parcel (%s)=(%s) still rests on shelf 'x'").parts[1]
    assert (hole.names, hole.separators, hole.is_quoted) == (("parcel", "parcel"), (")=(",), False)


@pytest.mark.parametrize("hole", ['"%s"', "'%s.%s'", "“{0}”", "«{name}»", "`%s`"])
def test_a_hole_in_quotes_tells_more(hole):
    quoted, bare = template(f"crate {hole} does not exist"), template("crate %s does not exist")
    assert quoted.parts[1].is_quoted
    assert quoted.weight == bare.weight + 1


def test_a_message_is_the_first_line_without_a_title_in_braces():
    assert parts("{Vault Closed} The vault rests on marble.\nSecond line of words.") == ["the vault rests on marble"]


def test_a_long_quoted_message_is_the_message():
    assert parts('Comes at night. The log has "merchant %s has closed its till".')[0] == "merchant"
    assert parts('The crates must be "silent sent" to the merchant.') == [
        "the crates must be silent sent to the merchant"
    ]


def test_the_shortest_telling_sentences_are_the_template():
    assert parts("Wooden crates rest on marble. Ask the owner.") == ["wooden crates rest on marble"]
    assert parts("Not found. Wooden crates rest on marble. Ask them.") == ["not found wooden crates rest on marble"]


@pytest.mark.parametrize(
    ("description", "weight"),
    [
        ("Room does not exist.", 1.5),
        ("The operation completed successfully.", 0.75),
        ("Access is denied by the system", 0.75),
        ("wooden crates rest on marble", 4.0),
        ("wooden wooden wooden crates", 2.0),
        ("房间不存在", 2.0),
    ],
)
def test_common_words_tell_less(description, weight):
    assert template(description).weight == pytest.approx(weight)


def test_short_or_common_descriptions_tell_too_little():
    for description in ("Not found", "Invalid parameter.", "", "  \n ", "Timeout", "%s", "%s: %s", "12 34 56 78"):
        made = template(description)
        assert made is None or made.weight < ENOUGH
    assert SURE > ENOUGH


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("The frequency of calls", "the frequency of"),
        ("The vault, (closed) by night", "the vault closed"),
        ("Please request operation parameter crocodile now", "operation parameter crocodile"),
        ("relation %s does not exist", "does not exist"),
        ("a b c", ""),
        ("two words", ""),
        ("crates 12 rest 13 on", ""),
        ("%(wooden)s crates rest on marble", "crates rest on"),
        ("Ошибка комнаты закрыта сейчас", "ошибка комнаты закрыта"),
        ("房间不存在", "房间不存"),
        ("房间", ""),
        ("x" * 30 + " crates rest on", "crates rest on"),
    ],
)
def test_an_anchor_is_a_few_words_in_a_row(description, words):
    assert anchor_words(description) == words
    assert anchor(description) == (hash_of(words) if words else 0)
    assert words_of("a b c") == ("a", "b", "c")
    assert words_of("房间不存") == ("房", "间", "不", "存")


def test_an_older_anchor_still_leads_to_its_template():
    own = template("wooden crates rest on marble", "rest on marble")
    assert (own.parts, own.anchor) == ((("wooden", "crates", "rest", "on", "marble"),), (0, 2))
    assert template("wooden crates rest on marble", "rest on wood") is None


def test_a_hash_is_a_positive_number_of_31_bits():
    assert {0 < hash_of(str(n)) < 2**31 for n in range(1000)} == {True}


def test_only_the_beginning_of_a_description_is_read():
    assert template("word " * 20 + "%s " * 500 + "crates rest on marble shelves") is not None
    assert anchor("x1 " * (MAX_MESSAGE // 3) + "crates rest on marble") == 0
    assert template("wooden crates rest " + "%s then " * (MAX_PARTS + 2)) is None
