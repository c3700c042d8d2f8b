"""The admin's first page: the work queue, ranked and explained, by what this person may do."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from kb.admin.lists.miss_actions import miss_actions
from kb.models.visibility import Person
from kb.queries import work_queue
from kb.queries.work_queue import QueueRow, Reason

CHANGE_NOTE = "change_troubleshootingnote"


class ReasonLink(NamedTuple):
    """A reason, and the form that puts it right; no address where this person may not."""

    text: str
    url: str


class QueueEntry(NamedTuple):
    """A row as the page shows it: the first reason's form is one click away."""

    row: QueueRow
    url: str
    reasons: list[ReasonLink]
    miss_actions: list[tuple[str, str]]


class QueueGroup(NamedTuple):
    """Rows of one kind of work."""

    title: str
    rows: list[QueueEntry]


def queue_groups(user: Person, mine: bool) -> list[QueueGroup]:
    """Return the work that a user may do, what only they can do first."""
    may = user.has_perm
    found = []
    if may("kb.apply_import"):
        found.append(("Imports that wait for a yes or no", work_queue.plans(user, mine=mine)))
    if may("kb.validate_note"):
        found.append(("Notes to validate", work_queue.to_validate(user, limit=10, mine=mine)))
    found.append(("Most worth doing now", _ranked_rows(user, mine, {_key(row) for _, rows in found for row in rows})))
    return [QueueGroup(title, [_entry(row, user) for row in rows]) for title, rows in found if rows]


def _ranked_rows(user: Person, mine: bool, elsewhere: set[Any]) -> list[QueueRow]:
    may, rows = user.has_perm, []
    if may("kb.change_returncode"):
        rows += work_queue.codes(user, mine=mine)
    if may("kb.change_troubleshootingnote"):
        rows += work_queue.notes(user, mine=mine)
    if may("kb.view_miss") and not mine:
        rows += work_queue.misses(user)
    rows = [row for row in rows if _key(row) not in elsewhere]
    return sorted(rows, key=lambda row: -row.score)[: work_queue.LIMIT]


def full_lists(user: Person) -> list[tuple[str, str]]:
    """Return the lists that the queue is the beginning of, as (label, address)."""
    lists = [
        ("Codes without a note", "returncode", "listed=yes&note=no", "change_returncode"),
        ("Codes with nothing decided", "returncode", "listed=yes&disposition__exact=unknown", "change_returncode"),
        ("My drafts", "troubleshootingnote", f"state__exact=draft&owner__id__exact={user.pk}", CHANGE_NOTE),
        ("My returned proposals", "proposal", "state__exact=returned&by=me", CHANGE_NOTE),
        ("Notes past their review", "troubleshootingnote", "check=due", CHANGE_NOTE),
        ("Notes that something asks about", "troubleshootingnote", "check=asked", CHANGE_NOTE),
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
    """Whether a page was asked for one's own rows alone."""
    return request.GET.get("mine") == "1"


def _key(row: QueueRow) -> Any:
    return row.kind, getattr(row.subject, "pk", row.subject)


def _entry(row: QueueRow, user: Person) -> QueueEntry:
    reasons = [ReasonLink(reason.text, _address(reason, user)) for reason in row.reasons]
    found = miss_actions(user, row.subject, row.ranges) if row.kind == "miss" else []
    url = next((why.url for why in reasons if why.url), found[0][1] if found else "")
    return QueueEntry(row, url, reasons, found)


def _address(reason: Reason, user: Person) -> str:
    """Return where a reason is put right, if a form does that and this person may."""
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
    "plan": ("admin:kb_tableimport_change", "kb.apply_import", ""),
}
"""The form behind each kind of reason: its name, who may open it, and the name in the address that fills it in."""
