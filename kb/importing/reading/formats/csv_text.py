"""CSV, and tables pasted from a spreadsheet or a web page: bytes to text, text to records.

Files are read in pieces to keep memory flat. Each record carries the physical line on which it begins.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from kb.importing.reading.columns import ColumnMap, find_columns, is_header
from kb.importing.reading.files import KEEP_BAD_BYTES, codec_of, without_padding
from kb.importing.reading.formats.csv_dialect import DELIMITERS, Dialect, dialect_of, separator_line
from kb.importing.reading.sheets import Problem, Record, Report, Sheet, unreadable
from kb.importing.reading.source_file import SourceFile
from kb.text.codes.cells import unfit

_PIECE = 1 << 18
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
_SAMPLE_RECORDS = 40


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the only table of a delimited file; sets the file's delimiter where nobody chose one."""
    columns = ColumnMap(source_file.columns)
    sample = source_file.sample
    source_file.delimiter = source_file.delimiter or separator_line(sample) or sniff_delimiter(sample, columns)
    dialect = dialect_of(sample, source_file.delimiter)
    table = Sheet(lambda report: _records(_CsvLines(source_file, table), dialect, table, report))
    table.spreadsheet, table.delimiter = True, source_file.delimiter
    return [table]


def sniff_delimiter(text: str, column_map: ColumnMap) -> str:
    """Return the delimiter that gives the first records the most known headers, then the most records of one width."""
    return max(DELIMITERS, key=lambda delimiter: _delimiter_score(text, delimiter, column_map))


def _delimiter_score(text: str, delimiter: str, column_map: ColumnMap) -> tuple[bool, int, int, int, int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = (False, 0)
    records: list[list[str]] = []
    # The sample may end inside a quoted cell; the records before it still count.
    with suppress(csv.Error):
        records.extend(record for _, record in zip(range(_SAMPLE_RECORDS), reader, strict=False))
    for record in records:
        columns, _ = find_columns(record[:500], column_map)
        target_count = len(set(columns.targets.values()))
        header = max(header, (len(record) > 1 and is_header(record[:500], column_map), target_count))
    widths = Counter(len(record) for record in records if len(record) > 1)
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    # A comma before a space is more likely a sentence's.
    spaces = sum(cell.startswith(" ") for record in records for cell in record[1:500])
    return (*header, count, -spaces, width)


@dataclass
class _CsvLines:
    """Iterates over the physical lines of a file, for the csv module."""

    source_file: SourceFile
    table: Sheet
    number: int = 0
    line: str = ""
    _text: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.table.suspect = False
        self._text = self._split()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.line = self.source_file.without_quotes(next(self._text))
        self.number += 1
        return self.line

    def _split(self) -> Iterator[str]:
        """Split the text as the csv module does: at LF, CR LF or a bare CR, and nowhere else."""
        rest = ""
        for text in self._pieces():
            lines = list(io.StringIO(rest + text, newline=""))
            # The last line may continue in the next piece, and a CR at its end may be half of a CR LF.
            rest = lines.pop() if lines else ""
            yield from lines
            if len(rest) > self.source_file.limits.cell * self.source_file.limits.columns:
                max_length = self.source_file.limits.cell * self.source_file.limits.columns
                message = (
                    f"This line is longer than {max_length} characters. Reading stopped here. Is this file a table?"
                )
                raise unreadable("line_too_long", message, self.table.place(self.number + 1), rest[:60])
        if rest := without_padding(rest):
            self.table.unended_line = 0 if rest.endswith(("\r", "\n")) else self.number + 1
            yield from io.StringIO(rest, newline="")

    def _pieces(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(codec_of(self.source_file.encoding))(errors=KEEP_BAD_BYTES)
        one_byte = not self.source_file.encoding.startswith(("utf-16", "utf-32"))
        with self.source_file.file.open() as file:
            while piece := file.read(_PIECE):
                text = decoder.decode(piece)
                self.table.suspect = self.table.suspect or _is_suspect(piece if one_byte else b"", text, one_byte)
                yield text
        text = decoder.decode(b"", final=True)
        self.table.suspect = self.table.suspect or bool(unfit(text))
        yield text


def _is_suspect(piece: bytes, text: str, one_byte: bool) -> bool:
    """Whether a piece has characters that no text may have. One check for many cells is quick."""
    if not one_byte:
        return bool(unfit(text))
    if len(piece.translate(None, _CONTROLS)) != len(piece):
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _records(lines: _CsvLines, dialect: Dialect, table: Sheet, report: Report) -> Iterator[Record]:
    """Yield each record with the line on which it begins. A badly quoted record is reported and left out."""
    for _ in islice(lines, dialect.first_lines):
        pass
    reader, last_line = dialect.records(lines), dialect.first_lines
    while True:
        try:
            for record in reader:
                if record:
                    yield last_line + 1, record
                last_line = lines.number
        except csv.Error as error:
            first_line, last_line = last_line + 1, lines.number
            unquoted = lines.line.rstrip("\r\n").split(dialect.delimiter)
            if dialect.delimiter == "\t" and first_line == last_line and "unexpected end" not in str(error):
                # Cells copied from a page are not quoted, so a quotation mark at their beginning is text.
                yield first_line, unquoted
                continue
            report(_quote_problem(error, table, first_line, last_line))
        else:
            return


def _quote_problem(error: csv.Error, table: Sheet, first: int, last: int) -> Problem:
    place, extent = table.place(first), f" (read up to line {last})" if last > first else ""
    if "unexpected end" in str(error):
        raise unreadable("unclosed_quote", "The quotation mark that opens here is never closed.", place)
    if "field larger" in str(error):
        message = f"A cell is longer than {csv.field_size_limit()} characters{extent}. Is a quotation mark missing?"
        raise unreadable("cell_too_long", message, place)
    message = f'A quoted cell contains a single quotation mark{extent}. Write it twice (""), or close the cell with it.'
    return Problem(place, "bad_quotes", message)
