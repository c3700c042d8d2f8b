"""Where the header of a sheet is: by the names of its columns, else by the cells below, else there is none."""

import re
from collections.abc import Sequence
from itertools import islice, pairwise

from kb.importing.reading.choices import NO_HEADER
from kb.importing.reading.code_column import CodeGuess, guess_code
from kb.importing.reading.column_roles import settle_columns
from kb.importing.reading.columns import find_columns, is_header, label_headers
from kb.importing.reading.header_names import Claim, claim, language_of
from kb.importing.reading.lines import is_heading
from kb.importing.reading.sheet_look import SheetLook
from kb.importing.reading.sheets import CONTINUATION, MORE_COLUMNS, Problem, Record, unreadable
from kb.importing.reading.table_rows import SheetPart, section_name
from kb.text.codes.cells import fit, tidy
from kb.text.safety.formula import infuse

MAX_HEADER_RECORD = 20
"""Number of records that are searched for the header: titles and notes may come before it."""

_LOOK_AT = 50
_TITLE = re.compile(
    r"(?i)\b(?:rev(?:ision)?|version|ver|v|issued?|updated?|date|edition|stand|last modified)\b[.:]? ?[0-9]"
    r"|[0-9]{4}[-/.][0-9]{1,2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}"
)
"""A line with a date or a version is the title of a table, not the heading of codes."""
_LEAST_ROWS = 3
_MAX_COVER = 200
_MOST_CELLS = 20_000
"""More cells than a row of any spreadsheet has, most of them empty."""

_LONGEST_NAME = 40


def header_end(look: SheetLook) -> int:
    """Return the number of records up to the header that names the code; 0 without one."""
    return 0 if look.sheet.key in look.choices.header else _named_header(look) + 1


def named_part(look: SheetLook) -> SheetPart | list[str]:
    """Return the sheet with its header, where somebody chose it or it names the code.

    Without such a header, return the labels of the record that is most like one.
    """
    line_chosen = look.choices.header.get(look.sheet.key)
    if line_chosen == NO_HEADER:
        return _part(look, -1, guess_code(look, -1, sure=True))
    if line_chosen is not None:
        at = next((at for at, (line, _) in enumerate(look.records) if line == line_chosen), None)
        if at is None:
            raise unreadable("no_such_line", f"The header cannot be in line {line_chosen}.", value=str(line_chosen))
        if is_header(look.records[at][1], look.column_map):
            return _part(look, at)
        guess = guess_code(look, at, sure=True)
        return _part(look, at, guess) if guess else label_headers(look.records[at][1])
    at = _named_header(look)
    return _part(look, at) if at >= 0 else _labels(look)


def guessed_part(look: SheetLook, *, sure: bool) -> SheetPart | None:
    """Return the sheet with the column that looks like the code's; None where none does.

    With `sure`, return it only where nobody needs to be asked.
    """
    if any(len(cells) > _MOST_CELLS or _filled(cells) > look.limits.columns for _, cells in look.records):
        # Too many columns for a table: nobody could choose among them, and a look at all would take long.
        return None
    line_chosen = look.choices.header.get(look.sheet.key)
    lines = [NO_HEADER, *(line for line, _ in look.records)]
    # A line that somebody chose is the header, also where its words say nothing.
    at = lines.index(line_chosen) - 1 if line_chosen in lines else _first_full(look)
    guess = guess_code(look, at, sure=sure)
    return _part(look, guess.header_at, guess) if guess else None


def _named_header(look: SheetLook) -> int:
    """Return the index of the record that names the code; -1 without one."""
    at = -1
    for count, (_, cells) in enumerate(look.records[:_MAX_COVER]):
        # Limits first: beyond them, a record costs nothing.
        if not is_header(cells[: look.limits.columns + 1], look.column_map):
            continue
        several = _filled(cells) > 1
        if several and (count < MAX_HEADER_RECORD or sum(bool(claim(cell or "").target) for cell in cells) > 1):
            return count
        # A single name may be the title of the table, if a real header follows.
        at = count if at < 0 and count < MAX_HEADER_RECORD else at
    return at if at >= 0 and _has_codes_below(look.records[at + 1 :]) else -1


