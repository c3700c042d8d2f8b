"""No regular expression of the product can be made to take long: each meets texts made of what it looks for."""

import ast
import importlib
import itertools
import re
import time
from pathlib import Path
from re import _constants as kinds
from re import _parser as parser

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = {"compile", "sub", "subn", "match", "search", "fullmatch", "findall", "finditer", "split"}
LONG = 10_000
SECONDS = 0.2
"""A pattern whose time grows with the text takes a millisecond for a text of that length, any other takes seconds."""

MADE_WHEN_CALLED = {
    "kb.importing.markup": "the name of an element, letters and digits alone",
    "kb.searching.words": "two sets of characters, one or more of each",
}
"""Modules that make a pattern of other texts inside a function, and what of."""

SHORT = {"kb.text.cell": 2000, "kb.text.surroundings": 72, "kb.text.candidate": 200}
"""Modules whose patterns meet no longer text than this: a cell that may list codes, what stands around a number."""

BEGINNINGS = {"kb.text.tracker"}
"""Modules with lists of patterns that are asked at the beginning of a text alone."""


def calls(source):
    """Yield (the first argument, how what it makes is asked) for each call of `re` in a module."""
    tree = ast.parse(source)
    named = {id(one.value): getattr(one.targets[0], "id", "-") for one in tree.body if isinstance(one, ast.Assign)}
    for node in ast.walk(tree):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS
        if is_call and getattr(node.func.value, "id", "") == "re":
            asked = {node.func.attr}
            if asked == {"compile"}:
                asked = set(re.findall(rf"\b{named.get(id(node), '-')}\.([a-z]+)\(", source)) or {"search"}
            yield node.args[0], asked


def compiled(thing, depth=3):
    """Yield the patterns in a module's value."""
    if isinstance(thing, re.Pattern):
        yield thing
    elif depth and isinstance(thing, (list, tuple)):
        for one in thing:
            yield from compiled(one, depth - 1)


def found():
    """Return (where it stands, whether it looks at the beginning alone) by pattern, and who makes some when called."""
    patterns, made = {}, set()
    for path in sorted([*ROOT.glob("kb/**/*.py"), *ROOT.glob("config/**/*.py")]):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        source = path.read_text(encoding="utf-8")
        for first, asked in calls(source):
            place = (name, asked <= {"match", "fullmatch"} or name in BEGINNINGS)
            if isinstance(first, ast.Constant):
                patterns.setdefault(text_of(first.value), place)
                continue
            if name in MADE_WHEN_CALLED:
                made.add(name)
                continue
            for value in vars(importlib.import_module(name)).values():
                for one in compiled(value):
                    patterns.setdefault(text_of(one.pattern), place)
    return patterns, made


def text_of(pattern):
    return pattern if isinstance(pattern, str) else pattern.decode("latin-1")


PATTERNS, MADE = found()


def characters(tree):
    """Yield a character for each thing that a parsed pattern looks for."""
    for kind, value in tree:
        if kind in (kinds.LITERAL, kinds.NOT_LITERAL):
            yield chr(value) if kind is kinds.LITERAL else "a"
        elif kind is kinds.IN:
            yield from of_set(value)
        elif kind is kinds.ANY:
            yield "a"
        elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
            yield from characters(value[2])
        elif kind is kinds.BRANCH:
            yield from itertools.chain.from_iterable(characters(branch) for branch in value[1])
        elif kind in (kinds.SUBPATTERN, kinds.ASSERT, kinds.ASSERT_NOT, kinds.ATOMIC_GROUP):
            yield from characters(value[-1] if kind is not kinds.ATOMIC_GROUP else value)


CATEGORIES = {kinds.CATEGORY_DIGIT: "1", kinds.CATEGORY_SPACE: " ", kinds.CATEGORY_WORD: "a"}


def of_set(members):
    for kind, value in members:
        if kind is kinds.LITERAL:
            yield chr(value)
        elif kind is kinds.RANGE:
            yield chr(value[0])
        elif kind is kinds.CATEGORY:
            yield CATEGORIES.get(value, ".")
        elif kind is kinds.NEGATE:
            yield "a"


def literals(tree):
    """Yield the words that stand in a pattern, for texts that repeat its beginning."""
    word = ""
    for kind, value in tree:
        if kind is kinds.LITERAL:
            word += chr(value)
            continue
        if len(word) > 1:
            yield word
        word = ""
        if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.SUBPATTERN, kinds.POSSESSIVE_REPEAT):
            yield from literals(value[-1])
        elif kind is kinds.BRANCH:
            yield from itertools.chain.from_iterable(literals(branch) for branch in value[1])
    if len(word) > 1:
        yield word


def hostile(pattern):
    """Return what to repeat: each character that the pattern looks for, pairs of them, and its words."""
    tree = parser.parse(pattern)
    several = list(dict.fromkeys(characters(tree)))[:6]
    words = list(dict.fromkeys(literals(tree)))[:5]
    return [*several, *map("".join, itertools.permutations(several, 2)), *words, *(w + " " for w in words)]


@pytest.mark.parametrize("pattern", PATTERNS, ids=range(len(PATTERNS)))
def test_time_grows_with_the_text_only(pattern):
    where, is_beginning = PATTERNS[pattern]
    ready = re.compile(pattern)
    for piece in hostile(pattern):
        for length in (20, 28, 200, SHORT.get(where, LONG)):
            text = (piece * length)[:length] + "\x01"
            began = time.process_time()
            if is_beginning:
                ready.match(text), ready.fullmatch(text)
            else:
                ready.sub("", text)
            took = time.process_time() - began
            assert took < SECONDS, f"{where}: {pattern!r} takes {took:.1f} s on {piece!r} × {length}"


def test_every_pattern_is_looked_at():
    assert len(PATTERNS) > 90
    assert set(MADE_WHEN_CALLED) == MADE
