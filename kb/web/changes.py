"""Recent changes, table by table, as a page and as an Atom feed."""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.contrib.syndication.views import Feed
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.views.decorators.http import condition, require_safe

from kb.models import Change, CodeTable, IncidentLink
from kb.models.visibility import reader
from kb.queries import changes as kb_feed
from kb.queries.changes import ChangeStep
from kb.text.safety.escape import without_controls
from kb.web.errors import InvalidParameter
from kb.web.program_access import for_programs

if TYPE_CHECKING:
    _Feed = Feed[ChangeStep, HttpRequest]
else:
    # At run time, Feed takes no type arguments.
    _Feed = Feed

PER_PAGE = 50
MAX_COUNTED = 500
MAX_PAGE = 100_000
DAYS = 7
MAX_DAYS = 366
PARAMETERS = ("table", "days", "page")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the changes of the last `?days=`, with word-level differences."""
    _check_names(request.GET)
    tables = list(CodeTable.objects.visible_to(request.user))
    table = _table(request.GET, tables)
    days = _number(request.GET, "days", DAYS, MAX_DAYS)
    since = timezone.now() - timedelta(days=days)
    changes = _page(request.GET, kb_feed.recent_changes(request.user, since, table))
    context = {
        "tables": tables,
        "table": table,
        "days": days,
        "page": changes,
        "more": changes.paginator.count == changes.number * PER_PAGE + MAX_COUNTED,
        "groups": _by_table(kb_feed.change_steps(list(changes.object_list), request.user)),
    }
    return render(request, "kb/changes.html", context)


def _by_table(steps: list[ChangeStep]) -> list[tuple[CodeTable | None, list[ChangeStep]]]:
    """Group the steps of a page by table, the most recent change first."""
    groups: dict[int | None, tuple[CodeTable | None, list[ChangeStep]]] = {}
    for step in steps:
        groups.setdefault(step.table.pk if step.table else None, (step.table, []))[1].append(step)
    return list(groups.values())


def _check_names(query: QueryDict) -> None:
    unknown = sorted(set(query) - set(PARAMETERS))
    if unknown:
        raise InvalidParameter(f"“{unknown[0][:80]}” is not a filter of this page. Allowed: {', '.join(PARAMETERS)}.")


def _table(query: QueryDict, tables: list[CodeTable]) -> CodeTable | None:
    slug = query.get("table", "")
    table = next((table for table in tables if table.slug == slug), None)
    if slug and table is None:
        allowed = ", ".join(table.slug for table in tables[:20])
        raise InvalidParameter(f"“{slug[:80]}” is not a table. Allowed: {allowed or 'none yet'}.")
    return table


def _number(query: QueryDict, name: str, default: int, largest: int) -> int:
    text = query.get(name, "") or str(default)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= largest:
        raise InvalidParameter(f"“{text[:80]}” is not a number of {name} here. Allowed: 1 to {largest}.")
    return number


def _page(query: QueryDict, changes: QuerySet[Change]) -> "Page[Any]":
    """Return a page. No more than MAX_COUNTED changes after it are counted: an import makes a million."""
    wanted = _number(query, "page", 1, MAX_PAGE)
    paginator = Paginator(changes, PER_PAGE)
    paginator.count = changes[: wanted * PER_PAGE + MAX_COUNTED].count()
    return paginator.page(_number(query, "page", 1, paginator.num_pages))


class ChangesFeed(_Feed):
    """The latest changes that the reader may see, of all tables or of one."""

    feed_type = Atom1Feed
    title = "Codebook: changes"
    subtitle = "What changed in the code tables, notes and incidents."
    author_name = "Codebook"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpRequest:
        """Return the request: the other methods need its user."""
        return request

    def link(self, request: HttpRequest) -> str:
        """Return the address of the changes page."""
        return reverse("changes")

    def feed_url(self, request: HttpRequest) -> str:
        """Return the feed's own address with its parameters."""
        return request.get_full_path()

    def feed_guid(self, request: HttpRequest) -> str:
        """Return the id of the feed: each table has a feed of its own."""
        table = request.GET.get("table", "")
        return atom_id(f"changes:{table}" if table else "changes")

    def items(self, request: HttpRequest) -> list[ChangeStep]:
        """Return the latest changes."""
        steps = kb_feed.change_steps(list(_feed_changes(request)), request.user)
        codes = kb_feed.incident_codes(steps, request.user)
        return [replace(step, code=codes.get(step.change.object_id)) if _is_incident(step) else step for step in steps]

    def item_title(self, item: ChangeStep) -> str:
        """Return what happened to what."""
        change = item.change
        return without_controls(f"{change.get_noun_display()} {change.label}: {change.get_kind_display().lower()}")

    def item_description(self, item: ChangeStep) -> str:
        """Return what happened in a sentence, and the word-level differences as HTML."""
        details = render_to_string("kb/_change.html", {"step": item})
        return without_controls(f"<p>{escape(self.item_title(item))}.</p>{details}")

    def item_link(self, item: ChangeStep) -> str:
        """Return the address of the changed object; of the changes page if it has none."""
        return address(item)

    def item_guid(self, item: ChangeStep) -> str:
        """Return an id made of the change's sequence and time.

        A database that was restored uses the sequence again, but not the time. The incarnation would give the changes
        from before the restore new ids, too, and readers would show them twice.
        """
        return atom_id(f"change:{item.change.sequence}:{item.change.at.timestamp():.6f}")

    def item_pubdate(self, item: ChangeStep) -> datetime:
        """Return when the change happened."""
        return item.change.at

    def item_updateddate(self, item: ChangeStep) -> datetime:
        """Return the same time: a change is never edited."""
        return item.change.at


def atom_id(name: str) -> str:
    """Return the id of a feed or an entry, which stays when the site gets another address."""
    return f"urn:codebook:{name}"


def _is_incident(step: ChangeStep) -> bool:
    return isinstance(step.subject, IncidentLink)


def address(step: ChangeStep) -> str:
    """Return the address of a step's object; that of its first code for an incident."""
    subject = step.subject
    if hasattr(subject, "get_absolute_url"):
        return str(subject.get_absolute_url())
    if step.code:
        return step.code.get_absolute_url()
    return step.table.get_absolute_url() if step.table else reverse("changes")


def _feed_changes(request: HttpRequest) -> Any:
    unknown = set(request.GET) - {"table"}
    if unknown:
        raise InvalidParameter(f"“{min(unknown)[:80]}” is not a filter of this feed. Allowed: table.")
    has_filter = "table" in request.GET
    table = _table(request.GET, list(CodeTable.objects.visible_to(request.user))) if has_filter else None
    return kb_feed.recent_changes(request.user, table=table)[:PER_PAGE]


def _etag(request: HttpRequest) -> str:
    """Return a tag that depends only on the changes that this reader may see."""
    changes = list(_feed_changes(request).values_list("pk", "at"))
    return f'"{sha256(f"{reader(request.user)} {request.get_host()} {changes}".encode()).hexdigest()[:32]}"'


feed = for_programs(condition(etag_func=_etag)(ChangesFeed()))
"""Answers 304 to clients that have the latest state."""
