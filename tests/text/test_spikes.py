"""When a number of look-ups is unusual."""

import pytest

from kb.text.spikes import usual_if_spike

QUIET, STEADY, BUSY = [0] * 14, [4] * 14, [95, 110, 102, 99, 87, 105, 93, 108, 101, 97, 103, 100, 96, 104]


@pytest.mark.parametrize(
    ("today", "before", "usual"),
    [
        (86, [3, 2, 4, 3, 5, 2, 3, 4, 3, 2, 3, 4, 3, 3], 3),
        (10, QUIET, 0),
        (9, QUIET, None),
        (10, STEADY, 4),
        (9, STEADY, None),
        (130, BUSY, None),
        (170, BUSY, 100),
        # A wild day before does not hide today's.
        (86, [3, 2, 900, 3, 5, 2, 3, 4, 3, 2, 3, 4, 3, 3], 3),
        (12, [0, 20, 0, 18, 0, 25, 0, 19, 0, 22, 0, 17, 0, 30], None),
        (1000, [], None),
    ],
)
def test_a_spike_is_far_above_its_own_fortnight(today, before, usual):
    assert usual_if_spike(today, before) == usual
