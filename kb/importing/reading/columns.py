"""Which column of a file is what: found by its header, in English and Chinese, or as somebody says."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb.importing.reading.sheets import Problem, SourcePlace, unreadable
from kb.models.codes import VENDOR_TEXTS
from kb.text.codes.forms import clean
from kb.text.word_lists import WordFile

EXTRA, IGNORE = "extra", "ignore"
TARGETS = {
    "code": "Code",
    "section": "Section",
    "symbol": "Symbol",
    "description": "Description",
    "possible_reasons": "Possible reasons",
    "suggested_actions": "Suggested actions",
    EXTRA: "Keep as an extra column",
    IGNORE: "Leave out",
}
"""What a column may be read as, with its name for people."""

_HEADERS = WordFile(Path(__file__).with_name("headers.toml")).groups("headers")
_RANKS = {header: (target, rank) for target, headers in _HEADERS.items() for rank, header in enumerate(headers)}
_ASIDE = re.compile(r"[(\[{<][^()\[\]{}<>]*[)\]}>]")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_WORD = re.compile(r"[\W_]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?<![su])s\b")
_MAX_HEADER = 200


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What each header is read as: a key of TARGETS. Remembered with an import as plain JSON."""

    targets: Mapping[str, str] = field(default_factory=dict)

    def has(self, target: str) -> bool:
        """Whether a column is read as `target`."""
        return target in self.targets.values()

    @property
    def extra_headers(self) -> list[str]:
        """Headers of the columns that are kept as extra ones."""
        return [header for header, target in self.targets.items() if target == EXTRA]

    def as_json(self) -> dict[str, str]:
        """Return the map for storing; `ColumnMap(stored)` is the way back."""
        return dict(self.targets)


def map_given(given: ColumnMap | Mapping[str, str] | None) -> ColumnMap:
    """Return an explicit map, checked. Raises Unreadable for a target that there is not."""
    columns = given if isinstance(given, ColumnMap) else ColumnMap(given or {})
    for header, target in columns.targets.items():
        if target not in TARGETS:
            message = f"The column {header} cannot be read as {target!r}; allowed: {', '.join(TARGETS)}."
            raise unreadable("unknown_target", message, value=str(target))
    return columns


def label_headers(cells: Iterable[str | None]) -> list[str]:
    """Return a label for each column: its header, told apart where two are the same, numbered where it is empty."""
    labels: list[str] = []
    for position, cell in enumerate(cells, 1):
        label = original = _label(cell or "")[:_MAX_HEADER] or f"Column {position}"
        number = 2
        while label in labels:
            label, number = f"{original} ({number})", number + 1
        labels.append(label)
    return labels


def names_code(cells: Iterable[str | None], given: ColumnMap) -> bool:
    """Whether a record is a header: one of its cells names the column of the code."""
    labels = [_label(cell or "") for cell in cells]
    said = {given.targets.get(label) for label in labels}
    # A map that names a code is made for this file, or for one like it: its header is the one to look for.
    return "code" in said or any(_rank(label)[0] == "code" for label in labels if label not in given.targets)


def find_columns(
    cells: Sequence[str | None], given: ColumnMap, place: SourcePlace | None = None
) -> tuple[ColumnMap, list[Problem]]:
    """Return what the columns of a header are, and what is worth knowing about it.

    What `given` says about a header stands; the others are found by their names, the better match first.
    """
    labels = label_headers(cells)
    targets = {label: given.targets[label] for label in labels if label in given.targets}
    problems = _said_twice(targets, place)
    best: dict[str, tuple[int, str]] = {}
    claims = {label: _rank(_label(cell or "")) for label, cell in zip(labels, cells, strict=True)}
    for label, (target, rank) in claims.items():
        if label not in targets and target and target not in targets.values():
            best.setdefault(target, (rank, label))
            best[target] = min(best[target], (rank, label), key=lambda claim: claim[0])
    for label, (target, _) in claims.items():
        if label in targets:
            continue
        winner = best[target][1] if target in best else ""
        targets[label] = target if label == winner else EXTRA
        if winner and label != winner:
            problems.append(_outdone(label, winner, target, place))
    in_order = {label: targets[label] for label in labels}
    return ColumnMap(in_order), problems


def positions(columns: ColumnMap) -> dict[str, int]:
    """Return where the columns of the vendor's texts stand, by their target."""
    order = list(columns.targets.values())
    return {name: order.index(name) for name in VENDOR_TEXTS if name in order}


def _label(cell: str) -> str:
    # A header stands in emphasis in Markdown, and breaks its lines in narrow columns.
    text = clean(cell.encode("utf-8", "replace").decode()).strip("*`")
    return " ".join(text.split())


def _rank(label: str) -> tuple[str, int]:
    text = unicodedata.normalize("NFKC", label)
    text = _ASIDE.sub(" ", text).strip() or text
    text = _NO_WORD.sub(" ", _HUMP.sub(" ", text)).strip().lower()
    return _RANKS.get(_PLURAL.sub("", text), ("", 0))


def _outdone(label: str, winner: str, target: str, place: SourcePlace | None) -> Problem:
    message = f"Two columns may be the {TARGETS[target].lower()}: {winner} is read as it, {label} is kept as an extra."
    return Problem(place, "same_target", message, label, "warning")


def _said_twice(targets: Mapping[str, str], place: SourcePlace | None) -> list[Problem]:
    problems = []
    for target in TARGETS:
        headers = [header for header, said in targets.items() if said == target]
        if target not in (EXTRA, IGNORE) and len(headers) > 1:
            message = f"The {TARGETS[target].lower()} can come from one column alone; chosen: {', '.join(headers)}."
            problems.append(Problem(place, "same_target", message, headers[1]))
    return problems
