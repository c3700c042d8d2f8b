"""The Markdown twins of a table and of a note. Every word of a vendor or a note is escaped."""

from collections.abc import Callable, Iterator, Sequence

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from kb.models import Audience, CodeRange, CodeTable, ReturnCode, TroubleshootingNote
from kb.queries.lookup import codes_visible_to
from kb.text.safety import reply as text_reply
from kb.text.safety.escape import markdown, quotation
from kb.web.program_access import for_programs
from kb.web.representations.codes import MARKDOWN

PER_PAGE = 500
MAX_ABOUT = 100

Address = Callable[[str], str]


@for_programs
def table(request: HttpRequest, table: str) -> HttpResponse:
    """List the codes of a table, some hundreds on a page."""
    shown = get_object_or_404(CodeTable.objects.visible_to(request.user), slug=table)
    codes = codes_visible_to(request.user).filter(table=shown).in_vendor_order()
    pages = Paginator(codes, PER_PAGE)
    asked = request.GET.get("page", "1")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) in pages.page_range):
        return HttpResponse(f"There is no such page. Allowed: 1 to {pages.num_pages}.\n", MARKDOWN, 400)
    page = pages.page(int(asked))
    text = "\n".join(_table(shown, list(page.object_list), request.build_absolute_uri))
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
        yield f"- {_named(code)} <{address(code.get_absolute_url())}>"


@for_programs
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a note with the codes and ranges that it is about."""
    if pk >= 2**63:
        raise Http404
    shown = get_object_or_404(TroubleshootingNote.objects.visible_to(request.user), pk=pk)
    codes = list(codes_visible_to(request.user).filter(notes=shown).in_vendor_order()[:MAX_ABOUT])
    ranges = CodeRange.objects.visible_to(request.user).filter(notes=shown).select_related("table")[:MAX_ABOUT]
    blocks = _note(shown, codes, list(ranges), request.build_absolute_uri)
    return HttpResponse("\n\n".join(blocks) + "\n", MARKDOWN)


def _note(
    note: TroubleshootingNote, codes: list[ReturnCode], ranges: list[CodeRange], address: Address
) -> Iterator[str]:
    internal = ", internal" if note.audience == Audience.INTERNAL else ""
    yield f"# {markdown(note.title)}"
    yield f"{note.get_state_display()}{internal}. <{address(note.get_absolute_url())}>"
    # For several codes the reply keeps its `{code}`, as on the page.
    code = codes[0].code if len(codes) == 1 else "{code}"
    reply = text_reply.fill(note.customer_reply, code, timezone.localdate())
    texts = {
        "What to tell the customer": reply,
        "Issue": note.issue,
        "Environment": note.environment,
        "Cause": note.cause,
        "Resolution": note.resolution,
    }
    for label, text in texts.items():
        if text.strip():
            yield f"## {label}\n\n{quotation(text)}"
    about = [f"- {_named(code)} <{address(code.get_absolute_url())}>" for code in codes]
    about += [f"- {markdown(str(found))}, {markdown(str(found.table))}" for found in ranges]
    if about:
        yield "## About\n\n" + "\n".join(about)


def _named(code: ReturnCode) -> str:
    retired = " (retired)" if code.is_retired else ""
    return f"{markdown(code.code)}{retired}: {markdown(code.description) or 'no description'}"
