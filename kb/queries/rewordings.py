"""Rewordings: changes that imports made to the vendor's texts since another look at a note was requested."""

from typing import NamedTuple

from kb.models import ImportRow, ImportState, ReturnCode, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.models.table_imports import TOUCHING

MAX_SHOWN = 20


class Rewording(NamedTuple):
    """A code of a note, and its vendor texts as (name, before, now)."""

    code: ReturnCode
    texts: list[tuple[str, str, str]]


def rewordings_of(note: TroubleshootingNote) -> list[Rewording]:
    """Return the rewordings of a note's codes since another look was requested; at most 20."""
    if note.verify_since is None:
        return []
    rows = (
        ImportRow.objects.filter(
            table_import__state=ImportState.APPLIED,
            table_import__applied_at__gte=note.verify_since,
            return_code__in=note.codes.all(),
            kind__in=TOUCHING,
        )
        .select_related("return_code__table", "return_code__section")
        .order_by("id")[:MAX_SHOWN]
    )
    return [Rewording(row.return_code, texts) for row in rows if row.return_code and (texts := _texts(row))]


def _texts(row: ImportRow) -> list[tuple[str, str, str]]:
    texts = []
    for name in VENDOR_TEXTS:
        sides = row.texts(name)
        if sides["vendor_before"] != sides["vendor_now"]:
            texts.append((name.replace("_", " ").capitalize(), sides["vendor_before"], sides["vendor_now"]))
    return texts
