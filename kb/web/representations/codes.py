"""Representations of a code at their own addresses: Markdown for a ticket, JSON for a program."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import get_script_prefix, reverse

from kb.models import CodeTable, ReturnCode, Section
from kb.models.visibility import Person
from kb.queries.lookup import codes_visible_to, find_code
from kb.text.codes import forms as text_code
from kb.web.codes import meanings
from kb.web.program_access import for_programs
from kb.web.representations import card_json, card_markdown

MARKDOWN = "text/markdown; charset=utf-8"


@for_programs
def code(request: HttpRequest, table: str, written: str, form: str) -> HttpResponse:
    """Return the representation of all meanings of a code in a table."""
    code_table = CodeTable.objects.visible_to(request.user).filter(slug=table).first()
    return _representation(request, code_table, written, None, form)


@for_programs
def section_code(request: HttpRequest, table: str, section: str, written: str, form: str) -> HttpResponse:
    """Return the representation of one meaning of a code."""
    code_table = CodeTable.objects.visible_to(request.user).filter(slug=table).first()
    table_section = (
        Section.objects.visible_to(request.user).filter(table=code_table, slug=section).first() if code_table else None
    )
    # As on the page: an unescaped slash belongs to the code.
    return _representation(
        request, code_table, written if table_section else f"{section}/{written}", table_section, form
    )


def _representation(
    request: HttpRequest, table: CodeTable | None, spelling: str, section: Section | None, form: str
) -> HttpResponse:
    if table is None or not text_code.readings(spelling):
        return _not_found(form)
    page = _page_of(request.user, table, section, f"{spelling}.{form}")
    if page:
        return redirect(page)
    answer = find_code(spelling, request.user, table, section, is_typed="/" not in spelling)
    status, address = 200 if answer.hits else 404, request.build_absolute_uri
    if form == "json":
        body = card_json.answer(answer, request.user, address(get_script_prefix()))
        return HttpResponse(body, "application/json", status)
    card_meanings = meanings([hit.code for hit in answer.hits], request.user)
    return HttpResponse(card_markdown.answer(answer, table, card_meanings, address), MARKDOWN, status)


def _page_of(user: Person | None, table: CodeTable, section: Section | None, code: str) -> ReturnCode | str | None:
    """Return the page of a code that itself ends in `.md` or `.json`: it has priority over a representation."""
    same = codes_visible_to(user).among_tables([table.pk]).filter(identity=text_code.identity(code))
    if section is not None:
        return same.filter(section=section).first()
    return reverse("code", args=[table.slug, code]) if same.exists() else None


def _not_found(form: str) -> HttpResponse:
    """Answer 404, the same for a missing table and one that the reader may not see."""
    message = "There is no such table, or you do not have access to it."
    if form == "json":
        return JsonResponse({"verdict": None, "error": message}, status=404)
    return HttpResponse(f"{message}\n", MARKDOWN, 404)
