"""Whether a number of look-ups is unusual for one code, by median and deviation, which one wild day does not move."""

from collections.abc import Sequence
from statistics import median

LEAST = 10
"""Look-ups from which on a day can be a spike: three instead of none is chance."""

_Z = 3.5
_TO_SIGMA = 0.6745
"""The usual constants of the robust z-score: the median absolute deviation times 1.48 is a standard deviation."""


def usual_if_spike(today: int, before: Sequence[int]) -> int | None:
    """Return the usual number of look-ups if today's is far above it, else None.

    A code with equal look-ups each day has no deviation: one look-up, or a tenth of the usual, counts as chance then.
    """
    if today < LEAST or not before:
        return None
    usual = median(before)
    deviation = median(abs(number - usual) for number in before)
    score = _TO_SIGMA * (today - usual) / max(deviation, 1, usual / 10)
    return round(usual) if score > _Z else None
