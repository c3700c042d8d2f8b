"""Codes in a pasted ticket or log, looked up in the tables that a reader may read.

The text is neither stored nor logged.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb.models import CodeRange, ReturnCode
from kb.models.code_rows import codes_by_form, codes_by_symbol
from kb.models.visibility import Person
from kb.queries.code_parts import CodeAnatomy, CodeText, anatomies
from kb.queries.detected_messages import add_messages
from kb.queries.detected_tables import Meanings, with_tables, without_noise
from kb.text.codes import forms as text_code
from kb.text.codes.symbols import symbol_words
from kb.text.detection.candidates import SYMBOL
from kb.text.detection.judgement import (
    CodeMatch,
    Detection,
    UnknownMatch,
    all_canonical_forms,
    candidates,
    judge,
)
from kb.text.safety.mask import mask

MAX_TEXT = 2**20
"""Most bytes of a text, in UTF-8."""

_WORDS = 60
"""Characters before a code that may say to which family it belongs."""

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
    anatomies: Mapping[str, CodeAnatomy] = field(default_factory=dict)
    """What is known of the parts of the codes, by the code as written."""
    not_listed: int = 0
    """How many more different texts look like codes and are in no table."""


def detect(text: str, user: Person | None) -> Report:
    """Return the codes in a text that a user may read, most useful first. Raises TooLong.

    The cost depends on the text, not on the tables. The number of queries grows only beyond 10,000 readings.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_TEXT:
        raise TooLong(f"This text has {size:,} bytes; the limit is {MAX_TEXT:,}.")
    # What is hidden is no code: a report lists how each code is written.
    masked = mask(text)
    plain = text_code.without_percent_encoding(text_code.ascii_digits(masked))
    places = candidates(plain)
    meanings = _meanings(all_canonical_forms(places), user)
    blocks = list(CodeRange.objects.visible_to(user).values_list("first", "last", "pk"))
    detection: Detection[Meanings] = judge(plain, places, meanings, blocks, _words_of_first)
    codes, stop = add_messages(masked, with_tables(plain, detection.codes), detection.unknown, user)
    codes = without_noise(plain, codes)
    parts = _anatomies(plain, codes, detection.unknown, user)
    last = _last_line(masked, detection.read_to_line, stop)
    return Report(codes, _with_ranges(detection.unknown), masked, last, parts, detection.not_listed)


def _words_of_first(codes: Meanings) -> str:
    """Return what the first meaning of a code says: its description, else the words of its symbol."""
    return codes[0].description or symbol_words(codes[0].symbol)


def codes_in(text: str, user: Person | None) -> list[ReturnCode]:
    """Return the codes that a piece of a log clearly names, such as `code=660300001`; [] for a bare code or words."""
    if len(text) > MAX_QUERY or not any(character.isdigit() for character in text):
        return []
    likely = [match for match in detect(text, user).codes if match.is_likely and match.written != match.message]
    return [code for match in likely for code in match.id]


def _last_line(text: str, read_to_line: int | None, stop: int | None) -> int | None:
    """Return the last line that was read for codes and for messages; None for the whole text."""
    lines = [read_to_line, text.count("\n", 0, stop) + 1 if stop is not None else None]
    return min((line for line in lines if line is not None), default=None)


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
    symbols = {form.removeprefix(SYMBOL): form for form in forms if form.startswith(SYMBOL)}
    by_form = codes_by_form([form for form in forms if not form.startswith(SYMBOL)], user)
    if symbols:
        by_form |= {symbols[name]: codes for name, codes in codes_by_symbol(symbols, user).items()}
    return {
        form: tuple(sorted(codes, key=lambda code: (code.is_retired, code.table_id, code.position, code.pk)))
        for form, codes in by_form.items()
    }


def _anatomies(
    text: str, codes: Sequence[CodeMatch[Meanings]], unknown: Sequence[UnknownMatch], user: Person | None
) -> dict[str, CodeAnatomy]:
    """Return what is known of the parts of codes: by the table that lists a code, else by the words before it."""
    texts = [CodeText(match.written, match.id[0].table, _words_before(text, match)) for match in codes]
    texts += [CodeText(match.written, None, _words_before(text, match)) for match in unknown]
    pairs = zip(texts, anatomies(texts, user), strict=True)
    return {code.code: anatomy for code, anatomy in pairs if anatomy}


def _words_before(text: str, match: CodeMatch[Meanings] | UnknownMatch) -> str:
    start = match.spans[0][0]
    return text[max(text.rfind("\n", 0, start) + 1, start - _WORDS) : start]


def _with_ranges(unknown: Sequence[UnknownMatch]) -> list[UnknownMatch]:
    """Return the matches with the ranges that their ids name. Few of the ranges are named, so only these are read."""
    ids = {match.range for match in unknown if match.range is not None}
    ranges = CodeRange.objects.select_related("table").in_bulk(ids) if ids else {}
    return [replace(match, range=ranges.get(match.range)) for match in unknown]
