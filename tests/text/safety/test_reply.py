"""Problems of a reply to a customer."""

import pytest

from kb.text.safety.reply import addresses, problems, titles_in
from tests.work import grows_faster_than_the_text


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Please look at {code} of {date}, and at https://docs.example.com/rooms?id=1.",
        'Send {"code": 1, "room": {}} to https://api.example.com/v1/.',
        "Use version 2.16.0 and e.g. this. Or that.",
        "Write to 8.8.8.8 or [2001:4860:4860::8888].",
        "Local time; the corp. The internal state. Localhosts.",
        "Mail support@example.com.",
        "See status.example.com/incidents and example.local.com",
        "//retry and // a.b, and/or 1//2, https://docs.example.com//a.corp/",
    ],
)
def test_a_plain_reply_has_no_problems(reply):
    assert problems(reply, public_emails=["Support@example.com"]) == []


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("Dear {name}, {code}", "{name} is not a known placeholder (allowed: {code} and {date})."),
        ("{Code} { datum }", "{Code}, {datum} is not a known placeholder"),
        ("http://localhost:8000/x", "localhost is an internal host"),
        ("run it on localhost", "localhost is an internal host"),
        ("https://user:secret@10.1.2.3/", "10.1.2.3 is an internal host"),
        ("at 192.168.0.7.", "192.168.0.7 is an internal host"),
        ("http://[::1]/", "::1 is an internal host"),
        ("http://[fe80::1]:80/", "fe80::1 is an internal host"),
        ("ftp://files.acme.corp.", "files.acme.corp is an internal host"),
        ("wiki.acme.internal/page", "wiki.acme.internal is an internal host"),
        ("[here](http://jira/browse/X-1)", "jira is an internal host"),
        ("http://2130706433/", "2130706433 is an internal host"),
        ("ＨＴＴＰ://printer.ｌｏｃａｌ/", "printer.local is an internal host"),
        ("https://jira.example.com/browse/X-1", "jira.example.com is an internal host"),
        ("jira.example.com", "jira.example.com is an internal host"),
        ("see //jira.example.com/x", "jira.example.com is an internal host"),
        ("(///wiki.corp)", "wiki.corp is an internal host"),
        ("https:///wiki.corp/x", "wiki.corp is an internal host"),
        ("https:/wiki.corp/x", "wiki.corp is an internal host"),
        ("https:\\\\wiki.corp\\x", "wiki.corp is an internal host"),
        ("https:wiki.corp/x", "wiki.corp is an internal host"),
        ("/\\10.1.2.3/x", "10.1.2.3 is an internal host"),
        ("／／wiki.corp", "wiki.corp is an internal host"),
        ("//[fe80::1]/", "fe80::1 is an internal host"),
        ("http://[broken", "is an internal host"),
        ("ask bob@example.com or Jane.Doe+x@mail.example.co.uk", "bob@example.com, Jane.Doe+x@mail.example.co.uk is"),
        ("mailto:bob@example.com", "bob@example.com is an e-mail address that is not public (none is published)."),
        (" ".join(f"{{a{n}}}" for n in range(9)), "{a4} and 4 more is not a known placeholder"),
    ],
)
def test_a_problem_names_the_words_and_the_rule(reply, problem):
    assert problem in " ".join(problems(reply, internal_hosts=["*.jira.example.com"]))


def test_addresses_as_people_write_them():
    text = "(https://a.example.com/1). b.example.com/2, <http://c.example.com/3> [x](https://d.example.com/4) 5/6"
    assert addresses(text) == [
        "https://a.example.com/1",
        "http://c.example.com/3",
        "https://d.example.com/4",
        "https://b.example.com/2",
    ]


def test_titles_in_any_case_and_spacing():
    assert titles_in("We know: the ROOM is\n gone  for good.", ["Room is gone for good", "Room is here"]) == [
        "Room is gone for good"
    ]


@pytest.mark.parametrize("part", ["a.", "a@", "{", "http://", "a.b/", "1.", "-"])
def test_the_work_grows_no_faster_than_a_hostile_reply(part):
    for read in (problems, addresses, lambda reply: titles_in(reply, ["a"])):
        assert not grows_faster_than_the_text(read, part)
