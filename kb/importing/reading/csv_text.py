"""CSV, and tables pasted from a spreadsheet or a web page: bytes to text, text to records.

Read in pieces, so memory stays flat; every record knows the physical line on which it begins.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from kb.importing.reading.columns import ColumnMap, find_columns, is_header
from kb.importing.reading.files import KEEP_BAD_BYTES, InputFile, codec_of
from kb.importing.reading.sheets import Limits, Problem, Record, Report, Sheet, unreadable
from kb.text.codes.cells import unfit

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_PIECE = 1 << 18
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
_SAMPLE_RECORDS = 40


def sheet(opened: InputFile, encoding: str, delimiter: str, limits: Limits) -> Sheet:
    """Return the one table of a delimited file."""
    made = Sheet(lambda report: _records(_CsvLines(opened, encoding, limits, made), delimiter, made, report))
    made.spreadsheet = True
    return made


def sniff_delimiter(text: str, given: ColumnMap) -> str:
    """Return the delimiter that makes the most of the first records: known headers first, then more columns."""
    return max(DELIMITERS, key=lambda delimiter: _promise(text, delimiter, given))


def _promise(text: str, delimiter: str, given: ColumnMap) -> tuple[bool, int, int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    best = (False, 0, 0)
    records: list[list[str]] = []
    # The sample may end in the middle of something; what came before still counts.
    with suppress(csv.Error):
        records.extend(record for _, record in zip(range(_SAMPLE_RECORDS), reader, strict=False))
    for record in records:
        columns, _ = find_columns(record[:500], given)
        known = len(set(columns.targets.values()))
        best = max(best, (len(record) > 1 and is_header(record[:500], given), known, len(record)))
    return best


@dataclass
class _CsvLines:
    """The physical lines of a file, one by one, for the csv module to ask for."""

    opened: InputFile
    encoding: str
    limits: Limits
    made: Sheet
    number: int = 0
    last: str = ""
    _text: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.made.suspect = False
        self._text = self._split()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.last = next(self._text)
        self.number += 1
        return self.last

    def _split(self) -> Iterator[str]:
        """Cut the text where the csv module would: at LF, CR LF or a bare CR, and nowhere else."""
        rest = ""
        for text in self._decoded():
            lines = list(io.StringIO(rest + text, newline=""))
            # The last one may go on in the next piece, and a CR at its end may be half of a CR LF.
            rest = lines.pop() if lines else ""
            yield from lines
            if len(rest) > self.limits.cell * self.limits.columns:
                most = self.limits.cell * self.limits.columns
                message = f"This line is longer than {most} characters; reading stopped here. Is this a table?"
                raise unreadable("line_too_long", message, self.made.place(self.number + 1), rest[:60])
        if rest:
            yield from io.StringIO(rest, newline="")

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(codec_of(self.encoding))(errors=KEEP_BAD_BYTES)
        one_byte = not self.encoding.startswith("utf-16")
        with self.opened.reading() as file:
            while piece := file.read(_PIECE):
                text = decoder.decode(piece)
                self.made.suspect = self.made.suspect or _is_suspect(piece if one_byte else b"", text, one_byte)
                yield text
        text = decoder.decode(b"", final=True)
        self.made.suspect = self.made.suspect or bool(unfit(text))
        yield text


def _is_suspect(piece: bytes, text: str, one_byte: bool) -> bool:
    """Whether a piece holds characters that no text may: asked of all its cells at once, which is quick."""
    if not one_byte:
        return bool(unfit(text))
    if len(piece.translate(None, _CONTROLS)) != len(piece):
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _records(lines: _CsvLines, delimiter: str, made: Sheet, report: Report) -> Iterator[Record]:
    """Yield the records with the line that each begins on. A badly quoted one is reported and left out."""
    # Strict: a lenient reader drops quotes in silence, and takes the rest of the file for one cell.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    before = 0
    while True:
        try:
            for record in reader:
                if record:
                    yield before + 1, record
                before = lines.number
        except csv.Error as error:
            begins, before = before + 1, lines.number
            plain = lines.last.rstrip("\r\n").split(delimiter)
            if delimiter == "\t" and begins == before and "unexpected end" not in str(error):
                # Cells copied from a page are not quoted, and may begin with a quotation mark of their own.
                yield begins, plain
                continue
            report(_misquoted(error, made, begins, before))
        else:
            return


def _misquoted(error: csv.Error, made: Sheet, first: int, last: int) -> Problem:
    place, goes = made.place(first), f" (read up to line {last})" if last > first else ""
    if "unexpected end" in str(error):
        raise unreadable("unclosed_quote", "A quotation mark is opened here and never closed.", place)
    if "field larger" in str(error):
        message = f"A cell is longer than {csv.field_size_limit()} characters{goes}: is a quotation mark never closed?"
        raise unreadable("cell_too_long", message, place)
    message = f"A quotation mark stands inside a quoted cell{goes}. Allowed: two of them, or one at the cell's end."
    return Problem(place, "bad_quotes", message)
