"""Codes in a pasted ticket or log, looked up in the tables that a reader may read.

Nothing pasted is stored or logged here.
"""

from collections.abc import Collection
from dataclasses import dataclass

from kb.models import CodeRange, ReturnCode
from kb.models.sql import MAX_VALUES, batches
from kb.models.visibility import Person
from kb.text.detection.judgement import CodeMatch, Detection, UnknownMatch, all_canonical_forms, candidates, judge
from kb.text.safety.mask import mask

MAX_TEXT = 2**20
"""Bytes of a text that is read, in UTF-8."""

Meanings = tuple[ReturnCode, ...]


MAX_QUERY = 2_000
"""Characters of a look-up that are searched for codes; a longer text is pasted as a log."""


class TooLong(Exception):
    """The text is longer than what is read; the message says by how much, for a person."""


@dataclass(frozen=True)
class TextPiece:
    """A stretch of the masked text; `mark` numbers the code that it is, `first` says whether it is its first place."""

    text: str
    mark: int = 0
    first: bool = False
    unknown: bool = False


@dataclass(frozen=True)
class Report:
    """What was found in a text, and the text without what must not be passed on.

    The `id` of a code is each of its meanings, current ones first.
    """

    codes: list[CodeMatch[Meanings]]
    unknown: list[UnknownMatch]
    masked: str
    read_to_line: int | None


def detect(text: str, user: Person | None) -> Report:
    """Find the codes of a text among what a user may read, the most useful first.

    The cost grows with the text, not with the tables, and so does the number of queries only beyond 10,000 readings.
    Raises TooLong.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_TEXT:
        raise TooLong(f"This text has {size:,} bytes; the limit is {MAX_TEXT:,}.")
    found = candidates(text)
    known = _known(all_canonical_forms(found), user)
    blocks = [(block.first, block.last, block) for block in CodeRange.objects.visible_to(user).select_related("table")]
    seen: Detection[Meanings] = judge(text, found, known, blocks)
    return Report(seen.codes, seen.unknown, mask(text), seen.read_to_line)


def codes_in(text: str, user: Person | None) -> list[ReturnCode]:
    """Return the codes that a piece of a log surely names, such as `code=660300001`; [] for a code alone or words."""
    if len(text) > MAX_QUERY or not any(character.isdigit() for character in text):
        return []
    likely = [found for found in detect(text, user).codes if found.is_likely]
    return [code for found in likely for code in found.id]


def pieces(report: Report) -> list[TextPiece]:
    """Cut the masked text where codes stand in it; codes are numbered from 1, what is in no table goes on after."""
    groups: list[CodeMatch | UnknownMatch] = [*report.codes, *report.unknown]
    spans = sorted((start, end, number) for number, group in enumerate(groups, 1) for start, end in group.spans)
    cut: list[TextPiece] = []
    at, met = 0, set[int]()
    for start, end, number in spans:
        if start < at:
            continue
        cut += [TextPiece(report.masked[at:start])] if start > at else []
        cut.append(TextPiece(report.masked[start:end], number, number not in met, number > len(report.codes)))
        met.add(number)
        at = end
    return [*cut, TextPiece(report.masked[at:])] if at < len(report.masked) else cut


def _known(forms: Collection[str], user: Person | None) -> dict[str, Meanings]:
    known: dict[str, list[ReturnCode]] = {}
    codes = ReturnCode.objects.visible_to(user).select_related("table", "section").without_long_texts()
    for batch in batches(sorted(form for form in forms if "\x00" not in form), MAX_VALUES):
        for code in codes.filter(canonical__in=batch).in_vendor_order():
            known.setdefault(code.canonical, []).append(code)
    # Current meanings before retired ones.
    return {form: tuple(sorted(found, key=lambda code: code.is_retired)) for form, found in known.items()}
