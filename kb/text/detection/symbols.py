"""Symbols in a text that may be codes: `STATUS_ACCESS_VIOLATION`, `ECONNRESET`, `errors.UniqueViolation: ...`."""

import re
from collections.abc import Iterator

from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind

MAX_VALUES = 1_000
"""Most different symbols of a text."""

# The first character comes before what must not stand before it: so the matcher can skip all other characters.
_WORD = re.compile(
    r"[A-Za-z](?<![0-9A-Za-z_$\\/][A-Za-z])(?:(?<=[A-Z])(?:[A-Z0-9]*+(?:[_-][A-Z0-9]++)*_[A-Z0-9]++(?:-[A-Z0-9]++)*+"
    r"|(?:(?<=E)(?=[A-Z])|(?<=W)(?=SA))[A-Z]{4,}[0-9A-Z]*+|[a-z0-9]++(?:[A-Z][a-z0-9]++)++[A-Z]?+(?=[\"')\]]|:\s|:?$))"
    r"|(?<=[a-z])[a-z]*+(?:_[a-z0-9]++)++(?=[\"')\]]|:\s|:?$|\s(?:raised|error|exception|violation|occurred)\b))(?![0-9A-Za-z_$(=.\\]|[\"']\s?[:=])",
    re.MULTILINE,
)


_WORDS = frozenset(
    "ERROR ERRORS EXCEPTION EMERG EMERGENCY EVENT EVENTS ENTER EMAIL ENABLED ENABLE EXPECTED EXECUTE".split()
)
"""Words in capitals that begin like the symbols of operating systems."""


def symbols(text: str, stop: int) -> Iterator[Candidate]:
    """Yield the words in the form of symbols in `text[:stop]`."""
    values: set[str] = set()
    for match in _WORD.finditer(text, 0, stop):
        value = match[0]
        if value in _WORDS or len(value) > 64 or (value not in values and len(values) >= MAX_VALUES):
            continue
        values.add(value)
        yield Candidate(match.start(), match.end(), value, "", CandidateKind.SYMBOL, STRENGTH[CandidateKind.SYMBOL])
