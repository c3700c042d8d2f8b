"""CSV in the forms that spreadsheets expect. Reading such a file again gives the same cells."""

import codecs
import csv
import io
from collections.abc import Generator, Iterator
from itertools import chain
from typing import NamedTuple

from kb.text.safety.formula import defuse

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
"""What may stand between two cells, by its name. Excel expects a semicolon where a comma is the decimal sign."""

_PIECE = 64 * 1024


class CsvForm(NamedTuple):
    """How CSV is written: a key of DELIMITERS, and whether the file begins with a byte order mark.

    Without the mark, Excel reads UTF-8 as the encoding of its own language, which garbles Chinese.
    """

    delimiter: str = "comma"
    bom: bool = False


def write_csv(header: list[str], rows: Iterator[list[str]], form: CsvForm) -> Generator[bytes, None, None]:
    """Yield the bytes of the file, with formulas defused."""
    buffer = io.StringIO()
    plain = csv.writer(buffer, delimiter=DELIMITERS[form.delimiter])
    quoted = csv.writer(buffer, delimiter=DELIMITERS[form.delimiter], quoting=csv.QUOTE_ALL)
    mark = codecs.BOM_UTF8 if form.bom else b""
    for row in chain([header], rows):
        cells = [defuse(cell) for cell in row]
        # Some readers drop blanks around a cell, unless it is quoted.
        (quoted if any(cell != cell.strip() for cell in cells) else plain).writerow(cells)
        if buffer.tell() > _PIECE:
            yield mark + buffer.getvalue().encode()
            mark = b""
            buffer.seek(0)
            buffer.truncate()
    yield mark + buffer.getvalue().encode()
