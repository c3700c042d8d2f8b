"""Two people's edits of one text: merged if they do not touch, otherwise a conflict."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text.editing.merge_edits import weave

STEPS = "1. Ask for the RoomID.\n2. Check that the room is open.\n3. Try it again.\n"


@pytest.mark.parametrize(
    ("base", "theirs", "mine", "woven"),
    [
        (STEPS, STEPS.replace("Ask", "Beg"), STEPS.replace("Try", "Call"), "1. Beg for the RoomID.\n2. Check that"
         " the room is open.\n3. Call it again.\n"),
        ("a\nb\nc", "a\nb\nc\nd", "0\na\nb\nc", "0\na\nb\nc\nd"),
        ("a\nb\n", "b\n", "a\nb\nc\n", "b\nc\n"),
        ("one\ntwo\n", "uno\ntwo\n", "one\ndos\n", "uno\ndos\n"),
        ("first\n", "first\nsecond\n", "the first\n", "the first\nsecond\n"),
        ("Wait ten minutes, then call the room again.", "Wait five minutes, then call the room again.",
         "Wait ten minutes, then call the room twice.", "Wait five minutes, then call the room twice."),
        ("", "new", "", "new"),
        ("old", "", "old", ""),
        ("x", "same", "same", "same"),
    ],
)  # fmt: skip
def test_edits_of_different_places_are_merged(base, theirs, mine, woven):
    assert weave(base, theirs, mine) == woven
    assert weave(base, mine, theirs) == woven


@pytest.mark.parametrize(
    ("base", "theirs", "mine"),
    [
        ("", "theirs", "mine"),
        ("old", "theirs", "mine"),
        ("old", "", "mine"),
        ("a\nb\n", "a\nb\ntheirs\n", "a\nb\nmine\n"),
        ("Wait ten minutes.", "Wait five minutes.", "Wait ten seconds."),
        ("a\nb\nc\n", "c\n", "a\nmine\nc\n"),
        ("等待十分钟", "等待五分钟", "等待十秒钟"),
    ],
)
def test_edits_of_one_place_are_a_conflict(base, theirs, mine):
    assert weave(base, theirs, mine) is None
    assert weave(base, mine, theirs) is None


TEXT = st.text("ab \n", max_size=30)


@given(TEXT, TEXT)
@settings(max_examples=60, deadline=None)
def test_the_only_edit_is_the_result(base, edited):
    assert weave(base, edited, base) == edited
    assert weave(base, base, edited) == edited
    assert weave(base, edited, edited) == edited


@given(TEXT, TEXT, TEXT)
@settings(max_examples=60, deadline=None)
def test_it_does_not_matter_who_saved_first(base, theirs, mine):
    assert weave(base, theirs, mine) == weave(base, mine, theirs)


LINES = [f"line {n}\n" for n in range(9)]


def edited(edits, mark):
    """Return the text after one side's edits: by line, what the side did to it."""
    parts = []
    for n, line in enumerate(LINES):
        what = edits.get(n)
        parts += ["" if what in ("change", "remove") else line]
        parts += [f"{mark} at {n}\n"] if what in ("change", "insert") else []
    return "".join(parts)


WHAT = st.sampled_from(["change", "remove", "insert"])


@given(st.dictionaries(st.sampled_from(range(0, 9, 2)), st.tuples(st.booleans(), WHAT)))
@settings(max_examples=60, deadline=None)
def test_edits_with_a_line_between_them_are_all_in_the_result_whoever_made_them(edits):
    theirs = {n: what for n, (is_theirs, what) in edits.items() if is_theirs}
    mine = {n: what for n, (is_theirs, what) in edits.items() if not is_theirs}
    both = edited(theirs | mine, "new")
    assert weave("".join(LINES), edited(theirs, "new"), edited(mine, "new")) == both


EDITS = st.dictionaries(st.integers(0, 8), WHAT, max_size=5)


@given(EDITS, EDITS)
@settings(max_examples=150, deadline=None)
def test_a_merge_loses_no_addition_and_brings_back_no_removal_of_either_side(theirs, mine):
    woven = weave("".join(LINES), edited(theirs, "theirs"), edited(mine, "mine"))
    if woven is None:
        assert any(abs(a - b) <= 1 for a in theirs for b in mine), "only edits of one place are a conflict"
        return
    added = [f"{side} at {n}\n" for side, edits in (("theirs", theirs), ("mine", mine)) for n in edits
             if edits[n] != "remove"]  # fmt: skip
    kept = [line for n, line in enumerate(LINES) if theirs.get(n, "insert") == mine.get(n, "insert") == "insert"]
    assert sorted(woven.splitlines(keepends=True)) == sorted(kept + added)


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (dict.fromkeys(range(1, 7), "remove"), {2: "change"}),
        # The second edit lies inside what the other side removed, beyond the first one.
        (dict.fromkeys(range(1, 7), "remove"), {2: "change", 5: "change"}),
        (dict.fromkeys(range(1, 7), "remove"), {1: "remove", 6: "insert"}),
        ({3: "remove"}, {3: "change"}),
        ({3: "change"}, {3: "change"}),
        ({3: "insert"}, {3: "insert"}),
    ],
)
def test_a_removal_of_what_the_other_side_changed_is_a_conflict(theirs, mine):
    texts = edited(theirs, "theirs"), edited(mine, "mine")
    assert weave("".join(LINES), *texts) is None
    assert weave("".join(LINES), *reversed(texts)) is None


@pytest.mark.parametrize(
    ("between", "is_merged"),
    [("two", False), ("two three", False), ("two three four", True), ("two, - ; three", False), ("two\nthree", True)],
)
def test_edits_of_one_line_are_merged_with_three_unchanged_words_between_them(between, is_merged):
    base, theirs, mine = f"one {between} five", f"ONE {between} five", f"one {between} FIVE"
    assert weave(base, theirs, mine) == (f"ONE {between} FIVE" if is_merged else None)


@pytest.mark.parametrize("join", ["\n", ""])
@pytest.mark.parametrize("longer", [0, 1])
def test_texts_of_more_than_a_million_pairs_are_not_compared(join, longer):
    # As lines, and as the words of one line: each Chinese character is one.
    parts = [chr(0x4E00 + n) + join for n in range(1000)]
    theirs, mine = ["甲" + join, *parts[1:]], [*parts[:-1], "乙" + join]
    woven = weave("".join(parts), "".join(theirs), "".join(mine))
    assert woven == "".join(["甲" + join, *parts[1:-1], "乙" + join])
    sides = theirs, mine
    sides[longer].insert(500, "丙" + join)
    assert weave("".join(parts), "".join(theirs), "".join(mine)) is None
