"""How a delimited text quotes its cells, from its first lines: quotes, spaces before them, and `sep=;`."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=([^\w\s"]|\t)"?[ \t]{0,9}(?:[,;\t]{0,99})(?:\r\n?|\n)', re.IGNORECASE)
_SAMPLE_LINES = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are separated and quoted.

    `first_lines` are lines before the table. With `blanks`, spaces around a cell are no part of it. With
    `backslashes`, a backslash stands before a quotation mark within a cell.
    """

    delimiter: str
    quote: str = '"'
    blanks: bool = False
    backslashes: bool = False
    first_lines: int = 0

    def records(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Yield the cells of each record. Raises csv.Error, after which you may go on."""
        if self.backslashes:
            lines = (line.replace("\\" + self.quote, self.quote * 2) for line in lines)
        # Strict, because a lenient reader silently drops quotes and reads the rest of the file as one cell.
        return csv.reader(
            lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=self.blanks, strict=True
        )


def separator_line(sample: str) -> str:
    """Return the delimiter of a first line such as `sep=;`, by which Excel knows it; "" without one."""
    match = _SEPARATOR_LINE.match(sample)
    return match[1] if match else ""


def dialect_of(sample: str, delimiter: str) -> Dialect:
    """Return how the first lines of a text quote their cells."""
    first_lines = 1 if separator_line(sample) else 0
    lines = sample.splitlines()[first_lines : first_lines + _SAMPLE_LINES]
    quote = "'" if _is_quoted(lines, "'", delimiter) and not _is_quoted(lines, '"', delimiter) else '"'
    # Cells between bars are padded, as in a printed table.
    blanks = delimiter == "|" or any(_has_blank_before(line.split(delimiter), quote) for line in lines)
    dialect = Dialect(delimiter, quote, blanks, first_lines=first_lines)
    with_backslashes = Dialect(delimiter, quote, blanks, backslashes=True, first_lines=first_lines)
    is_escaped = any(f"\\{quote}" in line for line in lines)
    return (
        with_backslashes
        if is_escaped and not _is_whole(lines, dialect) and _is_whole(lines, with_backslashes)
        else dialect
    )


def _is_quoted(lines: list[str], quote: str, delimiter: str) -> bool:
    """Whether most lines have cells between quotes: as many begin with one as end with one."""
    ends = ([(cell.startswith(quote), cell.endswith(quote)) for cell in line.split(delimiter)] for line in lines)
    count = sum(0 < sum(first for first, _ in cells) == sum(last for _, last in cells) for cells in ends)
    return 2 * count > len(lines)


def _has_blank_before(cells: list[str], quote: str) -> bool:
    """Whether a cell has a space before its quotation mark."""
    return any(cell.startswith(" ") and cell.lstrip(" ").startswith(quote) for cell in cells)


def _is_whole(lines: list[str], dialect: Dialect) -> bool:
    """Whether no cell has a quotation mark that is out of place. The last cell may end behind the sample."""
    try:
        for _ in islice(dialect.records(io.StringIO("\n".join(lines), newline="")), _SAMPLE_LINES):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error)
    return True
