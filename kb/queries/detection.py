"""Codes in a pasted ticket or log, looked up in the tables that a reader may read.

The text is neither stored nor logged.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kb.models import CodeRange, ReturnCode
from kb.models.code_rows import codes_by_form
from kb.models.visibility import Person
from kb.text.detection.judgement import CodeMatch, Detection, UnknownMatch, all_canonical_forms, candidates, judge
from kb.text.safety.mask import mask

MAX_TEXT = 2**20
"""Most bytes of a text, in UTF-8."""

Meanings = tuple[ReturnCode, ...]


MAX_QUERY = 2_000
"""Most characters of a look-up that are searched for codes. Use the page for logs for longer texts."""


class TooLong(Exception):
    """The text is too long. The message tells a person by how much."""


@dataclass(frozen=True)
class TextPiece:
    """A piece of the masked text. `mark` is the number of its code; `first` marks the code's first appearance."""

    text: str
    mark: int = 0
    first: bool = False
    unknown: bool = False


@dataclass(frozen=True)
class Report:
    """The codes of a text, and the text with secrets masked.

    The `id` of a code match has all meanings of the code, current ones first.
    """

    codes: list[CodeMatch[Meanings]]
    unknown: list[UnknownMatch]
    masked: str
    read_to_line: int | None


def detect(text: str, user: Person | None) -> Report:
    """Return the codes in a text that a user may read, most useful first. Raises TooLong.

    The cost depends on the text, not on the tables. The number of queries grows only beyond 10,000 readings.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_TEXT:
        raise TooLong(f"This text has {size:,} bytes; the limit is {MAX_TEXT:,}.")
    parts = candidates(text)
    meanings = _meanings(all_canonical_forms(parts), user)
    blocks = list(CodeRange.objects.visible_to(user).values_list("first", "last", "pk"))
    detection: Detection[Meanings] = judge(text, parts, meanings, blocks)
    return Report(detection.codes, _with_ranges(detection.unknown), mask(text), detection.read_to_line)


def codes_in(text: str, user: Person | None) -> list[ReturnCode]:
    """Return the codes that a piece of a log clearly names, such as `code=660300001`; [] for a bare code or words."""
    if len(text) > MAX_QUERY or not any(character.isdigit() for character in text):
        return []
    likely = [match for match in detect(text, user).codes if match.is_likely]
    return [code for match in likely for code in match.id]


def pieces(report: Report) -> list[TextPiece]:
    """Split the masked text at its codes. Known codes are numbered from 1; unknown codes follow."""
    groups: list[CodeMatch[Meanings] | UnknownMatch] = [*report.codes, *report.unknown]
    spans = sorted((start, end, number) for number, group in enumerate(groups, 1) for start, end in group.spans)
    text_pieces: list[TextPiece] = []
    position, numbers = 0, set[int]()
    for start, end, number in spans:
        if start < position:
            continue
        text_pieces += [TextPiece(report.masked[position:start])] if start > position else []
        text_pieces.append(
            TextPiece(report.masked[start:end], number, number not in numbers, number > len(report.codes))
        )
        numbers.add(number)
        position = end
    return [*text_pieces, TextPiece(report.masked[position:])] if position < len(report.masked) else text_pieces


def _meanings(forms: Collection[str], user: Person | None) -> dict[str, Meanings]:
    """Return the codes by form in the vendor's order, current ones before retired ones."""
    return {
        form: tuple(sorted(codes, key=lambda code: (code.is_retired, code.table_id, code.position, code.pk)))
        for form, codes in codes_by_form(forms, user).items()
    }


def _with_ranges(unknown: Sequence[UnknownMatch]) -> list[UnknownMatch]:
    """Return the matches with the ranges that their ids name. Few of the ranges are named, so only these are read."""
    ids = {match.range for match in unknown if match.range is not None}
    ranges = CodeRange.objects.select_related("table").in_bulk(ids) if ids else {}
    return [replace(match, range=ranges.get(match.range)) for match in unknown]
