"""Records below each other, each text on a line of its own with its label: `Error number: 102`, then `Action: ...`."""

import re

from kb.importing.reading.formats.entries import Entry, sheet_of, target_of
from kb.importing.reading.sheets import Sheet
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
    entries: list[Entry] = []
    first = label = ""
    for number, line in enumerate(source_file.text.split("\n"), 1):
        match = _LINE.fullmatch(line)
        texts = dict(entries[-1].texts) if entries else {}
        if match and (not first or match[1].strip() == first):
            first = label = match[1].strip()
            entries.append(Entry(number, {first: _unquoted(match[2])}))
        elif (
            match
            and entries
            and match[1].strip() not in texts
            and (target_of(match[1].strip()) or not line[0].isspace())
        ):
            label = match[1].strip()
            entries[-1] = Entry(entries[-1].line, {**texts, label: _unquoted(match[2])})
        elif entries and line.strip(" \t,;"):
            entries[-1] = Entry(entries[-1].line, {**texts, label: f"{texts[label]}\n{line.strip()}"})
    return [sheet_of(entries, source_file.limits)]


def _unquoted(text: str) -> str:
    text = text.strip().rstrip(",;") if text.strip().startswith('"') else text.strip()
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text
