"""A proposal's changes on top of the live note."""

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
