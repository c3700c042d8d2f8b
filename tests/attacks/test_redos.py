"""Texts that make a regular expression, or a parser built of them, run forever."""

import contextlib
import importlib
import math
import re

import pytest

from kb.searching import tokenizer
from kb.text.codes import disposition
from kb.text.codes.cells import several_codes, tidy
from kb.text.codes.forms import MAX_LENGTH, bare, identity, one_edit_variants, readings
from kb.text.detection.candidates import candidates
from kb.text.safety import markdown, mask, reply
from kb.text.trackers import MAX_BYTES, NotALink, read_address
from tests.attacks import patterns
from tests.attacks.steps import Steps, TooManySteps
from tests.work import grows_faster_than_the_text, work

pytestmark = pytest.mark.wide

CALLS = list(patterns.calls())
LONG = 6_000
SHORTER = {
    # The texts that these patterns see are cut first, to so many characters.
    "kb.text.trackers._COMPILED": MAX_BYTES,
    "kb.text.codes.disposition._CUES": 4_000,
    r"[^\x00-\x7f\s：、，。「『（]*\Z": 6,
    r"[\s:：#\"'（(是为為はが=「【\[]+\Z": 16,
    r"\S*\d\S*": MAX_LENGTH,
    r"[A-Z][A-Za-z]*[a-z][A-Za-z]*\s?[(\[]\Z": 64,
}
WHOLE = {"kb.text.trackers._COMPILED"}
MADE_LATER = {
    "kb.api.framework.filters": 1,
    "kb.importing.reading.formats.html_tags": 1,
    "kb.text.codes.disposition": 1,
    "kb.text.codes.part_kinds": 1,
    "kb.text.detection.tables": 2,
    "kb.text.safety.rules": 1,
    "kb.text.trackers": 2,
}
"""Calls with a pattern that a function or a loop makes: of names of tags, of the words of a question (what stands
between two of them ends with the next), and of what the module has."""


def every_pattern():
    """Return each pattern of the product: where it is, how it is tried, and the longest text it is tried on."""
    patterns_by_place = {}
    for module, call in CALLS:
        if pattern := patterns.pattern_of(module, call):
            patterns_by_place.setdefault(pattern, (f"{module}:{call.lineno}", patterns.way_of(module, call)))
    for module in {module for module, _ in CALLS}:
        for name, value in vars(importlib.import_module(module)).items():
            for pattern in patterns.kept_in(value):
                where = f"{module}.{name}"
                patterns_by_place.setdefault(pattern, (where, "fullmatch" if where in WHOLE else "search"))
    for pattern, (where, way) in patterns_by_place.items():
        yield pattern, where, way, SHORTER.get(where, SHORTER.get(pattern.pattern, LONG))


def steps_in(steps, text, way):
    """Return the number of steps in a text, or infinity for very many."""
    try:
        steps.spans(text, is_anchored=way != "search", most=200 * len(text) + 4_000)
    except TooManySteps:
        return math.inf
    return steps.count


