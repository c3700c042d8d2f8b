"""Tables as documents have them: the heading above is the section, and marks around a code are taken off."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kb.importing.reading.columns import ColumnMap, find_columns, is_header
from kb.importing.reading.sheets import Limits, Problem, Record, Report, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile
from kb.text.codes.cells import fit

REMARK = "Remark"
"""Header of the extra column for what a mark around a code says, such as `(deprecated)`."""

_BYTES_OF_CELL = 8
_HEADER_RECORDS = 20
# Longer than any number of a character; `html.unescape` raises ValueError for some thousand digits.
_LONG_REFERENCE = re.compile(r"&#[0-9]{20,}+;?")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\](?:\([^()]{0,500}\)|\[[^\[\]]{0,100}\])")
# Two asterisks are the wildcards of a code.
_FOOTNOTE = re.compile(
    r"\[\^[^\[\]]{1,40}\]|\^\[?\w{1,3}\]?(?!\S)|\{#[^{}]{0,100}\}|\\?[†‡¶](?!\S)|(?<![*\\])\\?\*(?!\S)"
)
_ESCAPE = re.compile(r"\\([^\w\s])")
_STRIKE = re.compile(r"~~([^~]{1,200})~~")
_ICON = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f\u200d \t]{1,20}(?=[^ \t])")
_QUOTES = ("''", '""', "\u201c\u201d", "\u2018\u2019", "\u00ab\u00bb", "\u300c\u300d")
_REMARK_WORDS = (
    r"(?:\b(?:deprecated|obsolete|removed|retired|legacy|unused|reserved|internal|experimental|beta|preview|new)\b"
    r"|已废弃|已弃用|废弃|弃用|已删除|保留)"
)
_REMARK = re.compile(
    rf"[*_]{{0,2}}[(\[（【][^()\[\]（）【】]{{0,30}}?{_REMARK_WORDS}[^()\[\]（）【】]{{0,60}}[)\]）】][*_]{{0,2}}"
    rf"|\*{{0,2}}{_REMARK_WORDS}(?!\w)\*{{0,2}}",
    re.IGNORECASE,
)
_JIRA_HEADER = re.compile(r"^[ \t]{0,9}\|\|[^|\n]{1,200}(?:\|\|[^|\n]{1,200}){1,99}\|\|[ \t]{0,9}$", re.MULTILINE)
_JIRA_HEADING = re.compile(r"^h([1-6])\. ", re.MULTILINE)
_PARAMETERS = {
    *("parameter", "parameters", "param", "params", "type", "data type", "default", "default value", "limit", "limits"),
    *("required", "mandatory", "optional", "option", "field", "property", "argument", "variable", "setting", "quota"),
    *(
        "unit",
        "units",
        "range",
        "minimum",
        "maximum",
        "min",
        "max",
        "参数",
        "参数名",
        "类型",
        "默认值",
        "必填",
        "是否必填",
        "限制",
    ),
}
_TYPES = set("int integer int32 int64 long string str bool boolean object array".split())
_WEAK_CODES = {"value", "number", "values", "numbers", "no.", "值", "取值"}


@dataclass
class CellBudget:
    """How many cells all tables of a file may still have: one tag may fill a hundred cells of each row below it."""

    limits: Limits
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.limits.memory // _BYTES_OF_CELL

    def take(self, cells: int, line: int) -> None:
        """Count the cells of a row. Raises Unreadable when there are too many."""
        self.left -= cells
        if self.left < 0:
            most = self.limits.memory // _BYTES_OF_CELL
            message = f"The tables of this file have more than {most} cells, the limit. Use CSV."
            raise unreadable("too_many_cells", message, SourcePlace(line))


@dataclass
class Grid:
    """One table: its records, and the level and text of the heading above it."""

    section: tuple[int, str] = (0, "")
    records: list[Record] = field(default_factory=list)


PAGE_LEFT_OUT = "This line is no row of the table, but a part of the page, and was left out: {}"
_LONGEST_PAGE = 3


def is_page(lines: Sequence[str], at: int) -> bool:
    """Whether a line has only a short number, between blank lines, as between the pages of a manual."""
    around = [lines[n].strip() for n in (at - 1, at + 1) if 0 <= n < len(lines)]
    return lines[at].strip().isdigit() and len(lines[at].strip()) <= _LONGEST_PAGE and not any(around)


def unescape(text: str) -> str:
    """Return the text with the characters that its references, such as `&amp;`, stand for."""
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def without_jira_marks(text: str) -> str:
    """Return a text whose headers of tables and headings are written as in Markdown rather than as in Jira."""
    if "||" not in text or not _JIRA_HEADER.search(text):
        return text
    text = _JIRA_HEADER.sub(lambda header: header[0].replace("||", "|"), text)
    return _JIRA_HEADING.sub(lambda mark: "#" * int(mark[1]) + " ", text)


def unmark(cell: str) -> tuple[str, str]:
    """Return the code of a cell without links, anchors, footnotes and emphasis, and what its marks say about it."""
    text, remarks = cell, []
    if icon := _ICON.match(text):
        text, remarks = text[icon.end() :], [icon[0].strip()]
    if not text.isalnum():
        text = _LINK.sub(r"\1", _TAG.sub("", text.replace("<sup>", "^")))
        if _STRIKE.search(text):
            text, remarks = _STRIKE.sub(r"\1", text), ["struck out"]
        # Before footnotes: the end of a bold word looks like one.
        for mark in ("**", "__", "`", "*"):
            if len(text) > 2 * len(mark) and text.strip().startswith(mark) and text.count(mark) > 1:
                text = text.replace(mark, "")
        text = _FOOTNOTE.sub("", text)
        text = _ESCAPE.sub(r"\1", text).strip()
        if len(text) > 2 and text[0] + text[-1] in _QUOTES and text[0] not in text[1:-1]:
            text = text[1:-1].strip()
        remark = _REMARK.search(text, 1)
        # What only looks like a remark may be the code itself.
        if remark and (rest := (text[: remark.start()] + text[remark.end() :]).strip(" ,;\n")):
            text, remarks = rest, [*remarks, remark[0].strip("*_()[]（）【】")]
    return text, ", ".join(remarks)


def sheets_of(grids: Sequence[Grid], source_file: SourceFile) -> list[Sheet]:
    """Return a sheet for each table. The only heading of the first level is the title of the page, not a section."""
    headings = Counter(level for level, _ in {grid.section for grid in grids})
    sheets = []
    for grid in grids:
        level, section = grid.section
        section = "" if level == 1 and headings[1] == 1 else section
        header_at = code_header(grid.records, source_file.columns)
        _unmark_codes(grid.records, header_at, source_file.columns)

        def records(report: Report, rows: list[Record] = grid.records) -> list[Record]:
            return rows

        sheet = Sheet(records, section=section, line=grid.records[0][0] if grid.records else 0)
        if grid.records and _is_parameters(grid.records[max(header_at, 0) :], source_file.columns):
            sheet.doubt = "looks like a table of parameters or limits"
        sheets.append(sheet)
    return sheets


def code_header(records: Sequence[Record], columns: Mapping[str, str]) -> int:
    """Return the index of the first record that has the header of a code's column; -1 without one."""
    column_map = ColumnMap(columns)
    heads = enumerate(records[:_HEADER_RECORDS])
    return next((at for at, (_, cells) in heads if is_header(cells[:500], column_map)), -1)


