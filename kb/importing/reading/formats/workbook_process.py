"""A process of its own, without Django, that reads the sheets of a workbook: bytes from stdin, sheets to stdout.

# Note [A process for workbooks]
python-calamine trusts its files. A chain of sectors that bites its tail, or a cell in the last row and column, makes it
take memory until the process dies. Here that ends a process with limits, and the import is refused.
"""

import marshal
import sys
from contextlib import suppress
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

MEMORY = 2**30
SECONDS = 30
BROKEN, PASSWORD, TOO_LARGE = 3, 4, 5
"""Exit codes."""

NUMBER, DATE, LOGICAL = "n", "d", "l"
"""What a cell is that the file does not store as text; it comes as a pair of this and its text."""


def main() -> int:
    """Write each sheet: its name, whether it is visible, its merged areas and its rows. Returns the exit code."""
    rows, columns, characters = map(int, sys.argv[1:4])
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
        sheets: list[Any] = []
        for about in book.sheets_metadata:
            page, lines = book.get_sheet_by_name(about.name), []
            # One row and column more than allowed shows that there are too many.
            for cells in page.to_python(skip_empty_area=False, nrows=rows + 100):
                lines.append([text_of(value) for value in cells[: columns + 1]])
                characters -= sum(len(cell[-1] if isinstance(cell, tuple) else cell) + 8 for cell in lines[-1])
                if characters < 0:
                    return TOO_LARGE
            is_visible = about.visible == SheetVisibleEnum.Visible
            sheets.append((about.name, is_visible, list(page.merged_cell_ranges or []), lines))
    except PasswordError:
        return PASSWORD
    except MemoryError:
        return TOO_LARGE
    except BaseException:
        # A panic of Rust is no Exception.
        return BROKEN
    marshal.dump(sheets, sys.stdout.buffer)
    return 0


def text_of(value: Any) -> str | tuple[str, str]:
    """Return the text of a cell, with the digits of a number as the vendor wrote them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return LOGICAL, str(value).upper()
    if isinstance(value, int | float):
        return NUMBER, str(int(value)) if float(value).is_integer() else repr(value)
    if isinstance(value, datetime):
        return DATE, value.isoformat(" ")
    return (DATE, value.isoformat()) if isinstance(value, date | time) else str(value)


if __name__ == "__main__":
    sys.exit(main())