def worst_text(pattern, way, longest):
    """Return a text, in parts, that takes a pattern far more than twice the steps when it is twice as long; or None.

    A short text tells most patterns. A part that may repeat up to a limit grows like this until the text is longer.
    """
    steps = Steps(pattern, to_the_end=way == "fullmatch")

    def grows(before, pump, end, size):
        times = max((size - len(before)) // len(pump), 1)
        short, long = (steps_in(steps, before + pump * n + end, way) for n in (times, 2 * times))
        return long == math.inf or long > 2.1 * short + 30

    sizes = [24, 400, longest // 2] if longest > 100 else []
    for text in sorted(patterns.attacks(pattern)):
        if sizes and all(grows(*text, size) for size in sizes):
            return text
    return None


def test_every_pattern_takes_steps_in_proportion_to_the_text():
    everything = list(every_pattern())
    assert len(everything) > 150
    worst = {where: worst_text(pattern, way, longest) for pattern, where, way, longest in everything}
    assert {where: text for where, text in worst.items() if text} == {}


def test_every_pattern_of_the_product_is_checked():
    unseen = [module for module, call in CALLS if patterns.pattern_of(module, call) is None]
    assert {module: unseen.count(module) for module in unseen} == MADE_LATER


BAD = [
    *(
        r"(a+)+$",
        r"(a|a)*$",
        r"(\w+\s?)*:",
        r"\s+$",
        r"(.*)(.*)x",
        r"^(\d+)*[.]",
        r"a+?b",
        r"(?:a(?=.*b))+",
        r"(a*)\1c",
    ),
    *(r"(a*)\1c", r"\ba[a-]+x", r"(?:ab?)*?c", r"x*+.*x*+y", r"[a-f]{0,4000}g"),
]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_pattern_is_caught(bad):
    assert worst_text(re.compile(bad), "search", 1_000)


@pytest.mark.parametrize("good", [r"(?<!a)a++b", r"(?<!a)(?>a+)b", r"\d{1,9}x", r"(?:a|b)c", r"[a-f]{0,40}g"])
def test_a_good_pattern_is_not_caught(good):
    assert worst_text(re.compile(good), "search", LONG) is None


def test_a_pattern_that_must_reach_the_end_is_tried_to_the_end():
    assert worst_text(re.compile("(?:a|aa)+"), "match", 1_000) is None
    assert worst_text(re.compile("(?:a|aa)+"), "fullmatch", 1_000)


def test_steps_are_counted_on_the_way_that_re_takes():
    for pattern in {pattern for pattern, *_ in every_pattern()} | {re.compile(bad) for bad in BAD}:
        steps, is_bytes = Steps(pattern), isinstance(pattern.pattern, bytes)
        for before, pump, end in sorted(patterns.attacks(pattern))[::3]:
            text = before + pump * 3 + end
            match = pattern.search(text.encode() if is_bytes else text)
            text = text.encode().decode("latin-1") if is_bytes else text
            assert steps.spans(text)[:1] == ([match.span()] if match else []), (pattern, text)


UNITS = [
    *"a1 \n\t*_[(`<>|#&!-+.:/\\\"'{=",
    *(
        "中",
        "é",
        "\u202e",
        "0x",
        "code: ",
        '{"code": ',
        "660300001 ",
        "a@",
        "**a",
        "[a](",
        "![",
        "`` ",
        "* * ",
        "1. ",
        "> ",
    ),
    *(
        "<!--",
        "&#",
        "https://a.",
        "a b ",
        "(1 ",
        "+1 ",
        "ERR_",
        "| - ",
        "~~",
        "\n\n",
        "\\\n",
        "http://[",
        "www.a",
        "0X0",
    ),
    *("\x00", "aaaa bbbb ", "Ａ１", "ﷺ", "ß", "İ", "e\u0301", "\u0301"),
]


# What reads a text that anybody may send.
READERS = {
    "mask": mask.mask,
    "candidates of a pasted text": candidates,
    "a code's form": identity,
    "a code's other readings": readings,
    "a number in groups": bare,
    "a code's near ones": one_edit_variants,
    "Markdown": markdown.render,
    "words of a query": lambda text: list(tokenizer.words_in(tokenizer.fold(text))),
    "a cell": lambda text: (tidy(text, True), several_codes(text)),
    "what to do": lambda text: disposition.derive_disposition.__wrapped__(text),
    "a reply": lambda text: (reply.problems(text), reply.addresses(text)),
}


@pytest.mark.parametrize("name", READERS)
def test_the_work_of_a_reader_grows_no_faster_than_the_text(name):
    assert [unit for unit in UNITS if grows_faster_than_the_text(READERS[name], unit)] == []


def test_work_that_grows_faster_than_the_text_is_seen():
    def pairs(text):
        for at in range(len(text)):
            text[at:].strip()

    assert grows_faster_than_the_text(pairs, "a")
    assert not grows_faster_than_the_text(lambda text: [letter.upper() for letter in text], "a")


def test_the_work_for_an_address_of_any_kind_is_little():
    for unit in (*UNITS, "/a", "/-", "/a/projects/a/queues", "asys_id=a", "%41", "&a="):
        for host in (
            "acme.atlassian.net",
            "gitlab.example.com",
            "acme.service-now.com",
            "status.example.com",
            "-" * 60,
        ):
            address = f"https://{host}/{unit * (1_900 // len(unit))}"

            def read(address=address):
                with contextlib.suppress(NotALink):
                    read_address(address)

            assert work(read) < 20_000, (host, unit)
