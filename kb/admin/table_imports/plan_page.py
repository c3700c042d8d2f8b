"""The page of an import's plan: its address, its permission, its counts and its buttons."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb.importing.applying import staleness
from kb.importing.applying.back_to import later_imports
from kb.importing.applying.transaction import retires_many, to_retire
from kb.importing.planning import former_decisions
from kb.importing.reading.look import label_of
from kb.models import ImportRow, RowKind, TableImport
from kb.models.table_imports import BROKEN, STRANGE, UNCHANGED, Extent, Resolution

_SIDES = {
    Resolution.KEEP_OURS: "kept ours",
    Resolution.TAKE_THEIRS: "took the vendor’s",
    Resolution.EDITED: "edited",
    Resolution.UNDECIDED: "kept ours without a decision",
}

IMPORT_PARAMETER = "table_import"


def may_see_imports(request: HttpRequest) -> bool:
    """Whether somebody has any permission on imports, and so may look at them."""
    may = request.user.has_perm
    return may("kb.import_table") or may("kb.apply_import") or may("kb.rollback_import")


def rows_address(table_import: TableImport | int) -> str:
    """Return the address of a plan's rows."""
    number = table_import if isinstance(table_import, int) else table_import.pk
    return f"{reverse('admin:kb_importrow_changelist')}?{IMPORT_PARAMETER}={number}"


def next_conflict(table_import: TableImport, after: ImportRow | None = None) -> ImportRow | None:
    """Return the undecided conflict behind a row, in the order of the list, or the first one; None without others."""
    conflicts = table_import.rows.undecided().by_weight()
    if after is None:
        return conflicts.first()
    conflicts = conflicts.exclude(pk=after.pk)
    lighter, same = Q(weight__lt=after.weight), Q(weight=after.weight)
    later = Q(line__gt=after.line or 0) | Q(line=after.line, pk__gt=after.pk)
    return conflicts.filter(lighter | (same & later)).first() or conflicts.first()


def state_of(table_import: TableImport) -> SafeString:
    """Return the state as a tag, with a link to what replaces a plan of `with_successors`."""
    state, label = table_import.state, table_import.state_label
    if number := getattr(table_import, "successor_id", None):
        address = rows_address(number)
        return format_html('<span class="tag">Replaced by <a href="{}">import {}</a></span>', address, number)
    if table_import.is_planned and not table_import.has_work:
        state, label = "discarded", "Changes nothing"
    return format_html('<span class="tag tag-{}">{}</span>', state, label)


def applied_words(table_import: TableImport) -> str:
    """Say what an applied import did, by kind: `3 new, 1 changed, 1 conflict (1 the vendor's)`."""
    rows = table_import.rows.to_apply().order_by()
    counts = dict(rows.values_list("kind").annotate(n=Count("pk")))
    words = [f"{counts[kind]} {kind.label.lower()}" for kind in RowKind if kind in counts and kind != RowKind.CONFLICT]
    if number := counts.get(RowKind.CONFLICT):
        conflicts = rows.filter(kind=RowKind.CONFLICT)
        decided = dict(conflicts.values_list("resolution").annotate(n=Count("pk")))
        sides = [f"{decided[name]} {label}" for name, label in _SIDES.items() if name in decided]
        words.append(f"{number} conflict{'' if number == 1 else 's'} ({', '.join(sides)})")
    return ", ".join(words) or "nothing changed"


def summary(request: HttpRequest, table_import: TableImport) -> dict[str, Any]:
    """Return the template context of the plan's header: counts, and the buttons that this person may press now."""
    counts = [(kind.label, kind.value, table_import.counts.get(kind, 0)) for kind in RowKind]
    extents = [(extent.label, extent.value, table_import.extents.get(extent, 0)) for extent in Extent]
    may = request.user.has_perm
    is_planned, is_applied = (
        table_import.is_planned,
        table_import.state == "applied" and table_import.rolls_back_id is None,
    )
    questions = table_import.questions if is_planned else []
    stale = staleness.reasons_at_a_glance(table_import) if is_planned else []
    is_current = is_planned and not stale
    writes = table_import.rows.to_apply().count() if is_planned else table_import.count()
    is_answered = all(question["default"] for question in questions)
    is_unfinished = is_planned or table_import.state == "planning"
    return {
        "table_import": table_import,
        "counts": [(label, kind, n) for label, kind, n in counts if n],
        "extents": [(label, extent, n) for label, extent, n in extents if n],
        "questions": [] if stale else questions,
        "next_conflict": next_conflict(table_import) if is_current and table_import.counts.get("conflict") else None,
        "unchanged": table_import.counts.get(UNCHANGED, 0),
        "undecided": table_import.rows.undecided().count() if is_planned else 0,
        "broken": table_import.count(*BROKEN),
        "writes": writes,
        "state": state_of(table_import),
        "stale": " ".join(stale),
        "may_plan_again": bool(stale) and may("kb.import_table"),
        "may_apply": is_current and writes and is_answered and may("kb.apply_import"),
        "may_decide": is_current and may("kb.import_table"),
        "may_discard": is_unfinished and may("kb.import_table"),
        "may_roll_back": is_applied and writes and may("kb.rollback_import"),
        "may_go_back": is_applied and may("kb.rollback_import") and later_imports(table_import).exists(),
        "retired": to_retire(table_import) if is_current and retires_many(table_import) else 0,
        "strange": table_import.counts.get(STRANGE, 0),
        "taken_over": former_decisions.words_of(table_import),
        "columns": [(header, label_of(target) or target) for header, target in table_import.columns.items()],
        "is_applied": is_applied,
        "may_read_again": is_planned and may("kb.import_table") and table_import.upload_id is not None,
    }
