"""Edit support's side of a return code."""

from typing import Any

from kb.models import ReturnCode
from kb.models.fields import SUPPORT_FIELDS, VENDOR_TEXTS
from kb.models.origins import Origin
from kb.services import journal
from kb.services.journal import By
from kb.text.codes.disposition import derive_disposition

EDITABLE_FIELDS = (*VENDOR_TEXTS, *SUPPORT_FIELDS)


def edit_code(code: ReturnCode, version: int, values: dict[str, Any], by: By) -> ReturnCode:
    """Change support's side of a code: its texts, disposition, fixer and successor.

    A disposition or fixer given here is support's from now on; None hands it back to what the vendor's words say.
    """
    unknown = set(values) - set(EDITABLE_FIELDS)
    if unknown:
        raise ValueError(f"not editable on a code: {sorted(unknown)}; allowed: {sorted(EDITABLE_FIELDS)}")
    with journal.entry(by) as entry:
        current = entry.lock(ReturnCode, code.pk, version)
        changed = journal.changed_fields(current, _with_origin(current, values))
        return entry.update(current, changed) if changed else current


def _with_origin(code: ReturnCode, values: dict[str, Any]) -> dict[str, Any]:
    derived = derive_disposition(code.vendor_suggested_actions)
    result = dict(values)
    for name in ("disposition", "fixer"):
        if name in values:
            given = values[name]
            result[name] = getattr(derived, name) if given is None else given
            result[f"{name}_origin"] = Origin.VENDOR if given is None else Origin.STAFF
    return result
