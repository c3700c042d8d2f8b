"""The twins of a card: the same answer as Markdown for a ticket, and as JSON for a program."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

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
    """Answer for every meaning that a table gives to a code."""
    of = CodeTable.objects.visible_to(request.user).filter(slug=table).first()
    return _twin(request, of, written, None, form)


@for_programs
def section_code(request: HttpRequest, table: str, section: str, written: str, form: str) -> HttpResponse:
    """Answer for one meaning of a code."""
    of = CodeTable.objects.visible_to(request.user).filter(slug=table).first()
    within = Section.objects.visible_to(request.user).filter(table=of, slug=section).first() if of else None
    # As on the page: a slash that was typed as itself belongs to the code.
    return _twin(request, of, written if within else f"{section}/{written}", within, form)


def _twin(
    request: HttpRequest, table: CodeTable | None, written: str, section: Section | None, form: str
) -> HttpResponse:
    if table is None or not text_code.readings(written):
        return _missing(form)
    page = _page_of(request.user, table, section, f"{written}.{form}")
    if page:
        return redirect(page)
    answer = find_code(written, request.user, table, section)
    found = meanings([hit.code for hit in answer.hits], request.user)
    status = 200 if found else 404
    address = request.build_absolute_uri
    if form == "json":
        return JsonResponse(card_json.answer(answer, table, found, address), status=status)
    return HttpResponse(card_markdown.answer(answer, table, found, address), MARKDOWN, status)


def _page_of(user: Person | None, table: CodeTable, section: Section | None, code: str) -> ReturnCode | str | None:
    """Return the page of a code that itself ends like a twin's address: the page wins."""
    same = codes_visible_to(user).filter(table=table, identity=text_code.identity(code))
    if section is not None:
        return same.filter(section=section).first()
    return reverse("code", args=[table.slug, code]) if same.exists() else None


def _missing(form: str) -> HttpResponse:
    """Answer alike for a table that is not there and one that the reader may not see."""
    told = "There is no such table, or it is not for you to see."
    if form == "json":
        return JsonResponse({"verdict": None, "error": told}, status=404)
    return HttpResponse(f"{told}\n", MARKDOWN, 404)
