"""Texts that are no tables, although they have codes: refused by their kind, with what to do."""

import re
from collections.abc import Callable

from kb.importing.reading.files import ALLOWED
from kb.importing.reading.sheets import Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

LATEX = re.compile(r"^[ \t]{0,20}\\(?:documentclass|begin|section|usepackage)\b", re.MULTILINE)
GETTEXT = re.compile(r'^msgid\s{1,9}"', re.MULTILINE)
DIFF = re.compile(r"diff --git |--- [^\n]{1,300}\n\+\+\+ \S")
"""How a difference between two files begins."""


def refuse(kind: str, what: str) -> Callable[[SourceFile], list[Sheet]]:
    """Return a reader that refuses every file as this kind."""

    def read(source_file: SourceFile) -> list[Sheet]:
        raise unreadable(kind, what, SourcePlace(1))

    return read


refuse_latex = refuse("latex", f"This is a LaTeX document, whose tables are not read. {ALLOWED}")
refuse_gettext = refuse("gettext", "This is a file of translations (gettext), not a table. Convert it to CSV.")
refuse_diff = refuse("diff", "This is a diff of two files, not a table. Import the new file itself.")
