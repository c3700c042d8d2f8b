"""The page of a table: browse by section and disposition, search by words."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kb.models import CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.subqueries import linked
from kb.models.visibility import Person
from kb.queries.tables import with_section_counts
from kb.queries.text_results import matching
from kb.text.codes.disposition import DISPOSITIONS
from kb.web.errors import InvalidParameter

PER_PAGE = 100
PARAMETERS = ("section", "disposition", "q", "page")


@require_safe
def table(request: HttpRequest, table: str) -> HttpResponse:
    """List the codes of a table, filtered."""
    code_table = get_object_or_404(CodeTable.objects.visible_to(request.user), slug=table)
    _check_names(request.GET)
    sections = with_section_counts(code_table)
    shown = [section for section in sections if section.code_count]  # type: ignore[attr-defined]
    filters = {
        "section": _one_of(request.GET, "section", [section.slug for section in shown]),
        "disposition": _one_of(request.GET, "disposition", list(DISPOSITIONS)),
        "q": request.GET.get("q", "").replace("\x00", "").strip(),
    }
    codes = _with_markers(_filter_codes(code_table, filters, request.user), request.user)
    context = {
        "table": code_table,
        "sections": shown,
        "dispositions": DISPOSITIONS,
        "filters": filters,
        "page": _with_places(_page(request.GET, codes, _known_count(sections, filters)), code_table, sections),
        "is_filtered": any(filters.values()),
    }
    return render(request, "kb/table.html", context)


def _filter_codes(table: CodeTable, filters: dict[str, str], user: Person | None) -> QuerySet[ReturnCode]:
    codes = ReturnCode.objects.visible_to(user)
    codes = matching(codes, filters["q"], user, table) if filters["q"] else codes.filter(table=table)
    if filters["section"]:
        codes = codes.filter(section__slug=filters["section"])
    if filters["disposition"]:
        codes = codes.filter(disposition=filters["disposition"])
    return codes.in_vendor_order()


def _with_markers(codes: Any, user: Person | None) -> Any:
    incidents = IncidentLink.objects.visible_to(user).open()
    with_notes = codes.with_note_flag(TroubleshootingNote.objects.visible_to(user).published())
    return with_notes.annotate(has_incident=linked(incidents))


def _check_names(query: QueryDict) -> None:
    unknown = sorted(set(query) - set(PARAMETERS))
    if unknown:
        raise InvalidParameter(f"“{unknown[0][:80]}” is not a filter of this page. Allowed: {', '.join(PARAMETERS)}.")


def _one_of(query: QueryDict, name: str, allowed: list[str]) -> str:
    value = query.get(name, "")
    if value and value not in allowed:
        raise InvalidParameter(f"“{value[:80]}” is not a {name}. Allowed: {', '.join(allowed)}.")
    return value


def _with_places(page: "Page[Any]", table: CodeTable, sections: list[Section]) -> "Page[Any]":
    """Give the codes of a page their table and sections. With joins, PostgreSQL sorts all codes of a table."""
    by_id = {section.pk: section for section in sections}
    page.object_list = list(page.object_list)
    for code in page.object_list:
        code.table, code.section = table, by_id[code.section_id]
    return page


def _known_count(sections: list[Section], filters: dict[str, str]) -> int | None:
    """Return the number of codes if no filter but the section's is set: it is known without counting them again."""
    if filters["q"] or filters["disposition"]:
        return None
    shown = [section for section in sections if filters["section"] in ("", section.slug)]
    return sum(section.code_count for section in shown)  # type: ignore[attr-defined]


def _page(query: QueryDict, codes: QuerySet[ReturnCode], count: int | None) -> "Page[ReturnCode]":
    paginator = Paginator(codes, PER_PAGE)
    if count is not None:
        paginator.count = count
    text = query.get("page", "") or "1"
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if number not in paginator.page_range:
        raise InvalidParameter(f"“{text[:80]}” is not a page here. Allowed: 1 to {paginator.num_pages}.")
    return paginator.page(number)
