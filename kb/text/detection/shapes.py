"""Codes without a label: in a form that only codes have (`ORA-00942`), or numbers of six digits or more."""

import re
from collections.abc import Iterator
from pathlib import Path

from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind
from kb.text.word_lists import WordFile, one_of

_PREFIXES = [
    prefix.lower()
    for prefix in WordFile(Path(__file__).parent / "words" / "shapes.toml").exact("prefixes")
    if len(prefix) > 2 and not prefix.startswith("ERR")
]

_SHAPE = re.compile(
    r"[0-9A-Z０-９](?:(?<=[0-9０-９])[0-9０-９]{5,}+|(?<=0)[xX][0-9a-fA-F]{4,16}+(?![0-9A-Za-z_])"
    r"|(?<=[A-Z])[A-Z]{1,7}+-(?=[OoIl]{0,3}[0-9])[0-9OoIl]{3,6}+(?:-[0-9]{1,3}+)?(?![0-9A-Za-z_-]))"
)
_LOWER = re.compile(
    rf"(?<![A-Za-z0-9_./-])(?:[a-z]{{2,4}}-[0-9]{{3,6}}(?:-[0-9]{{1,3}})?"
    rf"|(?i:{one_of(_PREFIXES)})[ ][0-9]{{3,5}})(?![0-9A-Za-z_-]|[.,][0-9])"
)
"""Codes with a prefix as people type them: `ora-942`, `ora 942`."""

_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])\Z")


def code_shapes(text: str, stop: int) -> Iterator[Candidate]:
    """Yield the codes without a label in `text[:stop]`."""
    for match in _LOWER.finditer(text, 0, stop):
        yield Candidate(match.start(), match.end(), match[0], "", CandidateKind.SHAPE, STRENGTH[CandidateKind.SHAPE])
    for match in _SHAPE.finditer(text, 0, stop):
        start, end = match.span()
        before, value = text[start - 1 : start], match[0]
        if before.isalnum() and before.isascii():
            continue
        if not value.isdigit():
            if before != "-" and before != ".":
                yield Candidate(start, end, value, "", CandidateKind.SHAPE, STRENGTH[CandidateKind.SHAPE])
        elif end - start <= 10 and _may_be_bare(text, start, end, before):
            strength = STRENGTH[CandidateKind.BARE] if end - start >= 9 else 0.6
            yield Candidate(start, end, value, "", CandidateKind.BARE, strength)


def _may_be_bare(text: str, start: int, end: int, before: str) -> bool:
    """Whether a number stands alone: not in a word, an amount, a telephone number, a date or a time."""
    after = text[end : end + 1]
    if (after.isalnum() and after.isascii()) or after in ("_", "%", "@") or before in ("+", "$", "€", "£", "¥", "."):
        return False
    value, length = text[start:end], end - start
    if value[0] in "0０" or (length == 10 and value[0] in "12"):
        return False  # a phone number; seconds since 1970
    if length == 8 and _DATE.match(value):
        return False
    if after in (".", ",", "-", "/", ":") and text[end + 1 : end + 2].isdigit():
        return False
    return not (before in ("-", "/", ",", ":") and text[start - 2 : start - 1].isdigit())
