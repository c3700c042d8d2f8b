"""The formats that can be read, and which one a document is: by its bytes, its name, or how its text begins."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kb.importing.reading.formats import csv_text, json_text, markup
from kb.importing.reading.sheets import Sheet
from kb.importing.reading.source_file import SourceFile

_JSON = re.compile(r'\ufeff?\s*(?:\{\s*"|\[\s*[\[{\]])')
_JSON_LINES = re.compile(r'\ufeff?\s*\{\s*"[^\n]*\}[ \t]*\n\s*\{\s*"')
_HTML = re.compile(r"\ufeff?\s*<(?:!doctype\s+html|html|head|body|div|table|h[1-6]|thead|tbody|tr|meta|style)\b", re.I)
_PIPES = re.compile(r"^[ \t]{0,9}\|?[ \t:]{0,9}-[-: \t]{0,99}\|[-|: \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Format:
    """One form of a table: its name, the endings of its files, its reader, and how to know its text."""

    name: str
    endings: tuple[str, ...]
    read: Callable[[SourceFile], list[Sheet]]
    begins: Callable[[str], object]


def _xlsx(source_file: SourceFile) -> list[Sheet]:
    # Not with the module: openpyxl takes longer to load than most files to read, and every import would wait.
    from kb.importing.reading.formats import xlsx

    return xlsx.read(source_file)


def _is_markdown(sample: str) -> bool:
    return bool(_PIPES.search(sample)) or "<table" in sample.lower()


XLSX = Format("xlsx", ("xlsx", "xlsm"), _xlsx, lambda sample: False)
CSV = Format("csv", ("csv", "tsv", "tab"), csv_text.read, lambda sample: False)
_TEXTS = (
    Format("ndjson", ("ndjson", "jsonl"), json_text.read_lines, _JSON_LINES.match),
    Format("json", ("json",), json_text.read, _JSON.match),
    Format("html", ("html", "htm"), markup.read_html, _HTML.match),
    Format("markdown", ("md", "mdx", "markdown"), markup.read_markdown, _is_markdown),
    CSV,
)
"""The formats of text, in the order in which a sample is tried; CSV is what nothing else claims."""


def text_format(source_file: SourceFile) -> Format:
    """Return the format of a text: CSV where somebody chose a delimiter, else by its name, else by how it begins."""
    if source_file.delimiter:
        return CSV
    ending = source_file.name.lower().rpartition(".")[2]
    named = next((form for form in _TEXTS if ending in form.endings), None)
    return named or next((form for form in _TEXTS if form.begins(source_file.sample)), CSV)
