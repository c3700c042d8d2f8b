"""The meaning of each column: derived from its header, in English or Chinese, or set by the person who imports."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb.importing.reading.sheets import Problem, SourcePlace, unreadable
from kb.models.fields import CODE_FIELDS, VENDOR_TEXTS
from kb.text.codes.forms import clean
from kb.text.word_lists import WordFile

EXTRA, IGNORE = "extra", "ignore"
TARGETS = {
    **{field.name: field.label for field in CODE_FIELDS if field.is_imported},
    EXTRA: "Keep as an extra column",
    IGNORE: "Leave out",
}
"""The targets of a column, with their labels."""

_HEADERS = WordFile(Path(__file__).with_name("headers.toml")).groups("headers")
_RANKS = {header: (target, rank) for target, headers in _HEADERS.items() for rank, header in enumerate(headers)}
_PARENTHESIS = re.compile(r"[(\[{<][^()\[\]{}<>]*[)\]}>]")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?<![su])s\b")
_MAX_HEADER = 200


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The target of each header: a key of TARGETS. An import stores it as plain JSON."""

    targets: Mapping[str, str] = field(default_factory=dict)

    def has(self, target: str) -> bool:
        """Whether a column has this target."""
        return target in self.targets.values()

    @property
    def extra_headers(self) -> list[str]:
        """Headers of the extra columns."""
        return [header for header, target in self.targets.items() if target == EXTRA]

    def as_json(self) -> dict[str, str]:
        """Return the map as stored in the database; `ColumnMap(stored)` restores it."""
        return dict(self.targets)


def check_column_map(column_map: ColumnMap | Mapping[str, str] | None) -> ColumnMap:
    """Return an explicit map as a ColumnMap, empty for None. Raises Unreadable for an unknown target."""
    columns = column_map if isinstance(column_map, ColumnMap) else ColumnMap(column_map or {})
    for header, target in columns.targets.items():
        if target not in TARGETS:
            message = f"The column {header} cannot be read as {target!r}. Allowed: {', '.join(TARGETS)}."
            raise unreadable("unknown_target", message, value=str(target))
    return columns


def label_headers(cells: Iterable[str | None]) -> list[str]:
    """Return a unique label for each column: its header, with a number where it repeats or is empty."""
    # A dict, and the next number of each header, because a file may repeat a header a million times.
    labels: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for position, cell in enumerate(cells, 1):
        label = original = _label(cell or "")[:_MAX_HEADER] or f"Column {position}"
        number = numbers.get(original, 2)
        while label in labels:
            label, number = f"{original} ({number})", number + 1
        labels[label] = None
        numbers[original] = number
    return list(labels)


def is_header(cells: Iterable[str | None], column_map: ColumnMap) -> bool:
    """Whether a record is a header: one of its cells is the header of the code's column."""
    labels = [_label(cell or "") for cell in cells]
    targets = {column_map.targets.get(label) for label in labels}
    # A map with a target `code` was made for this file or a similar one, so its header for the code decides.
    return "code" in targets or any(_rank(label)[0] == "code" for label in labels if label not in column_map.targets)


def find_columns(
    cells: Sequence[str | None], column_map: ColumnMap, place: SourcePlace | None = None
) -> tuple[ColumnMap, list[Problem]]:
    """Return the target of each column of a header, and the problems of the header.

    `column_map` decides about the headers that it has. The others get a target by their name; the best match wins.
    """
    labels = label_headers(cells)
    targets = {label: column_map.targets[label] for label in labels if label in column_map.targets}
    problems = _repeated_targets(targets, place)
    winners: dict[str, tuple[int, str]] = {}
    claims = {label: _rank(_label(cell or "")) for label, cell in zip(labels, cells, strict=True)}
    for label, (target, rank) in claims.items():
        if label not in targets and target and target not in targets.values():
            winners.setdefault(target, (rank, label))
            winners[target] = min(winners[target], (rank, label), key=lambda claim: claim[0])
    for label, (target, _) in claims.items():
        if label in targets:
            continue
        winner = winners[target][1] if target in winners else ""
        targets[label] = target if label == winner else EXTRA
        if winner and label != winner:
            problems.append(_losing_column(label, winner, target, place))
    in_order = {label: targets[label] for label in labels}
    return ColumnMap(in_order), problems


def positions(columns: ColumnMap) -> dict[str, int]:
    """Return the index of each column with a vendor's text, by its target."""
    order = list(columns.targets.values())
    return {name: order.index(name) for name in VENDOR_TEXTS if name in order}


def _label(cell: str) -> str:
    # Markdown has headers in emphasis, and narrow columns break their lines.
    text = clean(cell.encode("utf-8", "replace").decode()).strip("*`")
    return " ".join(text.split())


def _rank(label: str) -> tuple[str, int]:
    text = unicodedata.normalize("NFKC", label)
    text = _PARENTHESIS.sub(" ", text).strip() or text
    text = _NO_WORD.sub(" ", _HUMP.sub(" ", text)).strip().lower()
    return _RANKS.get(_PLURAL.sub("", text), ("", 0))


def _losing_column(label: str, winner: str, target: str, place: SourcePlace | None) -> Problem:
    message = f"Two columns match the {TARGETS[target].lower()}: {winner} is used, {label} is kept as an extra column."
    return Problem(place, "same_target", message, label, "warning")


def _repeated_targets(targets: Mapping[str, str], place: SourcePlace | None) -> list[Problem]:
    problems = []
    for target in TARGETS:
        headers = [header for header, other in targets.items() if other == target]
        if target not in (EXTRA, IGNORE) and len(headers) > 1:
            message = f"The {TARGETS[target].lower()} can come from one column only. You chose: {', '.join(headers)}."
            problems.append(Problem(place, "same_target", message, headers[1]))
    return problems
