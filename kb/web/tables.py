"""The page of a table: browsable by section and disposition, searched by words."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kb.models import CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.subqueries import any_of
from kb.models.visibility import Person
from kb.queries.lookup import codes_visible_to
from kb.queries.text_results import containing
from kb.text.codes.disposition import DISPOSITIONS
from kb.web.errors import InvalidParameter

PER_PAGE = 100
PARAMETERS = ("section", "disposition", "q", "page")


@require_safe
def table(request: HttpRequest, table: str) -> HttpResponse:
    """List the codes of a table, filtered."""
    shown = get_object_or_404(CodeTable.objects.visible_to(request.user), slug=table)
    _check_names(request.GET)
    counted = Section.objects.visible_to(request.user).filter(table=shown).annotate(code_count=Count("codes"))
    sections = list(counted.order_by("position", "id"))
    chosen = {
        "section": _one_of(request.GET, "section", [section.slug for section in sections]),
        "disposition": _one_of(request.GET, "disposition", list(DISPOSITIONS)),
        "q": request.GET.get("q", "").replace("\x00", "").strip(),
    }
    codes = _with_markers(_filter_codes(shown, chosen, request.user), request.user)
    context = {
        "table": shown,
        "sections": sections,
        "dispositions": DISPOSITIONS,
        "chosen": chosen,
        "page": _page(request.GET, codes),
        "is_filtered": any(chosen.values()),
    }
    return render(request, "kb/table.html", context)


def _filter_codes(table: CodeTable, chosen: dict[str, str], user: Person | None) -> QuerySet[ReturnCode]:
    codes = codes_visible_to(user).filter(table=table)
    if chosen["q"]:
        as_words = containing(chosen["q"], user, table).values("pk")
        codes = codes.filter(pk__in=as_words) | codes.matching(chosen["q"])
    if chosen["section"]:
        codes = codes.filter(section__slug=chosen["section"])
    if chosen["disposition"]:
        codes = codes.filter(disposition=chosen["disposition"])
    return codes.in_vendor_order()


def _with_markers(codes: Any, user: Person | None) -> Any:
    incidents = IncidentLink.objects.visible_to(user).open().filter(codes=OuterRef("pk"))
    noted = codes.with_note_flag(TroubleshootingNote.objects.visible_to(user).published())
    return noted.annotate(has_incident=any_of(incidents))


def _check_names(given: QueryDict) -> None:
    unknown = sorted(set(given) - set(PARAMETERS))
    if unknown:
        raise InvalidParameter(f"“{unknown[0][:80]}” is not a filter of this page. Allowed: {', '.join(PARAMETERS)}.")


def _one_of(given: QueryDict, name: str, allowed: list[str]) -> str:
    value = given.get(name, "")
    if value and value not in allowed:
        raise InvalidParameter(f"“{value[:80]}” is not a {name}. Allowed: {', '.join(allowed)}.")
    return value


def _page(given: QueryDict, codes: QuerySet[ReturnCode]) -> Page:
    paginator = Paginator(codes, PER_PAGE)
    asked = given.get("page", "") or "1"
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    if number not in paginator.page_range:
        raise InvalidParameter(f"“{asked[:80]}” is not a page here. Allowed: 1 to {paginator.num_pages}.")
    return paginator.page(number)
