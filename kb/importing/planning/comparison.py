"""Compare one code with what a file says about it now: three texts a field, and what follows from them."""

import json
from typing import Any

from kb.models import ImportRow, ReturnCode, RowKind, TableImport
from kb.models.fields import VENDOR_TEXTS
from kb.models.origins import Origin
from kb.text.codes.disposition import derive_disposition
from kb.text.editing.three_way import MergeOutcome, three_way

CODE_FORMS = ("code", "identity", "canonical", "number", "sort_key")


def changed_row(planned: TableImport, code: ReturnCode, line: tuple[Any, ...], extra_columns: set[str]) -> ImportRow:
    """Return what one staged line changes about its code; without `fields` where that is nothing."""
    _ord, _id, number, sheet, section_id, section_name, position, spelling, *texts, extra = line
    row = unchanged_row(planned, code, RowKind.CHANGED)
    row.line, row.sheet, row.position = number, sheet[:100], position
    _merge_texts(row, code, dict(zip(VENDOR_TEXTS, texts, strict=True)))
    if extra_columns:
        given = json.loads(extra)
        row.extra = given | {name: text for name, text in code.extra.items() if name not in extra_columns | set(given)}
    if "suggested_actions" in row.fields:
        row.disposition, row.fixer = derive_disposition(row.suggested_actions)
    if section_id != code.section_id:
        row.section_id, row.section_name = section_id, section_name
        row.fields.append("section")
        row.before["section"] = code.section_id
    for name, now in (("code", spelling), ("extra", row.extra), *_derived(row, code)):
        if now != getattr(code, name):
            row.fields.append(name)
            row.before[name] = getattr(code, name)
    if code.retired_at is not None:
        row.fields.append("retired_at")
        row.before["retired_at"] = code.retired_at.isoformat()
    if position != code.position:
        row.before["position"] = code.position
    row.code = spelling
    row.kind, row.message = _kind_of(row, code)
    return row


def _merge_texts(row: ImportRow, code: ReturnCode, texts: dict[str, str | None]) -> None:
    """Set the vendor's new words; a column that the file does not have (None) says nothing."""
    for name, theirs in texts.items():
        before, ours = getattr(code, f"vendor_{name}"), getattr(code, name)
        if theirs is None or theirs == before:
            continue
        setattr(row, name, theirs)
        row.fields.append(name)
        row.before |= {f"vendor_{name}": before, name: ours}
        if three_way(before, theirs, ours) == MergeOutcome.CONFLICT:
            row.conflicts.append(name)


def _derived(row: ImportRow, code: ReturnCode) -> list[tuple[str, str]]:
    """Return what follows from the vendor's words, where support has not decided otherwise."""
    derived = (("disposition", code.disposition_origin), ("fixer", code.fixer_origin))
    return [(name, getattr(row, name)) for name, origin in derived if origin == Origin.VENDOR]


def _kind_of(row: ImportRow, code: ReturnCode) -> tuple[str, str]:
    said, kind = [], RowKind.CHANGED if row.fields else RowKind.REORDERED
    if "section" in row.fields:
        kind = RowKind.MOVED
        said.append(f"Moved from section {code.section} to {row.section_name or '(no section)'}.")
    if "retired_at" in row.fields:
        kind = RowKind.RESTORED
        said.append(f"Listed again; retired since {code.retired_at:%Y-%m-%d}.")
    if row.conflicts:
        kind = RowKind.CONFLICT
        said.append(f"Support and the vendor both changed: {', '.join(row.conflicts)}.")
    return kind, " ".join(said)


def unchanged_row(planned: TableImport, code: ReturnCode, kind: RowKind) -> ImportRow:
    """Return a row that changes nothing yet: the vendor's words as they are stored."""
    return ImportRow(
        table_import=planned,
        kind=kind,
        return_code=code,
        code_version=code.version,
        section_id=code.section_id,
        section_name=code.section.name,
        position=code.position,
        extra=code.extra,
        disposition=code.disposition,
        fixer=code.fixer,
        **{name: getattr(code, name) for name in CODE_FORMS},
        **{name: getattr(code, f"vendor_{name}") for name in VENDOR_TEXTS},
    )
