"""The meaning of each column: derived from its header, or set by the person who imports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kb.importing.reading.header_names import SPLIT, Claim, claim, plain, shown
from kb.importing.reading.sheets import Problem, SourcePlace, unreadable
from kb.models.fields import CODE_FIELDS, VENDOR_TEXTS
from kb.text.codes.forms import clean

EXTRA, IGNORE, SUBCODE = "extra", "ignore", "subcode"
TARGETS = {
    **{field.name: field.label for field in CODE_FIELDS if field.is_imported},
    SUBCODE: "Second part of the code",
    SPLIT: "Several texts, told apart by the labels in its cells",
    EXTRA: "Keep as an extra column",
    IGNORE: "Leave out",
}
"""The targets of a column, with their labels."""

BY_NAME, BY_CHOICE, BY_LAST_FILE = "its header", "as chosen", "as in the last file"
_MAX_HEADER = 200


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The target of each header: a key of TARGETS. An import stores it as plain JSON.

    `reasons` says, in words for a person, why a column has its target.
    """

    targets: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False)

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

    def of(self, labels: Iterable[str]) -> dict[str, str]:
        """Return the target of each label that the map has, also where it is spelt in another way."""
        if not self.targets:
            return {}
        labels = list(labels)
        spellings = {plain(header): header for header in self.targets if header not in labels}
        headers = {label: label if label in self.targets else spellings.pop(plain(label), "") for label in labels}
        return {label: self.targets[header] for label, header in headers.items() if header}


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
    labels = [label for cell in cells if cell and (label := _label(cell))]
    chosen = column_map.of(labels)
    # A map with a target `code` was made for this file or a similar one, so its header for the code decides.
    return "code" in chosen.values() or any(
        (answer := claim(label)).target == "code" and not answer.is_weak for label in labels if label not in chosen
    )


def find_columns(
    cells: Sequence[str | None],
    column_map: ColumnMap,
    place: SourcePlace | None = None,
    proposals: Mapping[str, str] | None = None,
    language: str = "",
) -> tuple[ColumnMap, list[Problem]]:
    """Return the target of each column of a header, and the problems of the header.

    `column_map` decides about the headers that it has, then `proposals`. The others get a target by their name; the
    best match wins, and of several languages the table's own.
    """
    labels = label_headers(cells)
    targets = column_map.of(labels)
    reasons = dict.fromkeys(targets, BY_CHOICE)
    for label, target in (proposals or {}).items():
        if label not in targets and (target in (EXTRA, IGNORE) or target not in targets.values()):
            targets[label], reasons[label] = target, BY_NAME
    problems = _repeated_targets(targets, place)
    claims = {
        label: _strong_claim(_label(cell or ""))
        for label, cell in zip(labels, cells, strict=True)
        if label not in targets
    }
    winners: dict[str, str] = {}
    for label in sorted(claims, key=lambda label: (claims[label].is_foreign(language), claims[label].rank)):
        target = claims[label].target
        if target and (target == SPLIT or target not in targets.values()):
            winners.setdefault(target, label)
    for label, (target, _, _, spelling, _) in claims.items():
        winner = winners.get(target, "")
        targets[label] = target if label == winner else EXTRA
        if label == winner:
            reasons[label] = BY_NAME
            if spelling:
                problems.append(_misspelt_column(label, spelling, target, place))
        elif winner:
            problems.append(_losing_column(label, winner, target, place))
    return ColumnMap({label: targets[label] for label in labels}, reasons), problems


def positions(columns: ColumnMap) -> dict[str, int]:
    """Return the index of each column with a vendor's text, by its target."""
    order = list(columns.targets.values())
    return {name: order.index(name) for name in VENDOR_TEXTS if name in order}


def _label(cell: str) -> str:
    # Markdown has headers in emphasis, and narrow columns break their lines.
    text = clean(shown(cell.encode("utf-8", "replace").decode())).strip("*`")
    return " ".join(text.split())


def _strong_claim(label: str) -> Claim:
    answer = claim(label)
    return Claim("") if answer.is_weak else answer


def _misspelt_column(label: str, spelling: str, target: str, place: SourcePlace | None) -> Problem:
    message = f"The header {label} is read as a misspelt \u201c{spelling}\u201d: {TARGETS[target].lower()}."
    return Problem(place, "misspelt_header", message, label, "warning")


def _losing_column(label: str, winner: str, target: str, place: SourcePlace | None) -> Problem:
    message = f"Two columns match the {TARGETS[target].lower()}: {winner} is used, {label} is kept as an extra column."
    return Problem(place, "same_target", message, label, "warning")


def _repeated_targets(targets: Mapping[str, str], place: SourcePlace | None) -> list[Problem]:
    problems = []
    for target in TARGETS:
        headers = [header for header, other in targets.items() if other == target]
        if target not in (EXTRA, IGNORE, SPLIT) and len(headers) > 1:
            message = f"The {TARGETS[target].lower()} can come from one column only. You chose: {', '.join(headers)}."
            problems.append(Problem(place, "same_target", message, headers[1]))
    return problems
