"""A look at a file as lines for a terminal."""

from collections.abc import Iterable, Iterator

from kb.importing.reading.choices import FileQuestion
from kb.importing.reading.look import Look, TableLook
from kb.management.terminal import safe

_MAX_CELL = 60


def question_lines(questions: Iterable[FileQuestion]) -> list[str]:
    """Return the lines of questions: each message, and below it the flags of each offer."""
    lines = []
    for question in questions:
        lines.append(safe(question.message))
        for offer in question.offers:
            mark = " (used now)" if offer.label == question.default else ""
            lines.append(safe(f"  {offer.flags}   {offer.label}{mark}"))
    return lines


def look_lines(view: Look) -> Iterator[str]:
    """Yield the lines of a look: what is read, each table with its columns and first rows, problems and questions."""
    yield ", ".join(filter(None, [view.format, view.encoding, dict(view.delimiters).get(view.delimiter, "")]))
    for problem in view.stops:
        yield f"cannot be read: {problem}"
    for table in view.tables:
        yield from _table_lines(table)
    for problem in view.problems:
        yield f"{problem.severity}: {problem}"
    if view.problem_count > len(view.problems):
        yield f"and {view.problem_count - len(view.problems)} more problems"
    yield from question_lines(view.questions)


def _table_lines(table: TableLook) -> Iterator[str]:
    name = f"{table.key} ({table.name})" if table.name and table.name != table.key else table.key
    if not table.is_read:
        yield f"table {name}: left out. {table.reason}"
        yield f"  columns: {', '.join(column.header for column in table.columns)}"
        return
    count = "many" if table.row_count is None else str(table.row_count)
    header = f"header in line {table.header_line}" if table.header_line else "no header"
    yield f"table {name}: {count} rows, {header}"
    for column in table.columns:
        yield f"  {column.header} = {column.target}{f'   {column.reason}' if column.reason else ''}"
    for line, section, cells in table.rows:
        words = [_short(cell) for cell in ([section, *cells] if table.has_sections else cells)]
        yield f"  {line:>6}  {' | '.join(words)}"


def _short(cell: str) -> str:
    words = " ".join(cell.split())
    return words if len(words) <= _MAX_CELL else f"{words[:_MAX_CELL]}\u2026"