def _has_codes_below(rows: Sequence[Record]) -> bool:
    """Whether one of the rows below a single name has a code, rather than the words of a cover."""
    cells = [cell.strip() for _, row in rows[:_LOOK_AT] for cell in row if cell and cell.strip()]
    return not cells or any(" " not in cell for cell in cells)


def _first_full(look: SheetLook) -> int:
    """Return the index of the first record that is about as wide as the table."""
    widths = sorted(_filled(cells) for _, cells in look.records)
    usual = widths[len(widths) // 2] if widths else 0
    return next(
        (
            at
            for at, (_, cells) in enumerate(look.records[:MAX_HEADER_RECORD])
            if _filled(cells) >= max(min(2, usual), 0.6 * usual)
        ),
        0,
    )


def _labels(look: SheetLook) -> list[str]:
    first: list[str] = []
    for _, cells in look.records[:MAX_HEADER_RECORD]:
        texts = list(islice((cell for cell in cells if cell and cell.strip()), look.limits.columns + 1))
        first = first if len(first) > 1 else texts
    return label_headers(first)


def _part(look: SheetLook, at: int, guess: CodeGuess | None = None) -> SheetPart:
    """Return the sheet with the header at an index; -1 for none."""
    line, cells = look.records[at] if at >= 0 else (0, [""] * _width(look))
    cells = list(cells)
    width = max((len(row) for _, row in look.records[at + 1 : at + _LOOK_AT] if any(row[len(cells) - 1 :])), default=0)
    while line and len(cells) > width and not (cells[-1] or "").strip():
        cells.pop()
    cells += [""] * _surplus(look, at, len(cells))
    if len(cells) > look.limits.columns:
        message = f"The file has {len(cells)} columns; at most {look.limits.columns} are allowed. {MORE_COLUMNS}"
        raise unreadable("too_many_columns", message, look.sheet.place(line))
    names, groups, height = _two_rows(look, at, cells)
    proposals = {**groups, **(guess.targets if guess else {})}
    if look.sheet.spreadsheet:
        names = [name and infuse(name) for name in names]
    columns, problems = find_columns(names, look.column_map, look.sheet.place(line), proposals, look.precedent.language)
    part = SheetPart(look.sheet, list(columns.targets), at + height, line, columns, "", problems, cells)
    part.ways.update(look.choices.answers)
    part.stored = look.precedent.odd_codes
    part.questions += guess.questions if guess else []
    part.section = _section(look, at, part)
    settle_columns(part, look.records[at + height :], look, guess)
    return part


def _surplus(look: SheetLook, at: int, width: int) -> int:
    """Return how many cells more than the header every row of a delimited text has, unless they go on with a text."""
    rows = [cells for _, cells in look.records[at + 1 :] if any(cells)]
    widths = set(map(len, rows))
    if at < 0 or not look.sheet.delimiter or len(rows) < _LEAST_ROWS or len(widths) != 1 or min(widths) <= width:
        return 0
    goes_on = any((cell or " ").startswith(" ") for cells in rows for cell in cells[width:])
    return 0 if goes_on else min(widths) - width


def _width(look: SheetLook) -> int:
    return max((len(cells) for _, cells in look.records[:MAX_HEADER_RECORD]), default=0)


def _two_rows(look: SheetLook, at: int, cells: list[str | None]) -> tuple[list[str | None], dict[str, str], int]:
    """Return the headers, the targets of those in a group, and how many rows from `at` on are the header."""
    above = list(look.records[at - 1][1]) if at > 0 else []
    below = list(look.records[at + 1][1]) if 0 <= at < len(look.records) - 1 else []
    if _is_group_row(above, cells):
        tops, lows, height = above, cells, 1
    elif _is_second_row(cells, below):
        tops, lows, height = cells, below, 2
    else:
        return cells, {}, 1
    width = max(len(tops), len(lows))
    tops, lows = ([*row, *[""] * (width - len(row))] for row in (tops, lows))
    cells += [""] * (width - len(cells))
    names, answers, group = [], [], ""
    for top, low in zip(tops, lows, strict=True):
        group = top or "" if (top or "").strip() or not (low or "").strip() else group
        names.append(f"{group} {low or ''}".strip())
        claims = [claim(text) for text in (names[-1], low or "", group)]
        answers.append(next((answer for answer in claims if answer.target and not answer.is_weak), Claim("")))
    labels = label_headers(names)
    order = sorted(range(width), key=lambda n: language_of(names[n]) not in ("", look.precedent.language[:2]))
    targets: dict[str, str] = {}
    for n in order:
        if answers[n].target and answers[n].target not in targets.values():
            targets[labels[n]] = answers[n].target
    return list(names), targets, height


def _is_group_row(above: Sequence[str | None], cells: Sequence[str | None]) -> bool:
    """Whether the row above a header has the groups of its columns: without them, headers repeat."""
    names = [cell.strip() for cell in cells if cell and cell.strip()]
    return (
        len(set(names)) < len(names) and _filled(above) > 1 and not any(claim(c or "").target == "code" for c in above)
    )


def _section(look: SheetLook, at: int, part: SheetPart) -> str:
    """Return the section of the first rows: the heading of a table in a page, or the banner above the header.

    A line above the header of a spreadsheet is its title, unless there are more like it between the rows.
    """
    above = [(line, text) for line, cells in look.records[: max(at, 0)] if (text := _only_text(cells))]
    line, text = above[-1] if above else (part.header_line, "")
    if text and (_TITLE.search(text) or (look.sheet.spreadsheet and not _has_headings(look, part, text))):
        text = ""
    return section_name(text or look.sheet.section, look.sheet.place(line), part.problems.append)


def _has_headings(look: SheetLook, part: SheetPart, heading: str) -> bool:
    """Whether headings like this one stand between the rows."""
    rows = look.records[part.header_end :]
    for (_, cells), (_, after) in pairwise(rows):
        if cells and cells[0] and not any(cells[1:]) and len(part.header) > 1 and _filled(after) > 1:
            is_alike = any(map(str.isdigit, heading)) <= any(map(str.isdigit, cells[0]))
            repeats = list(after[: len(part.cells)]) == part.cells
            if is_alike and (repeats or is_heading(look.sheet, cells, len(part.header))):
                return True
    return False


def _filled(cells: Sequence[str | None]) -> int:
    return sum(bool(cell and cell.strip()) for cell in cells)


def _only_text(cells: Sequence[str | None]) -> str:
    texts = list(islice((cell for cell in cells if cell and cell.strip()), 2))
    return tidy(texts[0]) if len(texts) == 1 else ""


def _is_second_row(cells: Sequence[str | None], below: Sequence[str | None]) -> bool:
    """Whether a row completes the header above it: it names columns of a group, and the code's cell is merged."""
    names_at = [n for n, cell in enumerate(below) if cell and cell.strip()]
    if len(names_at) < 2 or any(len(below[n] or "") > _LONGEST_NAME for n in names_at):
        return False
    top = [cells[n] if n < len(cells) else "" for n in range(max(len(cells), len(below)))]
    grouped = [n for n in names_at if not (top[n] or "").strip() or (n and top[n] == top[n - 1])]
    under_code = [n for n, cell in enumerate(top) if cell and claim(cell).target == "code" and n not in names_at]
    merged = any(below[n] is CONTINUATION for n in under_code if n < len(below))
    return bool(grouped and under_code) and (merged or all(claim(below[n] or "").target for n in names_at))


def unread_lines(look: SheetLook, part: SheetPart) -> Problem | None:
    """Return a warning about rows of several cells above the header, which are not read."""
    first = part.header_end - 1 if part.header_line else 0
    if first and _is_group_row(look.records[first - 1][1], part.cells):
        first -= 1
    rows = [(line, cells) for line, cells in look.records[:first] if _filled(cells) > 1 and line != part.header_line]
    if not rows:
        return None
    lines = ", ".join(str(line) for line, _ in rows[:5])
    words = " | ".join(cell.strip() for cell in rows[0][1] if cell and cell.strip())
    message = f"Above the header, line {lines} was not read: {fit(words[:100])}"
    return Problem(look.sheet.place(rows[0][0]), "rows_above", message, fit(words[:60]), "warning")
