"""Whose a code is: names, a curator's words and labels near it; labels of other vendors."""

import pytest

from kb.text.detection.tables import TableClues, families, proposed_words

NAMES = {1: "Acme Pay acme-pay Return codes", 2: "Contoso Chat contoso-chat Error codes"}


def clues(text, own=None, names=NAMES):
    return TableClues(text, names, own)


def span(text, code="4301"):
    return [(text.index(code), text.index(code) + len(code))]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("payhub said 4301", 7),
        ("contoso said 4301", 0),
        ("acme said 4301", 6),
        ("acme" + " x" * 40 + " 4301", 4),
        ("payhub" + " x" * 40 + " 4301", 5),
        ("payhub" + " x" * 100 + " 4301", 3),
        ("payhub\n4301", 3),
        ("4301 of payhub", 5),
        ("payhub" + "\n" * 200 + "4301", 2),
        ("Pay Hub Gateway: 4301", 7),
        ("4301", 0),
    ],
)
def test_a_label_says_most_and_a_curators_word_a_little_more_than_a_name(text, score):
    assert clues(text, {1: "PayHub, pay hub\ngateway"}).score(1, span(text), text) == score


@pytest.mark.parametrize(
    ("text", "is_foreign"),
    [
        ("[WinError 4301] refused", True),
        ("[Errno 4301] refused", True),
        ("errno 4301", False),
        ("Error Domain=AcmeVeryLongNetworkErrorDomain Code=4301", True),
        ("Error Domain=" + "x" * 60 + " Code=4301", False),
        ("twilio answered 4301", True),
        ("twilio answered\n4301", False),
        ("twilio" + " x" * 20 + " 4301", False),
        ("4301 from twilio", False),
        ("acme pay 4301", False),
    ],
)
def test_the_label_of_another_vendor_is_foreign(text, is_foreign):
    assert clues(text).are_foreign([1], span(text), text) is is_foreign


def test_a_label_is_foreign_only_at_every_place_and_to_every_table():
    text = "twilio 4301 and then 4301"
    places = [(7, 11), (21, 25)]
    names = NAMES | {3: "Twilio Messaging twilio Codes", 4: "Microsoft Windows win32 System errors"}
    assert clues(text).are_foreign([1], places[:1], text)
    far = f"twilio 4301{' x' * 30} 4301"
    assert not clues(far).are_foreign([1], [(7, 11), (len(far) - 4, len(far))], far)
    assert not clues(text, names=names).are_foreign([1, 3], places, text)
    windows = "[WinError 4301]"
    assert not clues(windows, names=names).are_foreign([4], [(10, 14)], windows)


def test_a_curator_may_give_a_table_the_words_of_another_vendor():
    text = "twilio answered 4301"
    assert not clues(text, {1: "twilio"}).are_foreign([1], span(text), text)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("payhub failed: 4301", True),
        ("payhub failed: 4301, then stopped", True),
        ('payhub failed "4301"', True),
        ("payhub failed 4301 times", False),
        ("payhub: 4301", False),
        ("acme failed: 4301", False),
        ("payhub failed" + " x" * 20 + ": 4301", False),
        ("payhub failed\n4301", False),
    ],
)
def test_a_curators_word_before_a_number_names_it_on_a_line_about_a_failure(text, is_named):
    assert clues(text, {1: "payhub"}).are_named([1], span(text), text) is is_named
    assert clues(text).are_named([1], span(text), text) is False


def test_words_are_proposed_from_names_and_family_own_ones_first():
    proposals = proposed_words("Twilio Messaging twilio Error codes", "TwiML, x")
    assert proposals[:2] == ["messaging", "twilio"]
    assert "sendgrid" in proposals
    assert "twiml" not in proposals
    assert "codes" not in proposals


@pytest.mark.parametrize(
    ("name", "family"),
    [("Microsoft Windows", "windows"), ("Microsoft Win32 errors", "windows"), ("GNU POSIX", "linux"), ("Acme", None)],
)
def test_a_table_has_a_family_by_its_names(name, family):
    assert families(name) == (frozenset([family]) if family else frozenset())
