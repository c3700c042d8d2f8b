"""Edit support's side of a return code."""

from typing import Any

from kb.models import ReturnCode
from kb.models.fields import SUPPORT_FIELDS, VENDOR_TEXTS
from kb.models.origins import Origin
from kb.services import journal
from kb.services.journal import By
from kb.services.phrasing_rules import with_tidy_phrasings
from kb.text.codes.disposition import derive_disposition

EDITABLE_FIELDS = (*VENDOR_TEXTS, *SUPPORT_FIELDS)


def edit_code(code: ReturnCode, version: int, values: dict[str, Any], by: By) -> ReturnCode:
    """Change support's side of a code: its texts, disposition, fixer, successor and phrasings.

    A disposition or fixer in `values` belongs to support from now on; None derives it from the vendor's texts again.
    Raises StaleEdit, NotAllowed, and ValueError for other fields.
    """
    by.require_to("change", ReturnCode)
    unknown = set(values) - set(EDITABLE_FIELDS)
    if unknown:
        raise ValueError(f"not editable on a code: {sorted(unknown)}; allowed: {sorted(EDITABLE_FIELDS)}")
    with journal.entry(by) as entry:
        current = entry.lock(ReturnCode, code.pk, version)
        fields = journal.set_fields(current, _with_origin(current, values))
        return entry.update(current, fields) if fields else current


def _with_origin(code: ReturnCode, values: dict[str, Any]) -> dict[str, Any]:
    derived = derive_disposition(code.vendor_suggested_actions)
    complete = with_tidy_phrasings(values)
    for name in ("disposition", "fixer"):
        if name in values:
            choice = values[name]
            complete[name] = getattr(derived, name) if choice is None else choice
            complete[f"{name}_origin"] = Origin.VENDOR if choice is None else Origin.STAFF
    return complete
