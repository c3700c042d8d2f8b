"""Values in a column of codes: pasted CSV, TSV, aligned text, Markdown and HTML tables whose header says so."""

import re
from collections.abc import Iterator
from pathlib import Path

from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind
from kb.text.word_lists import WordFile, one_of

MAX_ROWS = 5_000
"""Most rows of a text that are read as a table."""

_WORDS = Path(__file__).parent / "words"
_HEADERS = WordFile(_WORDS / "columns.toml").words("headers")
_VAGUE = one_of(WordFile(_WORDS / "columns.toml").words("vague_headers"))
_OTHER_KINDS = WordFile(_WORDS / "labels.toml").words("other_kinds")
_OF_A_PRODUCT = (
    rf"(?=[a-z0-9])(?!{one_of(_OTHER_KINDS)}[ _-]?code)[a-z0-9]{{2,16}}+"
    r"[ _-](?:err(?:or)?[ _-]?)?(?:codes?|errno|sqlstate)"
)
"""A header such as `sip_code`, and no other kind of code such as `zip_code`."""

_SPELLED = [[*(sign if sign != " " else "[ _-]" for sign in re.sub(r"[()]", "", header))] for header in _HEADERS]
_HEADER = re.compile(rf"[\s\"'*`]{{0,40}}+(?:{one_of(_SPELLED)}|{_OF_A_PRODUCT})[\s\"'*`#]{{0,40}}+\Z")
_VAGUE_HEADER = re.compile(rf"[\s\"'*`]{{0,40}}+{_VAGUE}[\s\"'*`#]{{0,40}}+\Z")
_CLEAR_VALUE = re.compile(r"0x[0-9A-Fa-f]{8}\Z|-?[0-9]{5,}\Z|[A-Z][A-Z0-9]{1,20}(?:_[A-Z0-9]{1,20}){1,5}\Z")
"""What is a code also below a header that may mean something else: `Status`."""

_ANY_HEADER = re.compile(
    rf"(?:^|[,;\t|\"'*`]| {{2}})[ ]{{0,3}}({one_of(_SPELLED)}|{_OF_A_PRODUCT}|{_VAGUE})(?![\"'\\\\]*\s?[:=])"
    r"(?=[ ]{0,3}(?:[,;\t|\"'*`\r\n]|\Z)| {2})",
    re.IGNORECASE | re.MULTILINE,
)
_PLAIN_LINE = re.compile(r"^[^0-9\r\n]{4,2000}\r?$", re.MULTILINE)
"""A line without digits: a header has none."""

_NEXT_LINE = re.compile(r"\r?\n([^\r\n]{1,2001})")
_MAX_LINE = 2_000
_CELL = re.compile(
    r"[\s\"'`*_]{0,6}(-?(?:0x[0-9a-fA-F]{1,16}|[A-Za-z]{0,8}-?[0-9][0-9A-Za-z]{0,15}(?:[.-][0-9A-Za-z]{1,8}){0,3}"
    r"|[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*))[\s\"'`*_]{0,6}\Z"
)
_NUMBER = re.compile(r"[\s\"'`*_]{0,6}(-?[0-9][0-9.,]{0,19})[\s\"'`*_]{0,6}\Z")
_RULE = re.compile(r"[\s|:+=-]+\Z")
_SIGNS = ("|", "\t", ";", ",")
_GAPS = re.compile(r"[ ]{2,}")
_TAG = re.compile(r"<(?:(/?)(tr|th|td))\b[^<>]{0,100}>", re.IGNORECASE)


def column_values(text: str) -> Iterator[Candidate]:
    """Yield the values below a header that says code."""
    if "<t" in text or "<T" in text:
        yield from _html(text)
    read_to = rows = 0
    for header in _PLAIN_LINE.finditer(text):
        if header.start() < read_to or rows > MAX_ROWS or not _ANY_HEADER.search(header[0]):
            continue
        sign, columns, width = _header(header[0])
        if not columns:
            continue
        label = _cells(header[0], sign)[columns[0]][2].strip(" \t\"'*`")
        is_vague = not _HEADER.match(label.lower())
        for row, row_start in _rows(text, header.end()):
            cells = _cells(row, sign)
            if abs(len(cells) - width) > 1:
                break
            rows, read_to = rows + 1, row_start + len(row)
            for column, cell in enumerate(cells):
                if column in columns:
                    yield from _value(cell, row_start, label, is_vague)
                elif not is_vague:
                    yield from _other(cell, row_start)


def _rows(text: str, end: int) -> Iterator[tuple[str, int]]:
    """Yield the lines below a header and their positions, to the first empty line."""
    while (line := _NEXT_LINE.match(text, end)) and len(line[1]) <= _MAX_LINE:
        end = line.end()
        if not _RULE.match(line[1]):
            yield line[1], line.start(1)


def _header(words: str) -> tuple[str, list[int], int]:
    """Return the sign between the cells of a header, the positions of its columns of codes, and its width."""
    for sign in (*_SIGNS, " "):
        if sign not in words:
            continue
        cells = _cells(words, sign)
        columns = [n for n, cell in enumerate(cells) if _HEADER.match(cell[2].lower())]
        columns = columns or [n for n, cell in enumerate(cells) if _VAGUE_HEADER.match(cell[2].lower())]
        if columns and len(cells) > 1:
            return sign, columns, len(cells)
    return "", [], 0


def _cells(words: str, sign: str) -> list[tuple[int, int, str]]:
    cells, start = [], 0
    if sign == " ":
        for gap in _GAPS.finditer(words):
            cells.append((start, gap.start(), words[start : gap.start()]))
            start = gap.end()
    elif sign:
        for part in words.split(sign)[:-1]:
            cells.append((start, start + len(part), part))
            start += len(part) + 1
    return [*cells, (start, len(words), words[start:])]


def _value(cell: tuple[int, int, str], offset: int, label: str, is_vague: bool = False) -> Iterator[Candidate]:
    match = _CELL.match(cell[2])
    if match and (not is_vague or _CLEAR_VALUE.match(match[1])):
        start = offset + cell[0] + match.start(1)
        strength = STRENGTH[CandidateKind.FIELD] - (0.3 if len(match[1].lstrip("-")) <= 2 else 0)
        yield Candidate(start, start + len(match[1]), match[1], label, CandidateKind.FIELD, strength)


def _other(cell: tuple[int, int, str], offset: int) -> Iterator[Candidate]:
    """Yield a number in a column beside one of codes, which is no code."""
    match = _NUMBER.match(cell[2])
    if match:
        start = offset + cell[0] + match.start(1)
        yield Candidate(start, start + len(match[1]), match[1], "", CandidateKind.OTHER, 0)


def _html(text: str) -> Iterator[Candidate]:
    columns: dict[int, str] = {}
    column, rows = -1, 0
    opened: tuple[str, int] | None = None
    for tag in _TAG.finditer(text):
        name, is_end = tag[2].lower(), bool(tag[1])
        if name == "tr":
            column = -1
            rows += not is_end
        elif not is_end:
            column += 1
            opened = (name, tag.end())
        elif opened and rows <= MAX_ROWS:
            words = re.sub(r"<[^<>]{0,80}>", lambda m: " " * len(m[0]), text[opened[1] : tag.start()][:200])
            if _HEADER.match(words.lower()):
                columns[column] = words.strip()
            elif column in columns and opened[0] == "td":
                yield from _value((0, len(words), words), opened[1], columns[column])
            opened = None
