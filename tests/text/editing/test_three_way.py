"""Which of three texts is used after the vendor publishes again."""

import pytest

from kb.text.editing.three_way import three_way


@pytest.mark.parametrize(
    ("before", "theirs", "ours", "outcome"),
    [
        ("a", "a", "a", "ours"),
        ("a", "a", "b", "ours"),
        ("a", "a", "", "ours"),
        ("a", "b", "a", "theirs"),
        ("a", "b", "b", "theirs"),
        ("a", "", "a", "theirs"),
        ("", "b", "", "theirs"),
        ("a", "b", "c", "conflict"),
        ("a", "", "c", "conflict"),
        ("a", "b", "", "conflict"),
        ("", "b", "c", "conflict"),
    ],
)
def test_a_text_that_one_side_changed_is_that_sides_and_one_that_both_changed_is_a_conflict(
    before, theirs, ours, outcome
):
    assert three_way(before, theirs, ours) == outcome
