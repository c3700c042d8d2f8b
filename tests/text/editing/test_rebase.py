"""A proposal's changes on top of the live note."""

from itertools import product

import pytest

from kb.text.editing.rebase import rebase


@pytest.mark.parametrize(
    ("base", "live", "mine", "words", "conflicts"),
    [
        ("a", "a", "b", "b", []),
        ("a", "b", "a", "b", []),
        ("a", "b", "b", "b", []),
        ("a", "b", "c", "c", ["cause"]),
        ("", "theirs", "mine", "mine", ["cause"]),
        ("one\n\ntwo\n\nthree", "ONE\n\ntwo\n\nthree", "one\n\ntwo\n\nTHREE", "ONE\n\ntwo\n\nTHREE", []),
        ("public", "internal", "public", "internal", []),
        ([1], [1, 2], [1, 3], [1, 2, 3], []),
        ([1, 2], [1], [1, 2, 3], [1, 3], []),
        ([1, 2], [1, 2, 4], [2], [2, 4], []),
        ([1], [], [], [], []),
    ],
)
def test_both_changes_stay_and_conflicts_are_named(base, live, mine, words, conflicts):
    result = rebase({"cause": base}, {"cause": live}, {"cause": mine})
    assert (result.words["cause"], result.conflicts) == (words, conflicts)


# A link is in the base, in the live note, in the proposal: whoever changed it decides.
SIDES = list(product([True, False], repeat=3))


def test_a_link_that_either_side_removed_stays_removed_and_one_that_either_added_stays():
    base, live, mine = ([n for n, sides in enumerate(SIDES) if sides[place]] for place in range(3))
    result = rebase({"codes": base}, {"codes": live}, {"codes": mine})
    assert (result.words["codes"], result.conflicts) == (
        [n for n, (was, now, proposed) in enumerate(SIDES) if (proposed if proposed != was else now)],
        [],
    )


def test_fields_are_merged_apart_and_only_those_of_the_proposal():
    base = {"title": "a", "cause": "x", "codes": [1]}
    live = {"title": "b", "cause": "y", "codes": [1, 2], "issue": "Not proposed."}
    result = rebase(base, live, {"title": "a", "cause": "z", "codes": [1]})
    assert result == ({"title": "b", "cause": "z", "codes": [1, 2]}, ["cause"])
