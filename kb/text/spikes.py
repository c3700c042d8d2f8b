"""Whether a number of look-ups is unusual for one code.

It uses the median and the median deviation, because one extreme day does not change them.
"""

from collections.abc import Sequence
from statistics import median

LEAST = 10
"""Fewest look-ups of a spike, because three look-ups instead of none are chance."""

_Z = 3.5
_TO_SIGMA = 0.6745
"""The usual constants of the robust z-score: the median absolute deviation times 1.48 is a standard deviation."""


def usual_if_spike(today: int, before: Sequence[int]) -> int | None:
    """Return the usual number of look-ups if today's is far above it, else None.

    A code with equal look-ups each day has no deviation. Then one look-up, or a tenth of the usual number, replaces it.
    """
    if today < LEAST or not before:
        return None
    usual = median(before)
    deviation = median(abs(number - usual) for number in before)
    score = _TO_SIGMA * (today - usual) / max(deviation, 1, usual / 10)
    return round(usual) if score > _Z else None
