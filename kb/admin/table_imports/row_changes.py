"""Everything that a row of a plan changes, for its list, its page and its download."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from kb.importing.applying import decisions
from kb.models import ImportRow, RowKind
from kb.models.fields import LABELS, VENDOR_TEXTS
from kb.models.table_imports import BROKEN
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

_SILENT = (*BROKEN, RowKind.WARNING, RowKind.COLUMN, RowKind.RANGE)
"""Kinds whose message says everything."""


class Difference(NamedTuple):
    """One thing that a row changes: its label, before and after."""

    label: str
    before: str
    after: str


def differences(row: ImportRow) -> list[Difference]:
    """Return all that a row changes; [] for rows in error and warnings."""
    if row.kind in _SILENT:
        return []
    if row.kind == RowKind.SECTION:
        return [Difference("Section", row.before.get("name", ""), row.section_name)]
    return text_differences(row) + other_differences(row)


def text_differences(row: ImportRow) -> list[Difference]:
    """Return the vendor texts that a row changes; of a new code, its description or symbol."""
    if row.kind == RowKind.NEW:
        return [Difference("New", "", row.description or row.symbol)]
    names = [name for name in VENDOR_TEXTS if name in row.fields or name in row.conflicts]
    sides = [(name, row.texts(name)) for name in names]
    return [Difference(LABELS[name], texts["vendor_before"], texts["vendor_now"]) for name, texts in sides]


def other_differences(row: ImportRow) -> list[Difference]:
    """Return what a row changes besides the vendor's texts: code, other columns, section, what to do, and place."""
    if row.kind in (*_SILENT, RowKind.SECTION):
        return []
    if row.kind == RowKind.NEW:
        return _extra_differences({}, row.extra)
    before = row.before
    result = [Difference("Code", before["code"], row.code)] if "code" in before else []
    if "extra" in before:
        result += _extra_differences(before["extra"], row.extra)
    if "section" in before and (former := _former_section(row)):
        result.append(Difference("Section", former, str(row.section) if row.section else row.section_name))
    for name, labels in (("disposition", DISPOSITIONS), ("fixer", FIXERS)):
        if name in row.fields and name in before:
            result.append(Difference(LABELS[name], labels[before[name]], labels[getattr(row, name)]))
    if "position" in before and before["position"] != row.position:
        result.append(Difference("Place in the table", str(before["position"] + 1), str(row.position + 1)))
    return result


def texts_of(row: ImportRow) -> dict[str, Any]:
    """Return the template context of a row's texts: all sides of each, other changes, and the decision in force."""
    return {
        "texts": [(LABELS[name], row.texts(name), name in row.conflicts) for name in VENDOR_TEXTS],
        "others": other_differences(row),
        "decider": decisions.decider_of(row) if row.resolution else "",
        "edited": [(LABELS[name], text) for name, text in row.edited.items()],
        "seen": row.decision_mark,
    }


def _former_section(row: ImportRow) -> str:
    """Return the section that a row takes its code from; "" once it did, when the message has it."""
    code = row.return_code
    if code is not None and code.section_id == row.before["section"] != row.section_id:
        return str(code.section)
    # A roll-back's row has the name of the section that the rolled-back import had chosen.
    return row.section_name if row.section and row.section_name != row.section.name else ""


def _extra_differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    names = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    return [Difference(name, before.get(name, ""), now.get(name, "")) for name in names]
