"""What the roll-back of an import gives back to each code.

# Note [Steps back]
Each import that changes a code, each roll-back and each edit adds one to the code's version. A step back leads from one
version to an earlier one whose words are the same, or become the same with the values of the step. Roll-backs store
them in their rows: a code that was restored is like it was before; where a later change kept a code from being
restored, the values wait until that change is rolled back. So however many imports are rolled back, and in whatever
order, the code is as it was before them. A version that somebody wrote has no step back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kb.models import ImportRow, ImportState, ReturnCode, RowKind, TableImport
from kb.models.import_rows import DECIDED_BY

HELD = "version"
"""The key in `before` of a roll-back's row: the version from which its step leads back to `code_version`."""

_NOT_OF_THE_CODE = {"position", "tombstone", DECIDED_BY}
"""Keys in `before` of a plan's row that `order` and `tombstones` restore, and who decided about the row."""


@dataclass
class StepBack:
    """The values that a code gets back, the names of the fields, and the version that it is like again."""

    values: dict[str, Any]
    fields: list[str]
    version: int | None

    def add(self, step: "StepBack") -> None:
        """Go one more step back."""
        self.values |= step.values
        self.fields = list(dict.fromkeys([*self.fields, *step.fields]))
        self.version = step.version


Steps = dict[tuple[int | None, int | None], StepBack]


def steps_of(original: TableImport) -> Steps:
    """Return the steps back that the roll-backs of the table left, by code and version.

    Earlier ones count, too: values may wait for the import because a change before it kept a code from being restored.
    """
    assert original.table is not None
    steps = {}
    reversals = original.table.imports.in_force().exclude(rolls_back=None)
    for row in _rows_with_steps(reversals.order_by("pk")):
        values = row.before
        held = values.pop(HELD)
        if row.kind == RowKind.WARNING:
            steps[row.return_code_id, held] = StepBack(values, row.fields, row.code_version)
        else:
            steps[row.return_code_id, held + 1] = StepBack({}, [], row.code_version)
    return steps


def _rows_with_steps(reversals: Any) -> Iterator[ImportRow]:
    for reversal in reversals:
        rows = reversal.rows.filter(before__has_key=HELD).order_by("pk")
        yield from rows.only("kind", "return_code_id", "code_version", "before", "fields").iterator()


def version_after(row: ImportRow) -> int:
    """Return the version that an import gave to the code of a row."""
    return (row.code_version or 0) + 1


def version_since(row: ImportRow, code: ReturnCode, steps: Steps) -> int:
    """Return the version that somebody made since the import; 0 where everything since was rolled back."""
    version: int | None = code.version
    while version != version_after(row) and (step := steps.get((code.pk, version))) and not step.values:
        version = step.version
    return 0 if version == version_after(row) else version or code.version


def revisions_of(versions: dict[int, int]) -> dict[int, Any]:
    """Return the revisions that made some versions of codes, by the codes' ids."""
    revisions = ReturnCode.history.filter(id__in=versions, version__in={*versions.values()})
    related = revisions.select_related("history_user", "table_import") if versions else []
    return {revision.id: revision for revision in related if versions[revision.id] == revision.version}


def reason_of(code: ReturnCode, revision: Any) -> str:
    """Return why a code stays: who changed it and when, or which import has to be rolled back first."""
    if revision is not None and revision.table_import and revision.table_import.state == ImportState.APPLIED:
        first = "" if revision.table_import.rolls_back_id else "; roll that back first"
        return f"it was changed by {revision.table_import}{first}"
    user, at = (revision.history_user, revision.history_date) if revision else (None, code.updated_at)
    return f"it was changed {f'by {user}' if user else 'from the command line'} on {at:%Y-%m-%d %H:%M}"


def before_import(row: ImportRow, retired_at: str) -> StepBack:
    """Return what an import took from a code. One that it created is retired, because others may refer to it."""
    if row.kind == RowKind.NEW and "tombstone" not in row.before:
        return StepBack({"retired_at": retired_at}, ["retired_at"], None)
    values = {name: value for name, value in row.before.items() if name not in _NOT_OF_THE_CODE}
    return StepBack(values, row.fields, row.code_version)


def former(row: ImportRow, retired_at: str, steps: Steps) -> StepBack:
    """Return what a code gets back: what the import took, and what waits from the imports before it."""
    result = before_import(row, retired_at)
    while step := steps.get((row.return_code_id, result.version)):
        result.add(step)
    return result
