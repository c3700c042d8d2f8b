"""Compare one code with its row in a file: a three-way comparison for each text, and the values that follow from it."""

import json
from typing import Any

from kb.importing.planning.other_columns import ColumnRenames, extent_of
from kb.models import ImportRow, ReturnCode, RowKind, TableImport
from kb.models.fields import LABELS, VENDOR_TEXTS
from kb.models.origins import Origin
from kb.models.table_imports import Extent
from kb.text.codes import forms
from kb.text.codes.disposition import derive_disposition
from kb.text.editing import numbers
from kb.text.editing.cosmetic import is_cosmetic
from kb.text.editing.three_way import MergeOutcome, three_way

_MAX_NUMBERS = 20

CODE_FORMS = ("code", "identity", "canonical", "number", "sort_key")


def changed_row(
    table_import: TableImport,
    code: ReturnCode,
    line: tuple[Any, ...],
    extra_columns: set[str],
    renames: ColumnRenames,
) -> ImportRow:
    """Return the row of a plan for one staged line; its `fields` are empty where the line changes nothing.

    `renames` has other columns that the file calls by another name.
    """
    _ord, _id, number, sheet, section_id, section_name, position, code_text, *texts, extra = line
    row = unchanged_row(table_import, code, RowKind.CHANGED)
    row.line, row.sheet, row.position = number, sheet[:100], position
    is_buried = hasattr(code, "tombstone")
    # What a rolled-back import said of a code was never the vendor's: the code has what this file says, and no more.
    words = dict(zip(VENDOR_TEXTS, texts, strict=True))
    _merge_texts(row, code, {name: words[name] or "" for name in words} if is_buried else words)
    row.extra = _merged_extra(code, json.loads(extra), extra_columns, is_buried, renames)
    if "suggested_actions" in row.fields:
        row.disposition, row.fixer = derive_disposition(row.suggested_actions)
    if section_id != code.section_id:
        row.section_id, row.section_name = section_id, section_name
        row.fields, row.before["section"] = [*row.fields, "section"], code.section_id
    _note_values(row, code, [("code", code_text), ("extra", row.extra), *_derived_values(row, code)])
    if code.retired_at is not None:
        row.fields.append("retired_at")
        row.before["retired_at"] = code.retired_at.isoformat()
        if is_buried:
            row.before["tombstone"], row.identity = True, code.tombstone.identity
    if position != code.position:
        row.before["position"] = code.position
    row.code = code_text
    if code_text != code.code and "tombstone" not in row.before:
        row.identity = forms.identity(code_text)
    row.kind, row.message = _kind_of(row, code)
    if row.kind != RowKind.NEW:
        row.extent = _extent_of(row, code, renames)
        _name_numbers(row, code)
    return row


def _merged_extra(
    code: ReturnCode, extra: dict[str, str], extra_columns: set[str], is_buried: bool, renames: ColumnRenames
) -> dict[str, str]:
    """Return a code's other columns. The file's words win where it has the column, also those that it has cleared."""
    if is_buried or not extra_columns:
        return extra if is_buried else code.extra
    return {
        name: text for name, text in code.extra.items() if name not in extra_columns and name not in renames
    } | extra


def _note_values(row: ImportRow, code: ReturnCode, values: list[tuple[str, Any]]) -> None:
    """Note the values that a code does not have yet."""
    for name, value in values:
        if value != getattr(code, name):
            row.fields.append(name)
            row.before[name] = getattr(code, name)


def _name_numbers(row: ImportRow, code: ReturnCode) -> None:
    if row.extent == Extent.WORDS and (changes := _number_changes(row, code)):
        row.message = f"{row.message} Numbers that change: {', '.join(changes)}.".strip()


def _number_changes(row: ImportRow, code: ReturnCode) -> list[str]:
    texts = [(getattr(code, f"vendor_{name}"), getattr(row, name)) for name in VENDOR_TEXTS if name in row.fields]
    return [str(change) for before, now in texts for change in numbers.changed(before, now)][:_MAX_NUMBERS]


def _extent_of(row: ImportRow, code: ReturnCode, renames: ColumnRenames) -> str:
    """Return how far a row changes its code: the weightiest change counts."""
    texts = [(getattr(code, f"vendor_{name}"), getattr(row, name)) for name in VENDOR_TEXTS if name in row.fields]
    if {"disposition", "fixer"} & {*row.fields} or not all(is_cosmetic(before, now) for before, now in texts):
        return Extent.WORDS
    extra = extent_of(code.extra, row.extra, renames) if "extra" in row.fields else ""
    if extra == Extent.COLUMNS:
        return extra
    if texts or "code" in row.fields:
        return Extent.COSMETIC
    return Extent.SECTION if "section" in row.fields else extra


def _merge_texts(row: ImportRow, code: ReturnCode, texts: dict[str, str | None]) -> None:
    """Set the vendor's new words; a column that the file does not have (None) leaves the text alone."""
    for name, theirs in texts.items():
        vendor_before, ours = getattr(code, f"vendor_{name}"), getattr(code, name)
        if theirs is None or theirs == vendor_before:
            continue
        setattr(row, name, theirs)
        row.fields.append(name)
        row.before |= {f"vendor_{name}": vendor_before, name: ours}
        if three_way(vendor_before, theirs, ours) == MergeOutcome.CONFLICT:
            row.conflicts.append(name)


def _derived_values(row: ImportRow, code: ReturnCode) -> list[tuple[str, str]]:
    """Return the values that follow from the vendor's words, except those that support has decided."""
    origins = (("disposition", code.disposition_origin), ("fixer", code.fixer_origin))
    return [(name, getattr(row, name)) for name, origin in origins if origin == Origin.VENDOR]


def _kind_of(row: ImportRow, code: ReturnCode) -> tuple[str, str]:
    if "tombstone" in row.before:
        return RowKind.NEW, ""
    messages, kind = [], RowKind.CHANGED if row.fields else RowKind.REORDERED
    if "section" in row.fields:
        kind = RowKind.MOVED
        messages.append(f"Moved from section {code.section} to {row.section_name or '(no section)'}.")
    if "retired_at" in row.fields:
        kind = RowKind.RESTORED
        messages.append(f"Listed again. It was retired on {code.retired_at:%Y-%m-%d}.")
    if row.conflicts:
        kind = RowKind.CONFLICT
        labels = ", ".join(LABELS[name].lower() for name in row.conflicts)
        messages.append(f"Changed by both support and the vendor: {labels}.")
    return kind, " ".join(messages)


def unchanged_row(table_import: TableImport, code: ReturnCode, kind: RowKind) -> ImportRow:
    """Return a row with the stored values of a code, which changes nothing yet."""
    return ImportRow(
        table_import=table_import,
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
