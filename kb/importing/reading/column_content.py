"""The columns of one part while their targets are settled: targets, reasons, and what the cells look like."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kb.importing.reading.choices import FileQuestion
from kb.importing.reading.columns import BY_CHOICE, BY_LAST_FILE, ColumnMap
from kb.importing.reading.evidence import ColumnEvidence, evidence_of
from kb.importing.reading.header_names import SPLIT
from kb.importing.reading.sheet_look import SheetLook
from kb.importing.reading.sheets import Problem, Record
from kb.importing.reading.table_rows import SheetPart
from kb.text.codes.cells import fit

TEXTS = ("description", "possible_reasons", "suggested_actions")
_LOOK_AT = 500


@dataclass
class ColumnContent:
    """The columns of one part while their targets are settled."""

    part: SheetPart
    rows: Sequence[Record]
    look: SheetLook
    targets: dict[str, str] = field(init=False)
    reasons: dict[str, str] = field(init=False)
    _evidence: dict[int, ColumnEvidence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.targets = dict(self.part.columns.targets)
        self.reasons = dict(self.part.columns.reasons)

    @cached_property
    def labels(self) -> list[str]:
        """The label of each column."""
        return list(self.targets)

    def evidence(self, label: str) -> ColumnEvidence:
        """Return what the first cells of a column look like."""
        at = self.labels.index(label)
        if at not in self._evidence:
            rows = [cells for _, cells in self.rows[:_LOOK_AT] if any(cells)]
            self._evidence[at] = evidence_of(cells[at] if at < len(cells) else "" for cells in rows)
        return self._evidence[at]

    def cells(self, label: str) -> list[str | None]:
        """Return the first cells of a column."""
        at = self.labels.index(label)
        return [cells[at] for _, cells in self.rows[:_LOOK_AT] if at < len(cells)]

    def is_chosen(self, label: str) -> bool:
        """Whether somebody chose the target of a column, now or for the last file."""
        return self.reasons.get(label) == BY_CHOICE

    def final_reasons(self) -> dict[str, str]:
        """Return the reasons for people: what is chosen now is told from what the last file says."""
        now = ColumnMap(self.look.choices.columns).of(self.reasons)
        return {
            label: BY_LAST_FILE if reason == BY_CHOICE and label not in now else reason
            for label, reason in self.reasons.items()
        }

    def column_of(self, target: str) -> str:
        """Return the label of the first column with a target; "" without one."""
        return next((label for label, other in self.targets.items() if other == target), "")

    def has_text(self) -> bool:
        """Whether a column has a target that says what a code means."""
        return any(target in (*TEXTS, SPLIT) for target in self.targets.values())

    def take(self, label: str, target: str, reason: str) -> None:
        """Give a column its target, and the reason."""
        self.targets[label], self.reasons[label] = target, reason

    def warn(self, kind: str, message: str, label: str) -> None:
        """Add a warning about a column."""
        place = self.part.sheet.place(self.part.header_line) if self.part.header_line else None
        self.part.problems.append(Problem(place, kind, fit(message), label, "warning"))

    def ask(self, question: FileQuestion) -> None:
        """Add a question."""
        self.part.questions.append(question)
