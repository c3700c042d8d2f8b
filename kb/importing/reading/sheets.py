"""What every kind of file becomes first: sheets of records, with the place of each, and what is wrong with them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from django.conf import settings

from kb.text.codes.cells import fit

MAX_PROBLEMS = 10_000
"""Problems that one file may have; beyond them reading stops, for they are no longer read by anybody."""

FIRST_PROBLEMS = 200


class SourcePlace(NamedTuple):
    """Where in the file: the physical line, or the row of a sheet; both count from 1."""

    line: int
    sheet: str = ""

    def __str__(self) -> str:
        return f"Sheet \u201c{self.sheet}\u201d, row {self.line}" if self.sheet else f"Line {self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth knowing; the message is for a person.

    `value` is what the file has there, shortened, and `suggestion` the codes that a cell seems to list.
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
    """Nothing of the file can be trusted: `problems` says why, `header` has its columns as far as they were found."""

    def __init__(self, problems: Sequence[Problem], header: Sequence[str] = ()) -> None:
        super().__init__(" ".join(str(problem) for problem in problems[:5]))
        self.problems = list(problems)
        self.header = list(header)


def unreadable(kind: str, message: str, place: SourcePlace | None = None, value: str = "") -> Unreadable:
    """Return an Unreadable with a single problem."""
    return Unreadable([Problem(place, kind, message, fit(value))])


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read. Formats that have to be held in memory stop earlier (`memory`)."""

    bytes: int = 512 * 2**20
    rows: int = 2_000_000
    columns: int = 100
    cell: int = 32_768
    unpack_ratio: int = 200
    memory: int = 64 * 2**20

    @classmethod
    def from_settings(cls) -> "Limits":
        """Return the limits that the environment sets."""
        return cls(
            settings.KB_IMPORT_MAX_BYTES,
            settings.KB_IMPORT_MAX_ROWS,
            settings.KB_IMPORT_MAX_COLUMNS,
            settings.KB_IMPORT_MAX_CELL,
        )


class Number(str):
    """The text of a cell that the file holds as a number: zeros before it are lost, if there were any."""

    __slots__ = ()


class Date(str):
    """The text of a cell that the file holds as a date."""

    __slots__ = ()


class Continuation(str):
    """The empty text of a cell that is the lower part of a merged one."""

    __slots__ = ()


CONTINUATION = Continuation()

Report = Callable[[Problem], None]
Record = tuple[int, Sequence[str | None]]
"""A line number, and the cells of a record; None where the record does not have the column."""


@dataclass(slots=True)
class Sheet:
    """One table of a file. `records` starts reading it, from its top, each time it is called."""

    records: Callable[[Report], Iterable[Record]]
    name: str = ""
    section: str = ""
    # CSV and XLSX may come out of an export, which defuses formulas.
    spreadsheet: bool = False
    # Whether cells may hold characters that no text may; a fast reader finds out for many cells at once.
    suspect: bool = True

    def place(self, line: int) -> SourcePlace:
        """Return the place of a record."""
        return SourcePlace(line, self.name)


class Widths:
    """Finds numbers that seem to have lost leading zeros: narrower than all the codes around them."""

    def __init__(self) -> None:
        self._texts: Counter[int] = Counter()
        self._numbers: Counter[int] = Counter()
        self._short: list[tuple[int, str]] = []

    def see(self, line: int, code: str, *, number: bool) -> None:
        """Take notice of a code, and of whether the file holds it as a number."""
        if not number:
            self._texts[len(code)] += 1
            return
        self._numbers[len(code)] += 1
        if code.isdigit():
            self._short.append((line, code))

    def narrow(self) -> tuple[int, list[tuple[int, str]]]:
        """Return the usual width, and the lines and codes that are narrower; (0, []) where no width is usual."""
        width = self._usual()
        return width, [(line, code) for line, code in self._short if len(code) < width]

    def _usual(self) -> int:
        # Text between the numbers tells: it is there because a letter or a zero kept it from becoming a number.
        told = self._texts or self._numbers
        width, count = max(told.items(), key=lambda item: item[1], default=(0, 0))
        if count < 2 or count < 0.9 * told.total() or width < max(self._numbers, default=0):
            return 0
        # Among numbers alone, 1 and 660000001 stand side by side in many tables; 1000 and 22000 do in few.
        lengths = {len(code) for _, code in self._short if code != "0"}
        return width if self._texts or 2 * min(lengths, default=width) >= width else 0
