"""The work queue on the admin's first page: ranked rows with reasons, limited to those that this person may act on."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from kb.admin.lists.miss_actions import miss_actions
from kb.models.visibility import Person
from kb.queries import work_queue
from kb.queries.work_queue import QueueRow, Reason

CHANGE_NOTE = "change_troubleshootingnote"
IMPORT = "kb.import_table"


class ReasonLink(NamedTuple):
    """A reason, and the address of the form that settles it; "" if this person may not use that form."""

    text: str
    url: str


class QueueEntry(NamedTuple):
    """A row of the queue with its links; `url` is the first reason's form."""

    row: QueueRow
    url: str
    reasons: list[ReasonLink]
    actions: list[tuple[str, str]]


class QueueGroup(NamedTuple):
    """Entries of one kind of work."""

    title: str
    entries: list[QueueEntry]


def queue_groups(user: Person, mine: bool) -> list[QueueGroup]:
    """Return the work that this person may do, by kind."""
    may = user.has_perm
    groups = []
    if may("kb.apply_import"):
        groups.append(("Imports to apply or discard", work_queue.plans(user, mine=mine)))
    if may(IMPORT) and not mine:
        groups.append(("Sources of tables to look at", work_queue.sources(user)))
    if may("kb.validate_note"):
        groups.append(("Notes to validate", work_queue.to_validate(user, limit=10, mine=mine)))
    groups.append(("Suggested work", _ranked_rows(user, mine, {_key(row) for _, rows in groups for row in rows})))
    return [QueueGroup(title, [_entry(row, user) for row in rows]) for title, rows in groups if rows]


def _ranked_rows(user: Person, mine: bool, other_keys: set[Any]) -> list[QueueRow]:
    may, rows = user.has_perm, []
    if may("kb.change_returncode"):
        rows += work_queue.codes(user, mine=mine)
    if may("kb.change_troubleshootingnote"):
        rows += work_queue.notes(user, mine=mine)
    if may("kb.view_miss") and not mine:
        rows += work_queue.misses(user)
    rows = [row for row in rows if _key(row) not in other_keys]
    return sorted(rows, key=lambda row: -row.score)[: work_queue.LIMIT]


def full_lists(user: Person) -> list[tuple[str, str]]:
    """Return the complete lists behind the queue, as (label, address)."""
    lists = [
        ("Codes without a note", "returncode", "listed=yes&note=no", "change_returncode"),
        ("Codes without a decision", "returncode", "listed=yes&disposition__exact=unknown", "change_returncode"),
        ("My drafts", "troubleshootingnote", f"state__exact=draft&owner__id__exact={user.pk}", CHANGE_NOTE),
        ("My returned proposals", "proposal", "state__exact=returned&by=me", CHANGE_NOTE),
        ("Notes with overdue reviews", "troubleshootingnote", "check=due", CHANGE_NOTE),
        ("Notes that need attention", "troubleshootingnote", "check=asked", CHANGE_NOTE),
        ("Notes to validate", "troubleshootingnote", "state__exact=not_validated", "validate_note"),
        ("Proposals to decide", "proposal", "state__exact=open&by=others", "validate_note"),
        ("Open flags", "flag", "state__exact=open", "change_flag"),
        ("Open incidents", "incidentlink", "state__exact=open", "change_incidentlink"),
    ]
    return [
        (label, f"{reverse(f'admin:kb_{noun}_changelist')}?{query}")
        for label, noun, query, permission in lists
        if user.has_perm(f"kb.{permission}")
    ]


def is_mine_only(request: HttpRequest) -> bool:
    """Whether the address asks for the person's own rows only."""
    return request.GET.get("mine") == "1"


def _key(row: QueueRow) -> Any:
    return row.kind, getattr(row.subject, "pk", row.subject)


def _entry(row: QueueRow, user: Person) -> QueueEntry:
    reasons = [ReasonLink(reason.text, _address(reason, user)) for reason in row.reasons]
    actions = miss_actions(user, row.subject, row.ranges) if row.kind == "miss" else []
    url = next((reason.url for reason in reasons if reason.url), actions[0][1] if actions else "")
    return QueueEntry(row, url, reasons, actions)


def _address(reason: Reason, user: Person) -> str:
    """Return the address of the form that settles a reason; "" if there is none or this person may not use it."""
    form, permission, query = _FORMS.get(reason.form, ("", "", ""))
    if not form or not user.has_perm(permission):
        return ""
    return f"{reverse(form)}?{urlencode({query: reason.pk})}" if query else reverse(form, args=[reason.pk])


_FORMS = {
    "new note": ("admin:kb_troubleshootingnote_add", "kb.add_troubleshootingnote", "codes"),
    "code": ("admin:kb_returncode_change", "kb.change_returncode", ""),
    "note": ("admin:kb_troubleshootingnote_change", "kb.change_troubleshootingnote", ""),
    "flag": ("admin:kb_flag_change", "kb.change_flag", ""),
    "proposal": ("admin:kb_proposal_change", "kb.validate_note", ""),
    "look": ("admin:kb_tableimport_look", IMPORT, ""),
    "source": ("admin:kb_watchedsource_change", IMPORT, ""),
    "plan": ("admin:kb_tableimport_change", "kb.apply_import", ""),
}
"""For each kind of reason: its form's URL name, its permission, and the query parameter that prefills it."""
