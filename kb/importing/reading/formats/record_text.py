"""Records below each other, each text on a line of its own with its label: `Error number: 102`, then `Action: ...`."""

import re

from kb.importing.reading.formats.entries import Entry, sheet_of, target_of
from kb.importing.reading.sheets import Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

_LINE = re.compile(r'[ \t]{0,9}"?([^\W\d_][^:=,;\t"]{0,40}?)"?[ \t]{0,9}[:=,;\t][ \t]{0,9}(\S.*)')
_LEAST_RECORDS = 2


def begins(sample: str) -> bool:
    """Whether lines with the same label for a code stand above lines with other labels."""
    lines = [line for line in sample.split("\n")[:200] if line.strip(" \t,;")]
    labels = [match[1].strip() for line in lines if (match := _LINE.fullmatch(line))]
    if not labels or target_of(labels[0]) != "code" or any(line.startswith("[") for line in lines):
        return False
    records = labels.count(labels[0])
    others = {label for label in labels if target_of(label) not in ("", "code")}
    return records >= _LEAST_RECORDS and bool(others) and 2 * len(labels) > len(lines) and len(labels) > records


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the table of the records. A line without a label goes on with the text above it."""
    records: list[tuple[int, dict[str, list[str]]]] = []
    first = label = ""
    for number, line in enumerate(source_file.text.split("\n"), 1):
        match = _LINE.fullmatch(line)
        name = match[1].strip() if match else ""
        texts = records[-1][1] if records else {}
        if match and (not first or name == first):
            first = label = name
            records.append((number, {first: [_unquoted(match[2])]}))
        elif match and texts and name not in texts and (not line[0].isspace() or target_of(name)):
            label = name
            texts[label] = [_unquoted(match[2])]
            if len(texts) > source_file.limits.columns:
                message = f"This record has more than {source_file.limits.columns} texts, the limit."
                raise unreadable("too_many_columns", message, SourcePlace(number))
        elif texts and line.strip(" \t,;"):
            texts[label].append(line.strip())
    entries = [Entry(line, {name: "\n".join(parts) for name, parts in texts.items()}) for line, texts in records]
    return [sheet_of(entries, source_file.limits)]


def _unquoted(text: str) -> str:
    text = text.strip().rstrip(",;") if text.strip().startswith('"') else text.strip()
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text
