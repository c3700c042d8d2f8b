"""Texts that are no tables, although they have codes: refused by their kind, with what to do."""

import re
from collections.abc import Callable

from kb.importing.reading.sheets import Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

_STATEMENT = re.compile(
    r"(?:insert\s{1,9}into|create\s{1,9}(?:table|database|schema|or)|drop\s{1,9}table|alter\s{1,9}table|delete\s{1,9}from"
    r"|set\s{1,9}[@\w]{1,40}\s{0,9}=|begin\s{0,9};|use\s{1,9}\S{1,60};|lock\s{1,9}tables|start\s{1,9}transaction)",
    re.IGNORECASE,
)
GETTEXT = re.compile(r'^msgid\s{1,9}"', re.MULTILINE)


DIFF = re.compile(r"diff --git |--- [^\n]{1,300}\n\+\+\+ \S")
"""How a difference between two files begins."""


def is_sql(sample: str) -> bool:
    """Whether the first line that is no comment is a statement of SQL."""
    lines = (line.strip(" \t\ufeff") for line in sample.split("\n")[:200])
    first = next((line for line in lines if line and not line.startswith(("--", "/*", "*", "#"))), "")
    return bool(_STATEMENT.match(first))


def refuse(kind: str, what: str) -> Callable[[SourceFile], list[Sheet]]:
    """Return a reader that refuses every file as this kind."""

    def read(source_file: SourceFile) -> list[Sheet]:
        raise unreadable(kind, what, SourcePlace(1))

    return read


refuse_sql = refuse("sql", "This is an SQL script, not a table. Run it in a database and export the table as CSV.")
refuse_gettext = refuse("gettext", "This is a file of translations (gettext), not a table. Convert it to CSV.")
refuse_diff = refuse("diff", "This shows how a file has changed (diff), it is no table. Import the new file itself.")
