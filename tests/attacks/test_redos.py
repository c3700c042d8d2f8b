"""Texts that make a regular expression, or a parser built of them, run forever."""

import contextlib
import gc
import importlib
import time

import pytest

from kb.searching import tokenizer
from kb.text.codes import disposition
from kb.text.codes.cells import several_codes, tidy
from kb.text.codes.forms import bare, identity, one_edit_variants, readings
from kb.text.detection.candidates import candidates
from kb.text.safety import markdown, mask
from kb.text.trackers import MAX_BYTES, NotALink, read_address
from tests.attacks import patterns

FOUND = list(patterns.calls())
LONG = 6_000
SHORTER = {
    # The texts that these patterns see are cut first, to so many characters.
    "kb.text.trackers._COMPILED": MAX_BYTES,
    "kb.text.codes.disposition._CUES": 4_000,
    r"[^\x00-\x7f\s：、，。「『（]*\Z": 6,
    r"[\s:：#\"'（(是为為はが=「【\[]+\Z": 16,
}
ANCHORED = {"kb.text.trackers._COMPILED"}
MADE_LATER = {
    "kb.importing.reading.markup": 1,
    "kb.text.codes.disposition": 1,
    "kb.text.safety.mask": 1,
    "kb.text.trackers": 2,
}
"""Calls with a pattern that a function makes: of names of tags, and of tables that the module has."""


def every_pattern():
    """Return each pattern of the product: where it is, how it is tried, and the longest text it is tried on."""
    found = {}
    for module, call in FOUND:
        if pattern := patterns.pattern_of(module, call):
            tried = pattern.match if patterns.is_anchored(module, call) else pattern.search
            found.setdefault(pattern, (f"{module}:{call.lineno}", tried))
    for module in {module for module, _ in FOUND}:
        for name, value in vars(importlib.import_module(module)).items():
            for pattern in patterns.kept_in(value):
                tried = pattern.match if f"{module}.{name}" in ANCHORED else pattern.search
                found.setdefault(pattern, (f"{module}.{name}", tried))
    for pattern, (where, tried) in found.items():
        yield pattern, where, tried, SHORTER.get(where, SHORTER.get(pattern.pattern, LONG))


def seconds(work, *given):
    """Return the processor time of one call. A garbage collection would measure the heap of the whole suite instead."""
    gc.disable()
    try:
        start = time.process_time()
        work(*given)
        return time.process_time() - start
    finally:
        gc.enable()


def slowest(pattern, tried, longest):
    """Return what a pattern takes too long for; None where there is nothing.

    What grows with every letter shows in 20 of them already, before it could stop the test.
    """
    for before, pump, end in patterns.attacks(pattern):
        for size in (20, 400, longest):
            text = before + pump * max((size - len(before)) // len(pump), 1) + end
            text = text.encode() if isinstance(pattern.pattern, bytes) else text
            if seconds(tried, text) > 0.02 and seconds(tried, text) > 0.02:
                return before, pump, end, size
    return None


def test_every_pattern_takes_time_in_proportion_to_the_text():
    everything = list(every_pattern())
    assert len(everything) > 150
    found = {where: slowest(pattern, tried, longest) for pattern, where, tried, longest in everything}
    assert {where: text for where, text in found.items() if text} == {}


def test_every_pattern_of_the_product_is_checked():
    unseen = [module for module, call in FOUND if patterns.pattern_of(module, call) is None]
    assert {module: unseen.count(module) for module in unseen} == MADE_LATER


@pytest.mark.parametrize("bad", [r"(a+)+$", r"(a|a)*$", r"(\w+\s?)*:", r"\s+$", r"(.*)(.*)x", r"^(\d+)*[.]"])
def test_a_bad_pattern_is_caught(bad):
    pattern = patterns.re.compile(bad)
    # Of the worst ones 20 letters are enough; more would never end.
    assert slowest(pattern, pattern.search, LONG)


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


def texts(size):
    for unit in UNITS:
        yield unit, (unit * (size // len(unit) + 1))[:size]


# What reads a text that anybody may send, and how many seconds of a processor a megabyte may take.
READERS = {
    "mask": (mask.mask, 4),
    "candidates of a pasted text": (candidates, 6),
    "a code's form": (identity, 3),
    "a code's other readings": (lambda text: readings(text[:100_000]), 3),
    "a number in groups": (lambda text: bare(text[:100_000]), 3),
    "a code's near ones": (lambda text: one_edit_variants(text[:100_000]), 3),
    "Markdown": (markdown.render, 12),
    "words of a query": (lambda text: list(tokenizer.words_in(tokenizer.fold(text))), 3),
    "a cell": (lambda text: (tidy(text, True), several_codes(text)), 1),
    "codes in a cell": (lambda text: [several_codes(text[:2_000]) for _ in range(50)], 1),
    "what to do": (lambda text: disposition.derive_disposition.__wrapped__(text), 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_megabyte_of_anything_is_read_in_bounded_time(name):
    read, most = READERS[name]
    # First a hundredth of it, which tells the worst, and stops what would take for ever.
    suspect, unit = max((seconds(read, text), unit) for unit, text in texts(10_000))
    assert suspect < most / 20, unit
    assert seconds(read, (unit * (1_000_000 // len(unit)))[:1_000_000]) < most, unit


def test_an_address_of_any_kind_is_read_at_once():
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

            assert seconds(read) < 0.2, (host, unit)
