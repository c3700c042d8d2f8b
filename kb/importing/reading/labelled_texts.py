"""Several texts in one cell, each behind its label: "Cause: The door is open. Solution: Close it."."""

import re
from collections.abc import Iterable, Iterator

from kb.importing.reading.header_names import SPLIT, claim
from kb.importing.reading.table_rows import SheetPart, TableRow

_TEXTS = ("description", "possible_reasons", "suggested_actions")
_LABEL = re.compile(
    r"(?:(?<=\n)|(?<=[.;!?\u3002\uff1b\uff01] )|(?<=[\u3002\uff1b])|\A)[-*\u2022\u30fb]?[*_ ]{0,3}"
    r"([^\W\d_][^\n:\uff1a.,;\u3002\uff0c|]{1,40})[*_]{0,2}[:\uff1a][*_]{0,2}"
)
_LEAST = 2
_LOOK_AT = 200


def labelled_parts(text: str) -> dict[str, str]:
    """Return the texts of a cell by their target; what stands before the first label is under ""."""
    parts: dict[str, list[str]] = {}
    target, start = "", 0
    for match in _LABEL.finditer(text):
        name, _, is_weak, *_ = claim(match[1].strip())
        if name in _TEXTS and not is_weak:
            parts.setdefault(target, []).append(text[start : match.start()].strip())
            target, start = name, match.end()
    parts.setdefault(target, []).append(text[start:].strip())
    return {name: "\n".join(filter(None, texts)) for name, texts in parts.items() if any(texts) or name}


def texts_in(cells: Iterable[str | None]) -> list[str]:
    """Return the targets whose labels most cells have; [] unless there are two of them or more."""
    filled = [cell for cell, _ in zip((cell for cell in cells if cell), range(_LOOK_AT), strict=False)]
    names_by_cell = [set(labelled_parts(cell)) & set(_TEXTS) for cell in filled if ":" in cell or "\uff1a" in cell]
    several = [names for names in names_by_cell if len(names) >= _LEAST]
    if len(several) < max(_LEAST, len(filled) / 2):
        return []
    return [name for name in _TEXTS if any(name in names for names in several)]


def split_rows(part: SheetPart, rows: Iterator[TableRow]) -> Iterator[TableRow]:
    """Yield rows with the texts of their cells apart. Words without a label are the description, or the first text."""
    headers = [header for header, target in part.columns.targets.items() if target == SPLIT]
    for row in rows:
        texts, extra = dict.fromkeys(part.split_texts, "") | row.texts, dict(row.extra)
        for header in headers:
            for name, words in labelled_parts(extra.pop(header, "")).items():
                target = name or part.split_rest
                texts[target] = "\n".join(filter(None, [texts.get(target, ""), words]))
        yield row._replace(texts=texts, extra=extra)
