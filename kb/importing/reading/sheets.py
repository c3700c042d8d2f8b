"""Sheets of records, which every format becomes first, and the problems of a file."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from django.conf import settings

from kb.text.codes.cells import fit

MAX_PROBLEMS = 10_000
"""Most problems of one file. Reading stops there, because nobody reads a longer list."""

FIRST_PROBLEMS = 200
"""Problems that are listed when reading stops at MAX_PROBLEMS."""


MAX_SUGGESTIONS = 100_000
"""Most codes in all cells that list several codes. A cell of 2,000 characters can list 40,000, as ranges."""

MAX_TABLES_COLUMNS = 10
"""All tables of a file together may have so many times the columns of one table."""


class SourcePlace(NamedTuple):
    """A place in a file: the physical line, or the row of a sheet. Both count from 1."""

    line: int
    sheet: str = ""

    def __str__(self) -> str:
        return f"Sheet \u201c{self.sheet}\u201d, row {self.line}" if self.sheet else f"Line {self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning about a file; the message is for a person.

    `value` is the content of the file at that place, shortened. `suggestion` has the codes that a cell seems to list.
    """

    place: SourcePlace | None
    kind: str
    message: str
    value: str = ""
    severity: Literal["error", "warning"] = "error"
    suggestion: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class Unreadable(Exception):
    """The file cannot be read reliably: `problems` has the reasons, `header` the labels of the columns, if known.

    `source` is what was known when reading stopped: a `Source`, for a look at the file; None if nothing was.
    """

    source: Any = None

    def __init__(self, problems: Sequence[Problem], header: Sequence[str] = ()) -> None:
        super().__init__(" ".join(str(problem) for problem in problems[:5]))
        self.problems = list(problems)
        self.header = list(header)


def unreadable(kind: str, message: str, place: SourcePlace | None = None, value: str = "") -> Unreadable:
    """Return an Unreadable with a single problem."""
    return Unreadable([Problem(place, kind, fit(message), fit(value))])


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read. `memory` is the limit in bytes of formats that have to fit into memory."""

    bytes: int = 512 * 2**20
    rows: int = 2_000_000
    columns: int = 100
    cell: int = 32_768
    unpack_ratio: int = 200
    memory: int = 64 * 2**20

    @classmethod
    def from_settings(cls) -> "Limits":
        """Return the limits of the settings KB_IMPORT_MAX_*."""
        return cls(
            settings.KB_IMPORT_MAX_BYTES,
            settings.KB_IMPORT_MAX_ROWS,
            settings.KB_IMPORT_MAX_COLUMNS,
            settings.KB_IMPORT_MAX_CELL,
        )


MORE_COLUMNS = "Remove the columns that nobody needs, or raise KB_IMPORT_MAX_COLUMNS."
"""What to do about a table with too many columns."""


class Number(str):
    """The text of a cell that the file stores as a number. Leading zeros are lost, if it had any."""

    __slots__ = ()


class Date(str):
    """The text of a cell that the file stores as a date."""

    __slots__ = ()


class Logical(str):
    """The text of a cell that the file stores as true or false."""

    __slots__ = ()


class Continuation(str):
    """The empty text of a cell that a merged cell above covers."""

    __slots__ = ()


CONTINUATION = Continuation()

Report = Callable[[Problem], None]
Record = tuple[int, Sequence[str | None]]
"""A line number, and the cells of a record; None for a column that the record does not have."""


@dataclass(slots=True)
class Sheet:
    """One table of a file. Each call of `records` reads it again from its top."""

    records: Callable[[Report], Iterable[Record]]
    name: str = ""
    # Names the table within its file: the name of the sheet, or its number. ReadingChoices refer to it.
    key: str = ""
    section: str = ""
    # What stands between the cells of delimited text; "" in other formats.
    delimiter: str = ""
    # CSV and XLSX may come from an export, which defuses formulas.
    spreadsheet: bool = False
    # Whether cells may have characters that no text may have. A fast reader checks many cells at once.
    suspect: bool = True
    # The line on which the table begins; 0 where nobody needs it.
    line: int = 0
    # The last line, where no line break ends it; 0 for others, and before it is read.
    unended_line: int = 0
    # Why the table is left out unless somebody chooses it; "" for a table of codes.
    doubt: str = ""

    def place(self, line: int) -> SourcePlace:
        """Return the place of a record."""
        return SourcePlace(line, self.name)


class Widths:
    """Finds numbers that seem to have lost leading zeros, because the other codes of the column are wider."""

    def __init__(self) -> None:
        # How many codes stored as text have each length.
        self.texts: Counter[int] = Counter()
        self._numbers: Counter[int] = Counter()
        self._short: list[tuple[int, str]] = []
        # The first code of each length that is all digits, and one that only a letter kept its zeros.
        self._digits: dict[int, tuple[int, str]] = {}
        self._zeros: dict[int, str] = {}

    def add(self, line: int, code: str, *, number: bool) -> None:
        """Add a code; `number` says that the file stores it as a number."""
        if not number:
            if code:
                self.add_text(line, code)
            return
        self._numbers[len(code)] += 1
        if code.isdigit():
            self._short.append((line, code))

    def add_text(self, line: int, code: str) -> None:
        """Add a code that is stored as text."""
        length = len(code)
        self.texts[length] += 1
        if code.isdecimal():
            if length not in self._digits or code[0] == "0":
                self._digits[length] = line, code
        elif code[0] == "0":
            self._zeros[length] = code

    @property
    def total(self) -> int:
        """The number of codes."""
        return self.texts.total() + self._numbers.total()

    def narrow_codes(self) -> tuple[int, list[tuple[int, str]]]:
        """Return the usual width, and the lines and codes that are narrower; (0, []) without a usual width."""
        width = self._usual_width()
        return width, [(line, code) for line, code in self._short if len(code) < width]

    def digits_without_zeros(self) -> tuple[str, list[tuple[int, str]]]:
        """Return a code that a letter kept its zeros, and shorter ones that may have lost theirs; ("", []) for none."""
        kept = next(iter(self._zeros.items())) if len(self._zeros) == 1 else (0, "")
        short = [place for length, place in self._digits.items() if length < kept[0]]
        has_zeros = any(len(code) > 1 and code[0] == "0" for _, code in self._digits.values())
        if has_zeros or kept[1][:2].lower() == "0x" or 2 * self.texts[kept[0]] < self.texts.total():
            return "", []
        return (kept[1], short) if short else ("", [])

    def _usual_width(self) -> int:
        # Codes stored as text show the width: a letter or a leading zero kept them from becoming numbers.
        lengths = self.texts or self._numbers
        width, count = max(lengths.items(), key=lambda item: item[1], default=(0, 0))
        if count < 2 or count < 0.9 * lengths.total() or width < max(self._numbers, default=0):
            return 0
        # With numbers alone, many tables have both 1 and 660000001; few have both 1000 and 22000.
        number_lengths = {len(code) for _, code in self._short if code != "0"}
        return width if self.texts or 2 * min(number_lengths, default=width) >= width else 0
