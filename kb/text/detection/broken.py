"""Codes in pieces, as scans and mails have them: `66O3 000 01`, `0x8024 0034`, `CE - 34878 - 0`, also over two lines.

The pieces are only joined for a code that is known. A piece that is a code by itself stays one.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence

from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind

TENTATIVE = (CandidateKind.BROKEN, CandidateKind.SUB_STATUS, CandidateKind.PHRASE)
"""Kinds that may overlap other candidates: they count only where they are a known code."""

_GAP = r"(?:[ ]|[ \t]?\r?\n[ \t]{0,8})"
_PIECE = re.compile(rf"{_GAP}[0-9OoIlSB]{{1,9}}+(?![0-9A-Za-z_]|[-:./,][0-9])")
_HEXADECIMAL_PIECE = re.compile(rf"{_GAP}[0-9A-Fa-fOoIlS]{{1,7}}+(?![0-9A-Za-z_])")
_HEXADECIMAL = re.compile(r"[0OoQ](?<![0-9A-Za-z_][0OoQ])[xX](?=[48CcDdEeB])[0-9A-Fa-fOoIlS]{1,7}+(?![0-9A-Za-z_])")
_DIGITS = re.compile(r"-?[0-9OoIlSB]{1,9}\Z")
_HYPHEN = "(?:-[ ]?|[ ]-[ ])"
_PREFIXED = re.compile(
    rf"[A-Z0158](?<![0-9A-Za-z_-][A-Z0158])[A-Z0158]{{1,4}}+{_HYPHEN}[0-9OoIl]{{3,6}}+"
    rf"(?:{_HYPHEN}[0-9OoIl]{{1,3}}+)?(?![0-9A-Za-z_-])"
)
_GROUPS = re.compile(r"[0-9OIl](?<![0-9A-Za-z_-][0-9OIl])[0-9OIl]{3}-[0-9OIl]{4}(?![0-9A-Za-z_-])")
_MAX_PIECES = 3
_LABELLED = (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.SAID)


def broken_codes(text: str, stop: int, labelled: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the joined pieces behind a label or `0x`, and codes with spaces around their hyphens, in `text[:stop]`."""
    for first in labelled:
        if first.kind in _LABELLED and _DIGITS.match(first.written):
            yield from _joined(text, first.start, _ends(text, first.end, _PIECE), range(5, 13), first.label)
    for match in _HEXADECIMAL.finditer(text, 0, stop):
        size = len("0x00000000")
        yield from _joined(text, match.start(), _ends(text, match.end(), _HEXADECIMAL_PIECE), range(size, size + 1))
    for match in _GROUPS.finditer(text, 0, stop):
        if 4 <= sum(sign.isdigit() for sign in match[0]) < len("00000000"):
            yield _candidate(text, *match.span())
    for match in _PREFIXED.finditer(text, 0, stop):
        prefix = match[0].partition("-")[0].strip()
        if not prefix.isdigit() and (" " in match[0] or not prefix.isalpha()):
            yield _candidate(text, *match.span())


def _joined(text: str, start: int, ends: Iterable[int], sizes: range, label: str = "") -> Iterator[Candidate]:
    for end in ends:
        if len("".join(text[start:end].split())) in sizes:
            yield _candidate(text, start, end, label)


def _ends(text: str, end: int, piece: re.Pattern[str]) -> Iterator[int]:
    """Yield the ends of one, two and three pieces."""
    for _ in range(_MAX_PIECES):
        match = piece.match(text, end)
        if not match:
            return
        end = match.end()
        yield end


def _candidate(text: str, start: int, end: int, label: str = "") -> Candidate:
    return Candidate(start, end, text[start:end], label, CandidateKind.BROKEN, STRENGTH[CandidateKind.BROKEN])


def without_pieces(candidates: Sequence[Candidate], is_known: Callable[[str], bool]) -> Sequence[Candidate]:
    """Return the candidates, of overlapping ones those that are known, the longest first.

    A number is no piece if it is a code by itself. A piece of a scan, with letters for digits, is one.
    """
    whole = [c for c in candidates if c.kind in TENTATIVE and is_known(c.written)]
    plain = [c for c in candidates if c.kind not in TENTATIVE]
    # Candidates that are no tentative ones are apart, so that their ends are in order, too.
    ends = [c.end for c in plain]
    codes: list[Candidate] = []
    pieces: set[int] = set()
    for one in sorted(whole, key=lambda c: (c.start, -c.end)):
        first = bisect_left(ends, one.start + 1)
        inside = [n for n in range(first, min(first + 8, len(plain))) if plain[n].start < one.end]
        stays = one.kind is not CandidateKind.SUB_STATUS and any(
            is_known(plain[n].written) and (plain[n].written.isdigit() or plain[n].end > one.end) for n in inside
        )
        if not stays and (not codes or one.start >= codes[-1].end):
            codes.append(one)
            pieces.update(inside)
    return sorted([*codes, *(c for n, c in enumerate(plain) if n not in pieces)])
