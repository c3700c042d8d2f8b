"""The Markdown representations of a table and of a note. All words of vendors and notes are escaped."""

from collections.abc import Callable, Iterator, Sequence

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from kb.models import Audience, CodeRange, CodeTable, ReturnCode, TroubleshootingNote
from kb.queries.cards import filled_reply
from kb.queries.lookup import codes_visible_to
from kb.queries.tables import total
from kb.text.safety.escape import markdown, quotation
from kb.web.program_access import for_programs
from kb.web.representations.codes import MARKDOWN

PER_PAGE = 500
MAX_LINKS = 100

Address = Callable[[str], str]


@for_programs
def table(request: HttpRequest, table: str) -> HttpResponse:
    """List the codes of a table, PER_PAGE on a page."""
    code_table = get_object_or_404(CodeTable.objects.visible_to(request.user), slug=table)
    # The sections by a query of their own: with joins, PostgreSQL sorts all codes of the table.
    codes = ReturnCode.objects.published().filter(table=code_table).in_vendor_order().prefetch_related("section")
    pages = Paginator(codes, PER_PAGE)
    pages.count = total(code_table)
    number = request.GET.get("page", "1")
    if not (number.isascii() and number.isdigit() and len(number) < 10 and int(number) in pages.page_range):
        return HttpResponse(f"There is no such page. Allowed: 1 to {pages.num_pages}.\n", MARKDOWN, 400)
    page = pages.page(int(number))
    shown = list(page.object_list)
    for code in shown:
        code.table = code_table
    text = "\n".join(_table(code_table, shown, request.build_absolute_uri))
    if page.has_next():
        text += f"\n\nMore: <{request.build_absolute_uri(f'?page={page.next_page_number()}')}>"
    return HttpResponse(f"{text}\n", MARKDOWN)


def _table(table: CodeTable, codes: Sequence[ReturnCode], address: Address) -> Iterator[str]:
    yield f"# {markdown(str(table))}\n\n<{address(table.get_absolute_url())}>"
    section = None
    for code in codes:
        if code.section_id != section:
            section = code.section_id
            yield f"\n## {markdown(code.section.name) or 'Codes'}\n"
        yield f"- {_code_title(code)} <{address(code.get_absolute_url())}>"


@for_programs
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a note with its codes and ranges."""
    if pk >= 2**63:
        raise Http404
    troubleshooting_note = get_object_or_404(TroubleshootingNote.objects.visible_to(request.user), pk=pk)
    codes = list(codes_visible_to(request.user).filter(notes=troubleshooting_note).in_vendor_order()[:MAX_LINKS])
    ranges = (
        CodeRange.objects.visible_to(request.user)
        .filter(notes=troubleshooting_note)
        .select_related("table")[:MAX_LINKS]
    )
    blocks = _note(troubleshooting_note, codes, list(ranges), request.build_absolute_uri)
    return HttpResponse("\n\n".join(blocks) + "\n", MARKDOWN)


def _note(
    note: TroubleshootingNote, codes: list[ReturnCode], ranges: list[CodeRange], address: Address
) -> Iterator[str]:
    internal = ", internal" if note.audience == Audience.INTERNAL else ""
    yield f"# {markdown(note.title)}"
    yield f"{note.get_state_display()}{internal}. <{address(note.get_absolute_url())}>"
    texts = {
        "What to tell the customer": filled_reply(note, codes),
        "Issue": note.issue,
        "Environment": note.environment,
        "Cause": note.cause,
        "Resolution": note.resolution,
    }
    for label, text in texts.items():
        if text.strip():
            yield f"## {label}\n\n{quotation(text)}"
    links = [f"- {_code_title(code)} <{address(code.get_absolute_url())}>" for code in codes]
    links += [f"- {markdown(str(code_range))}, {markdown(str(code_range.table))}" for code_range in ranges]
    if links:
        yield "## About\n\n" + "\n".join(links)


def _code_title(code: ReturnCode) -> str:
    mark = " (retired)" if code.is_retired else ""
    return f"{markdown(code.code)}{mark}: {markdown(code.description) or 'no description'}"
