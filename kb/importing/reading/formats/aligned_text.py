"""Tables in plain text: cells between pipes or lines of a box, or columns that spaces align."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from kb.importing.reading.columns import ColumnMap, is_header
from kb.importing.reading.formats.entries import CODE, MESSAGE, NAME, Entry, is_like_code, sheet_of
from kb.importing.reading.formats.grids import (
    PAGE_LEFT_OUT,
    CellBudget,
    Grid,
    is_page,
    sheets_of,
    tell,
    without_jira_marks,
)
from kb.importing.reading.sheets import Record, Sheet
from kb.importing.reading.source_file import SourceFile

_PIPE = re.compile(r"(?<!\\)\|")
_WIKI_PIPE = re.compile(r"[|^]")
_RULE = re.compile(r"[-=_+|: ]{3,}")
_DASHES = re.compile(r"[-=]{2,}")
_GAP = re.compile(r"(?<! ) {2,}|\t+")
_BOX = str.maketrans("│┃║¦", "||||") | str.maketrans(dict.fromkeys("─━═┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋╞╪╡╟╫╢╤╧╭╮╯╰", "-"))
_HEADER_LINES = 20
_MANUAL_LINES = 200
_PAIR = re.compile(r"([ \t]{0,40})(\S{1,64})(?: {2,200}|\t{1,9} {0,99})(\S.*)")
_NAME = re.compile(r"([A-Z][A-Z0-9_]{1,40})(?: {2,200}|\t{1,9} {0,99})(\S.*)")
_NAMED_PAIR = re.compile(
    r"([ \t]{0,40})([A-Z][A-Z0-9_]{1,40})[ \t]{1,99}(-?(?:0x)?[0-9A-Fa-f]{1,10})(?: {2,200}|\t{1,9})(\S.*)"
)
_COUNT = re.compile(r"\(?\d{1,9} rows?\b.{0,40}")


def read_pipes(source_file: SourceFile) -> list[Sheet]:
    """Return the table whose cells stand between pipes."""
    budget = CellBudget(source_file.limits)
    grid = Grid()
    width = 0
    for number, line in enumerate(without_jira_marks(source_file.text).split("\n"), 1):
        line = line.translate(_BOX)
        if not line.strip() or _RULE.fullmatch(line.strip()):
            continue
        cells = _pipe_cells(line)
        width = width or (len(cells) if len(cells) > 1 else 0)
        # A heading of a wiki has signs around it.
        cells = cells if width else [line.strip("=# ")]
        if len(cells) == 1 and width:
            if not _COUNT.fullmatch(line.strip()):
                tell(source_file, number, "This line has no | and was left out.", line.strip())
            continue
        budget.take(len(cells), number)
        grid.records.append((number, cells))
    return sheets_of([grid], source_file)


def read_spaces(source_file: SourceFile) -> list[Sheet]:
    """Return the table whose columns are aligned by spaces, below its header."""
    lines = [line.expandtabs(8).rstrip() for line in source_file.text.split("\n")]
    at = max(_header_of_spaces(lines[:_MANUAL_LINES], source_file.columns), 0)
    # A header may stand in a comment.
    lines[at] = lines[at].replace("#", " ", 1) if lines[at].startswith("#") else lines[at]
    records = list(_spaced_records(lines, at, source_file))
    return sheets_of([Grid(records=records)], source_file)


def begins_with_pipes(sample: str) -> bool:
    """Whether one of the first lines is a header with pipes between its cells."""
    lines = [line.translate(_BOX) for line in without_jira_marks(sample).split("\n")[:_HEADER_LINES]]
    if any(("|" in line or line[:1] == "^") and is_header(_pipe_cells(line)[:100], ColumnMap()) for line in lines):
        return True
    counts = [len(_pipe_cells(line)) for line in lines if line.strip()]
    return len(counts) > 1 and min(counts) > 1 and len(set(counts)) == 1


def begins_with_spaces(sample: str) -> bool:
    """Whether one of the first lines is a header whose cells are apart by spaces, and the next line has such cells."""
    lines = [line.rstrip() for line in sample.split("\n")[:_MANUAL_LINES]]
    return _header_of_spaces(lines, {}) >= 0


def _header_of_spaces(lines: list[str], columns: Mapping[str, str]) -> int:
    """Return the index of the header of a table without signs, which has a row below it; -1 without one.

    In a manual, pages may come before it: the row then begins with a code.
    """
    texts = [at for at, line in enumerate(lines) if line.strip("# \t")]
    for n, (at, below) in enumerate(pairwise(texts)):
        if _is_spaced_header(lines[at], columns):
            words = lines[below].split()
            is_row = len(words) > 1 or bool(_RULE.fullmatch(lines[below].strip()))
            if is_row and (n < _HEADER_LINES or _is_code(words[0])):
                return at
    return -1


def read_pairs(source_file: SourceFile) -> list[Sheet]:
    """Return the codes that stand in a column of their own, with their texts in another one, below no header."""
    lines = [line.expandtabs(8).rstrip() for line in source_file.text.split("\n")]
    side, column = _pair_column(lines)
    entries: list[Entry] = []
    start = 0
    for number, line in enumerate(lines, 1):
        pair = _pair_of(line)
        if pair and pair.span[side] == column:
            start = pair.span[0]
            entries.append(Entry(number, pair.texts))
        elif entries and _indent(line) > start + 1:
            # A text that goes on below.
            last = entries[-1]
            entries[-1] = Entry(last.line, {**last.texts, MESSAGE: f"{last.texts[MESSAGE]} {line.strip()}"})
        elif line.strip():
            tell(source_file, number, "This line has no code and was left out.", line.strip())
    return [sheet_of(entries, source_file.limits)]


def begins_with_pairs(sample: str) -> bool:
    """Whether most lines that begin in one column are a code, a gap and a text."""
    lines = [line.expandtabs(8).rstrip() for line in sample.split("\n")[:200] if line.strip()]
    side, column = _pair_column(lines)
    starts = [line for line in lines if (_indent(line) == column if side == 0 else _indent(line) < column)]
    pairs = [pair for line in starts if (pair := _pair_of(line)) and pair.span[side] == column]
    return len(pairs) > 2 and len(pairs) > 0.6 * len(starts) and any(" " in pair.texts[MESSAGE] for pair in pairs)


def _pair_column(lines: list[str]) -> tuple[int, int]:
    """Return the column in which most codes begin (0 and the column) or, if they are aligned right, end (1)."""
    spans = [pair.span for pair in map(_pair_of, lines[:200]) if pair]
    counts = Counter((side, span[side]) for side in (0, 1) for span in spans)
    return max(counts, key=lambda key: (counts[key], -key[0]), default=(0, 0))


class _Pair(NamedTuple):
    span: tuple[int, int]
    texts: dict[str, str]


def _pair_of(line: str) -> _Pair | None:
    """Return the code of a line and the text behind it, with a name in capitals before or behind the code."""
    if named := _NAMED_PAIR.fullmatch(line):
        return _Pair((len(named[1]), named.end(3)), {CODE: named[3], NAME: named[2], MESSAGE: named[4]})
    pair = _PAIR.fullmatch(line)
    if not pair or not _is_code(pair[2]):
        return None
    name = _NAME.fullmatch(pair[3])
    return _Pair(pair.span(2), {CODE: pair[2], **({NAME: name[1], MESSAGE: name[2]} if name else {MESSAGE: pair[3]})})


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_code(word: str) -> bool:
    return is_like_code(word) or word.lstrip("-").isdigit()


def _pipe_cells(line: str) -> list[str | None]:
    if line.lstrip().startswith("^") and line.rstrip().endswith(("^", "|")):
        # The header of a table in DokuWiki.
        return [cell.strip() for cell in _WIKI_PIPE.split(line.strip()[1:-1])]
    line = line.strip().removeprefix("|")
    line = line.removesuffix("|") if not line.endswith("\\|") else line
    return [cell.strip().replace("\\|", "|") for cell in _PIPE.split(line)]


def _words_of(line: str) -> list[str]:
    words = [word for word in _GAP.split(line.strip()) if word]
    return words if len(words) > 1 else line.split()


def _is_spaced_header(line: str, columns: Mapping[str, str]) -> bool:
    words = _words_of(line[:2_000].lstrip("#"))
    most = 20 if _GAP.search(line.strip("# ")) else 4 if line[:1].isalpha() else 0
    return "|" not in line and 1 < len(words) < most and len(line) < 300 and is_header(words, ColumnMap(columns))


def _spaced_records(lines: list[str], at: int, source_file: SourceFile) -> Iterator[Record]:
    header = _words_of(lines[at])
    starts = _starts(lines, at, header)
    by_gaps = len(_GAP.split(lines[at].strip())) > 1
    yield at + 1, header
    row: tuple[int, list[str]] | None = None
    budget = CellBudget(source_file.limits)
    # What stands above the header comes back on the next page.
    furniture = {_without_digits(text) for text in lines[:at]} - {""}
    for number, line in enumerate(lines[at + 1 :], at + 2):
        if not line.strip() or line[0] == "#" or _RULE.fullmatch(line.strip()) or _COUNT.fullmatch(line.strip()):
            continue
        if is_page(lines, number - 1) or _without_digits(line) in furniture:
            tell(source_file, number, PAGE_LEFT_OUT.format(line.strip()), line.strip())
            continue
        cells = _cells(line, starts, len(header), by_gaps)
        budget.take(len(cells), number)
        if row and len(cells) == len(header) == len(row[1]) and not cells[0] and any(cells):
            # A text that goes on below, in its own column.
            row = row[0], [f"{old} {new}".strip() for old, new in zip(row[1], cells, strict=True)]
            continue
        if row:
            yield row
        row = number, cells
    if row:
        yield row


def _without_digits(line: str) -> str:
    return re.sub("[0-9]+", "9", " ".join(line.split()))


def _starts(lines: list[str], at: int, header: list[str]) -> list[int]:
    """Return where each column begins: below the header's dashes, or else its words."""
    if at + 1 < len(lines) and _RULE.fullmatch(lines[at + 1].strip() or "x"):
        starts = [run.start() for run in _DASHES.finditer(lines[at + 1])]
        if len(starts) == len(header):
            return starts
    starts, end = [], 0
    for word in header:
        starts.append(lines[at].index(word, end))
        end = starts[-1] + len(word)
    return starts


def _cells(line: str, starts: list[int], width: int, by_gaps: bool) -> list[str]:
    words = [word for word in _GAP.split(line.strip()) if word]
    if by_gaps and len(words) == width:
        return words
    if by_gaps and all(start >= len(line) or line[start - 1] == " " for start in starts[1:]):
        ends = [*starts[1:], len(line)]
        cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        # Below a header with other places than its rows, a cut goes through words.
        if sum(map(len, cells)) >= len(line.replace(" ", "")):
            return cells
    if by_gaps and len(words) == 1:
        # A heading within the table.
        return [words[0], *[""] * (width - 1)]
    # Where the columns are not aligned, the last one takes all other words.
    return line.split(None, width - 1)