def tell(source_file: SourceFile, line: int, message: str, value: str = "") -> None:
    """Add a warning about what was left out at a line."""
    problem = Problem(SourcePlace(line) if line else None, "left_out", fit(message), fit(value[:60]), "warning")
    source_file.problems.append(problem)


def _unmark_codes(records: list[Record], header_at: int, columns: Mapping[str, str]) -> None:
    code_at = 0
    if header_at >= 0:
        header = list(records[header_at][1][:500])
        code_at = list(find_columns(header, ColumnMap(columns))[0].targets.values()).index("code")
    remarks: dict[int, str] = {}
    for at in range(header_at + 1, len(records)):
        line, cells = records[at]
        if code_at < len(cells) and (cell := cells[code_at]) and not cell.isalnum():
            code, remark = unmark(cell)
            if code != cell and code:
                # Only a code that has marks becomes a new text, because the type of a cell means something.
                records[at] = line, [*cells[:code_at], code, *cells[code_at + 1 :]]
            if remark:
                remarks[at] = remark
    if remarks and header_at >= 0:
        width = len(records[header_at][1])
        for at in range(header_at, len(records)):
            line, cells = records[at]
            if len(cells) == width:
                records[at] = line, [*cells, REMARK if at == header_at else remarks.get(at, "")]


def _is_parameters(records: Sequence[Record], columns: Mapping[str, str]) -> bool:
    header = records[0][1]
    labels = [" ".join((cell or "").strip("*` ").lower().split()) for cell in header[:100]]
    targets = find_columns(header[:100], ColumnMap(columns))[0].targets.values()
    if any(label in _TYPES and _has_types(records[1:6], n) for n, label in enumerate(labels)):
        # The row of a parameter that is called `code`, below a header that has none.
        return True
    strong = any(target == "code" and label not in _WEAK_CODES for label, target in zip(labels, targets, strict=True))
    names = [label for label in labels if label in _PARAMETERS]
    # A table of types of errors begins with the type; parameters have a name first.
    return not strong and bool(names) and (names != ["type"] or labels[0] != "type")


def _has_types(rows: Sequence[Record], n: int) -> bool:
    """Whether a column has types of parameters; as far as is known where it has few cells."""
    return len(rows) < 2 or any((cells[n] or "").strip("*` ").lower() in _TYPES for _, cells in rows if n < len(cells))
