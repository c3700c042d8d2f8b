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


@given(st.lists(st.text("xyz", min_size=1, max_size=5), min_size=1, max_size=8), st.data())
@settings(max_examples=60, deadline=None)
def test_edits_of_different_lines_are_never_lost(lines, data):
    base = [f"{n} {line}" for n, line in enumerate(lines)]
    place = data.draw(st.integers(0, len(base) - 1))
    theirs = [*base[:place], "THEIRS", *base[place + 1 :]]
    mine = [*base, "MINE"] if place < len(base) - 1 else ["MINE", *base]
    woven = weave("\n".join(base) + "\n", "\n".join(theirs) + "\n", "\n".join(mine) + "\n")
    if len(base) > 1:
        assert woven is not None
        assert {"THEIRS", "MINE"} <= set(woven.splitlines())


def test_the_longest_texts_that_are_merged():
    """1,000 lines against 1,000 are compared; one more is a conflict, and so are longer lines."""
    base = "".join(f"{n}\n" for n in range(1_000))
    theirs, mine = base.replace("500\n", "their 500\n"), base.replace("10\n", "my 10\n", 1)
    assert weave(base, theirs, mine) == theirs.replace("10\n", "my 10\n", 1)
    assert weave(base, f"{theirs}1000\n", mine) is None
    assert weave(base, theirs, f"{mine}1000\n") is None
    assert weave("x " * 50_000, "x " * 50_000 + "theirs", "mine" + "x " * 50_000) is None
