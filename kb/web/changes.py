"""What changed lately, table by table, as a page and as an Atom feed."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.contrib.syndication.views import Feed
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import condition, require_safe

from kb.models import CodeTable
from kb.models.visibility import reader
from kb.queries import changes as kb_feed
from kb.queries.changes import ChangeStep
from kb.text.safety.escape import without_controls
from kb.web.errors import InvalidParameter
from kb.web.program_access import for_programs

PER_PAGE = 50
DAYS = 7
MAX_DAYS = 366
PARAMETERS = ("table", "days", "page")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the changes of some days, word by word."""
    _check_names(request.GET)
    tables = list(CodeTable.objects.visible_to(request.user))
    table = _table(request.GET, tables)
    days = _number(request.GET, "days", DAYS, MAX_DAYS)
    since = timezone.now() - timedelta(days=days)
    shown = _page(request.GET, Paginator(kb_feed.recent_changes(request.user, since, table), PER_PAGE))
    context = {
        "tables": tables,
        "table": table,
        "days": days,
        "page": shown,
        "groups": _by_table(kb_feed.change_steps(list(shown.object_list), request.user)),
    }
    return render(request, "kb/changes.html", context)


def _by_table(steps: list[ChangeStep]) -> list[tuple[CodeTable | None, list[ChangeStep]]]:
    """Group the steps of a page; tables in the order in which they changed last."""
    groups: dict[int | None, tuple[CodeTable | None, list[ChangeStep]]] = {}
    for step in steps:
        groups.setdefault(step.table.pk if step.table else None, (step.table, []))[1].append(step)
    return list(groups.values())


def _check_names(given: QueryDict) -> None:
    unknown = sorted(set(given) - set(PARAMETERS))
    if unknown:
        raise InvalidParameter(f"“{unknown[0][:80]}” is not a filter of this page. Allowed: {', '.join(PARAMETERS)}.")


def _table(given: QueryDict, tables: list[CodeTable]) -> CodeTable | None:
    asked = given.get("table", "")
    found = next((table for table in tables if table.slug == asked), None)
    if asked and found is None:
        allowed = ", ".join(table.slug for table in tables[:20])
        raise InvalidParameter(f"“{asked[:80]}” is not a table. Allowed: {allowed or 'none yet'}.")
    return found


def _number(given: QueryDict, name: str, default: int, largest: int) -> int:
    asked = given.get(name, "") or str(default)
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    if not 1 <= number <= largest:
        raise InvalidParameter(f"“{asked[:80]}” is not a number of {name} here. Allowed: 1 to {largest}.")
    return number


def _page(given: QueryDict, paginator: Paginator) -> Page:
    return paginator.page(_number(given, "page", 1, paginator.num_pages))


class ChangesFeed(Feed):
    """The last changes that the reader may see, of all tables or of one."""

    feed_type = Atom1Feed
    title = "Codebook: changes"
    subtitle = "What changed in the code tables, notes and incidents."
    author_name = "Codebook"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpRequest:
        """Keep the request: every other method needs its reader."""
        return request

    def link(self, request: HttpRequest) -> str:
        """Return the address of the page that the feed belongs to."""
        return reverse("changes")

    def feed_url(self, request: HttpRequest) -> str:
        """Return the feed's own address, its table named."""
        return request.get_full_path()

    def items(self, request: HttpRequest) -> list[ChangeStep]:
        """Return the last changes."""
        return kb_feed.change_steps(list(_feed_changes(request)), request.user)

    def item_title(self, item: ChangeStep) -> str:
        """Say what happened to what."""
        change = item.change
        return without_controls(f"{change.get_noun_display()} {change.label}: {change.get_kind_display().lower()}")

    def item_description(self, item: ChangeStep) -> str:
        """Show the words that moved."""
        return without_controls(render_to_string("kb/_change.html", {"step": item}))

    def item_link(self, item: ChangeStep) -> str:
        """Return the address of the object, or of the changes where it has none."""
        return address(item)

    def item_guid(self, item: ChangeStep) -> str:
        """Name the change by its sequence, which never moves."""
        return f"urn:codebook:change:{item.change.sequence}"

    def item_pubdate(self, item: ChangeStep) -> datetime:
        """Return when it happened."""
        return item.change.at

    def item_updateddate(self, item: ChangeStep) -> datetime:
        """Return the same: a change does not change."""
        return item.change.at


def address(step: ChangeStep) -> str:
    """Return where a step's object is shown."""
    subject = step.subject
    if hasattr(subject, "get_absolute_url"):
        return subject.get_absolute_url()
    return step.table.get_absolute_url() if step.table else reverse("changes")


def _feed_changes(request: HttpRequest) -> Any:
    unknown = set(request.GET) - {"table"}
    if unknown:
        raise InvalidParameter(f"“{min(unknown)[:80]}” is not a filter of this feed. Allowed: table.")
    asked = "table" in request.GET
    table = _table(request.GET, list(CodeTable.objects.visible_to(request.user))) if asked else None
    return kb_feed.recent_changes(request.user, table=table)[:PER_PAGE]


def _etag(request: HttpRequest) -> str:
    """Return a tag that moves with what this reader sees, and with nothing else: not with what is internal."""
    seen = list(_feed_changes(request).values_list("pk", flat=True))
    return f'"{sha256(f"{reader(request.user)} {request.get_host()} {seen}".encode()).hexdigest()[:32]}"'


feed = for_programs(condition(etag_func=_etag)(ChangesFeed()))
"""Answers 304 to whoever has the latest state."""
