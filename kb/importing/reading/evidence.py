"""What the first cells of a column look like: codes, words, or a running number."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.importing.reading.sheets import CONTINUATION, Record, Sheet
from kb.text.codes.cells import EMPTY

MAX_RECORDS = 2_000
"""Number of records that are looked at before a table is read: evidence needs no more, and memory stays flat."""

_MAX_LETTERS = 2_000_000
_MAX_CELL = 300
_PROSE = 20
_SHAPES = 50

_PLAIN_CODE = re.compile(
    r"[-+]?(?=[^\s]{0,63}[0-9_])[\w.:#/+*?-]{1,64}|[A-Z][A-Z.-]{1,63}|[a-z]{2,40}(?:-[a-z]{2,30}){1,6}"
    r"|[a-z][a-z-]{1,30}(?:[/:.][A-Za-z][A-Za-z-]{1,40}){1,6}"
)
_HUMPS = re.compile(r"(?=[A-Za-z][a-z]{1,30}+[A-Z])[A-Za-z]{3,64}+(?:\.[A-Za-z]{1,40}+){0,3}")
_SPACED_CODE = re.compile(r"[A-Z]{1,8} ?[0-9][0-9A-Z.-]{0,20}|[0-9]{1,6}(?: [0-9]{1,6}){1,3}")
_FIRM = re.compile(r"[^\s\d]{0,20}\d[^\s]*|[A-Z][A-Z_.-]+")
_NO_CODE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}|[0-9.,]{1,12}(?:%|ms|s|[kKMG]?[bB])"
    r"|[a-z]{1,9}://.*|[^@\s]{1,60}@.*|v[0-9]+(?:\.[0-9]+){0,3}|(?i:yes|no|true|false|y|n|ok)"
)
_SPACE_IN_WORDS = re.compile(r"[^\W\d_]{2}[,.;:]? {1,3}[^\W_]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")


def sample_of(sheet: Sheet) -> list[Record]:
    """Return the first records of a sheet, with long cells cut."""
    records: list[Record] = []
    letters = 0
    for line, cells in sheet.records(lambda problem: None):
        records.append((line, cells if max(map(len, filter(None, cells)), default=0) <= _MAX_CELL else _cut(cells)))
        letters += sum(map(len, filter(None, cells)))
        if len(records) == MAX_RECORDS or letters > _MAX_LETTERS:
            break
    return records


def _cut(cells: Sequence[str | None]) -> list[str | None]:
    # A shorter cell stays the same object: its type says what the file stores.
    return [cell[:_MAX_CELL] if cell and len(cell) > _MAX_CELL else cell for cell in cells]


@dataclass(frozen=True, slots=True)
class ColumnEvidence:
    """What the cells of a column look like, as shares from 0 to 1.

    `filled` is a share of all cells, the others are shares of the filled ones: `codes` look like codes, `texts` have
    several words, `words` have no space. `unique` counts the different cells. `is_running` says that they are 1, 2, 3;
    `shapes` has the forms of the first codes; `firm` is the share with digits or capitals only; `is_grouped` says
    that the same cells are neighbours.
    """

    filled: float = 0
    unique: float = 0
    codes: float = 0
    texts: float = 0
    words: float = 0
    length: float = 0
    count: int = 0
    is_running: bool = False
    shapes: frozenset[str] = frozenset()
    firm: float = 0
    is_grouped: bool = False

    @property
    def is_code(self) -> bool:
        """Whether the column looks like that of the code."""
        return self.count > 1 and self.filled >= 0.9 and self.unique >= 0.95 and self.codes >= 0.9

    @property
    def is_code_of_several_rows(self) -> bool:
        """Whether the column looks like that of codes with several rows each: below a code, it repeats or is empty."""
        return self.count > 1 and self.codes >= 0.9 and self.is_grouped and self.unique >= 0.4 and self.filled >= 0.2

    @property
    def is_prose(self) -> bool:
        """Whether the column has sentences."""
        return self.texts >= 0.5 and self.length >= _PROSE

    @property
    def is_category(self) -> bool:
        """Whether the column has few different cells, which repeat."""
        return self.filled >= 0.9 and self.count > 1 and self.unique <= 0.5 and self.length <= 60


def evidence_of(cells: Iterable[str | None]) -> ColumnEvidence:
    """Return what the cells of a column look like."""
    texts = [(cell or "").strip() for cell in cells if cell is not CONTINUATION]
    filled = [text for text in texts if text not in EMPTY]
    if not filled:
        return ColumnEvidence()
    count = len(filled)
    return ColumnEvidence(
        filled=count / len(texts),
        unique=len(set(filled)) / count,
        codes=sum(map(is_code_like, filled)) / count,
        texts=sum(bool(_SPACE_IN_WORDS.search(text)) for text in filled) / count,
        words=sum(" " not in text and len(text) <= 64 for text in filled) / count,
        length=sum(map(len, filled)) / count,
        count=count,
        shapes=frozenset(map(shape, filled[:_SHAPES])),
        firm=sum(bool(_FIRM.fullmatch(text)) for text in filled) / count,
        is_grouped=1 + sum(a != b for a, b in pairwise(filled)) == len(set(filled)),
        is_running=count == len(texts) and _is_running(filled),
    )


def is_code_like(text: str) -> bool:
    """Whether a text has the form of a code, by itself."""
    if len(text) > 64 or text in EMPTY:
        return False
    if text.isdigit() and text.isascii():
        return True
    form = _PLAIN_CODE.fullmatch(text) or _HUMPS.fullmatch(text) or _SPACED_CODE.fullmatch(text)
    return bool(form) and not _NO_CODE.fullmatch(text)


def shape(text: str) -> str:
    """Return the form of a code: `A9` for E101 and F7, `9` for any number."""
    return re.sub("A+", "A", re.sub("[0-9]+", "9", re.sub("[^\\W\\d_]", "A", text.strip())))


def _is_running(filled: Sequence[str]) -> bool:
    if not filled[0].isdecimal() or len(filled[0]) > 1:
        return False
    return all(text == str(number) for number, text in enumerate(filled, int(filled[0])))
