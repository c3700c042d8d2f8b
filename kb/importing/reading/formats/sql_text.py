"""SQL: the rows that a script inserts, one table of codes for each table of the script. It is never run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from kb.importing.reading.formats.grids import tell
from kb.importing.reading.sheets import Record, Report, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

MAX_WORDS = 2_000_000
"""Most words and signs of one script."""

_WORD = (
    r"|(?P<comment>--[^\n]*+|/\*.*?(?:\*/|\Z))|(?P<name>\"[^\"]{0,200}\"|`[^`]{0,200}`|\[[^\[\]\n]{1,200}\])"
    r"|(?P<word>[\w.$@#+-]++)|(?P<sign>[^\s\w])"
)
_STANDARD = re.compile(r"(?P<string>'(?:[^']|'')*+'?)" + _WORD, re.DOTALL)
_WITH_ESCAPES = re.compile(r"(?P<string>'(?:[^'\\]|''|\\.)*+'?)" + _WORD, re.DOTALL)
_STATEMENT = re.compile(
    r"(?:insert\s{1,9}into|create\s{1,9}(?:table|database|schema|or)|drop\s{1,9}table|alter\s{1,9}table|delete\s{1,9}from"
    r"|set\s{1,9}[@\w]{1,40}\s{0,9}=|begin\s{0,9};|use\s{1,9}\S{1,60};|lock\s{1,9}tables|start\s{1,9}transaction)",
    re.IGNORECASE,
)
_COPY = re.compile(r"^copy ([\w.\"]{1,200}) ?\(([^()\n]{1,2000})\) from stdin[^\n]*;$", re.IGNORECASE | re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SIGNS = {"n": "\n", "t": "\t", "r": "", "0": ""}
_CONSTRAINTS = {"constraint", "primary", "unique", "key", "foreign", "index", "check", "fulltext", "exclude", "like"}
_OTHERS = {"update", "delete", "merge", "replace"}


class _Word(NamedTuple):
    kind: str
    text: str
    line: int


@dataclass
class _Rows:
    """The rows that are inserted into one table, and the columns of the first statement."""

    columns: list[str]
    records: list[Record] = field(default_factory=list)


def is_sql(sample: str) -> bool:
    """Whether the first line that is no comment is a statement of SQL."""
    lines = (line.strip(" \t\ufeff") for line in sample.split("\n")[:200])
    first = next((line for line in lines if line and not line.startswith(("--", "/*", "*", "#"))), "")
    return bool(_STATEMENT.match(first))


def read(source_file: SourceFile) -> list[Sheet]:
    """Return a table for each table into which rows are inserted. Raises Unreadable without one."""
    script = _Script(source_file)
    script.read()
    tables = {names: rows for names, rows in script.tables.items() if rows.records}
    if not tables:
        message = "This SQL script inserts no rows with values. Run it in a database and export the table as CSV."
        raise unreadable("sql", message, SourcePlace(1))
    several = len({name for name, *_ in tables}) > 1
    return [_sheet(name if several else "", rows) for (name, *_), rows in tables.items()]


def _sheet(section: str, rows: _Rows) -> Sheet:
    def records(report: Report) -> Iterator[Record]:
        if rows.columns:
            yield rows.records[0][0], list(rows.columns)
        yield from rows.records

    return Sheet(records, section=section, line=rows.records[0][0])


class _Script:
    """Walks over the words of a script."""

    def __init__(self, source_file: SourceFile) -> None:
        self.source_file = source_file
        self.text = source_file.text
        self.tables: dict[tuple[str, ...], _Rows] = {}
        self.declared: dict[str, list[str]] = {}
        self.words: list[_Word] = []
        self.at = 0

    def read(self) -> None:
        """Read all statements."""
        self._copies()
        self.words = list(self._words())
        computed: list[_Word] = []
        others: list[_Word] = []
        while self.at < len(self.words):
            word = self.words[self.at]
            self.at += 1
            if self._is("create") and self._is("table", 0):
                self._declare()
            elif self._is("insert") or (self._is("replace") and self._is("into", 0)):
                computed += self._insert()
            elif word.kind == "word" and word.text.lower() in _OTHERS and self._begins_statement():
                others.append(word)
        if computed:
            message = f"{len(computed)} values are computed by the database, and count as not there."
            tell(self.source_file, computed[0].line, message, computed[0].text)
        if others:
            message = f"{len(others)} statements that change rows were not read, such as {others[0].text.upper()}."
            tell(self.source_file, others[0].line, message)

    def _words(self) -> Iterator[_Word]:
        # MySQL escapes signs by a backslash, and names by a backtick.
        has_escapes = "\\'" in self.text or "`" in self.text
        line, count, end = 1, 0, 0
        for match in (_WITH_ESCAPES if has_escapes else _STANDARD).finditer(self.text):
            line += self.text.count("\n", end, match.start())
            end = match.start()
            kind, text = match.lastgroup or "", match[0]
            count += 1
            if count > MAX_WORDS:
                raise unreadable("too_many_values", f"This script has more than {MAX_WORDS} words, the limit.")
            if kind == "comment":
                continue
            if kind == "string":
                text = text[1:-1].replace("''", "'")
                text = _ESCAPE.sub(lambda sign: _SIGNS.get(sign[1], sign[1]), text) if has_escapes else text
            elif kind == "name":
                text = text[1:-1]
            yield _Word(kind, text, line)

    def _is(self, word: str, offset: int = -1) -> bool:
        at = self.at + offset
        return at < len(self.words) and self.words[at].kind == "word" and self.words[at].text.lower() == word

    def _begins_statement(self) -> bool:
        return self.at < 2 or self.words[self.at - 2].text == ";"

    def _until(self, *signs: str) -> list[_Word]:
        start = self.at
        while self.at < len(self.words) and self.words[self.at].text not in signs:
            self.at += 1
        return self.words[start : self.at]

    def _declare(self) -> None:
        name = _name(self._until("(", ";"))
        self.declared[name] = [
            words[0].text for words in self._parts() if words and words[0].text.lower() not in _CONSTRAINTS
        ][: self.source_file.limits.columns + 1]

    def _parts(self) -> list[list[_Word]]:
        """Return the words between the commas of the bracket at the present word, and move behind it."""
        parts: list[list[_Word]] = [[]]
        depth = 0
        while self.at < len(self.words):
            word = self.words[self.at]
            is_sign = word.kind == "sign"
            if is_sign and depth == 0 and word.text != "(":
                break
            self.at += 1
            depth += (is_sign and word.text == "(") - (is_sign and word.text == ")")
            if depth == 0:
                break
            if is_sign and word.text == "," and depth == 1:
                parts.append([])
            elif len(parts[-1]) or depth > 1 or not (is_sign and word.text == "("):
                parts[-1].append(word)
        return parts

    def _insert(self) -> list[_Word]:
        """Read `INSERT INTO name (columns) VALUES (...), (...)`; return the values that are computed."""
        head = []
        while self.at < len(self.words) and self.words[self.at].text not in ("(", ";") and not self._is("values", 0):
            head.append(self.words[self.at])
            self.at += 1
        name, columns, computed = _name(head), [], []
        if self.at < len(self.words) and self.words[self.at].text == "(":
            columns = [part[0].text for part in self._parts() if part]
        if not self._is("values", 0):
            return []
        columns = columns or self.declared.get(name, [])
        rows = self._rows(name, columns)
        self.at += 1
        while self.at < len(self.words) and self.words[self.at].text == "(":
            line = self.words[self.at].line
            cells = []
            for part in self._parts():
                cell, is_computed = _value(part)
                computed += part[:1] if is_computed else []
                cells.append(cell)
            rows.records.append((line, cells))
            self.at += self.at < len(self.words) and self.words[self.at].text == ","
        return computed

    def _rows(self, name: str, columns: list[str]) -> _Rows:
        """Return the rows of a table; a statement may name other columns than the one before, or in another order."""
        return self.tables.setdefault((name, *columns), _Rows(columns))

    def _copies(self) -> None:
        """Read the rows of `COPY name (columns) FROM stdin;`, as pg_dump writes them, and take them off the text."""
        pieces, end, first, counted = [], 0, 2, 0
        for match in _COPY.finditer(self.text):
            if match.start() < end:
                continue
            first, counted = first + self.text.count("\n", counted, match.end()), match.end()
            stop = self.text.find("\n\\.", match.end())
            stop = len(self.text) if stop < 0 else stop
            columns = [column.strip(' "') for column in match[2].split(",")]
            rows = self._rows(match[1].replace('"', "").rpartition(".")[2], columns)
            lines = self.text[match.end() + 1 : stop].split("\n") if stop > match.end() else []
            for number, line in enumerate(lines, first):
                cells = [None if cell == "\\N" else _unescape(cell) for cell in line.split("\t")]
                rows.records.append((number, cells))
            pieces += [self.text[end : match.start()], "\n" * (len(lines) + 1)]
            end = min(stop + 3, len(self.text))
        self.text = "".join([*pieces, self.text[end:]])


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda sign: _SIGNS.get(sign[1], sign[1]), text) if "\\" in text else text


def _name(words: list[_Word]) -> str:
    """Return the name of a table, which may have that of its schema before it."""
    names = [word.text for word in words if word.kind in ("word", "name")]
    return names[-1].rpartition(".")[2] if names else ""


def _value(words: list[_Word]) -> tuple[str | None, bool]:
    """Return a value as a cell, and whether the database would compute it."""
    if len(words) == 1 and words[0].kind == "string":
        return words[0].text, False
    if len(words) == 2 and words[1].kind == "string" and (words[0].text in "NnEe" or words[0].text.startswith("_")):
        # A prefix of an alphabet.
        return words[1].text, False
    if len(words) == 1 and words[0].kind == "word":
        word = words[0].text
        if word.lower() in ("null", "default"):
            return None, False
        return word, not word.lstrip("+-")[:1].isdigit() and word.lower() not in ("true", "false")
    return None, bool(words)
