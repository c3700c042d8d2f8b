"""The rows of an import as CSV."""

import csv
from collections.abc import Iterator

from django.db.models import QuerySet

from kb.admin.table_imports.row_changes import other_differences
from kb.models import ImportRow, RowKind
from kb.models.fields import LABELS, VENDOR_TEXTS
from kb.text.safety.formula import defuse


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(rows: QuerySet[ImportRow]) -> Iterator[str]:
    """Yield CSV lines of one import's rows with formulas defused. Memory use does not depend on the number of rows."""
    writer = csv.writer(_Echo())
    header = ["What happens", "Changes", "Line", "Section", "Code", "Message", "Decision", "Other changes"]
    texts = [f"{LABELS[name]}: {side}" for name in VENDOR_TEXTS for side in ("vendor before", "vendor now", "ours")]
    yield "\ufeff" + writer.writerow([*header, *texts])
    for row in rows.select_related("section", "return_code__section").iterator(chunk_size=1000):
        where = f"{row.sheet}:{row.line}" if row.sheet else row.line
        section = row.section_name or (row.section.name if row.section else "")
        others = "; ".join(f"{label}: {before} → {after}" for label, before, after in other_differences(row))
        first = [row.get_kind_display(), row.get_extent_display(), where, section, row.code, row.message]
        needs_decision = row.resolution or row.kind == RowKind.CONFLICT
        first += [row.get_resolution_display() if needs_decision else "", others]
        sides = [text for name in VENDOR_TEXTS for text in row.texts(name).values()]
        yield writer.writerow([defuse(str(cell or "")) for cell in [*first, *sides]])
