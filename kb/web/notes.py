"""The pages of troubleshooting notes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kb import searching
from kb.models import CodeRange, ReturnCode, TroubleshootingNote
from kb.models.visibility import Person, Reader, reader
from kb.queries.cards import filled_reply
from kb.queries.lookup import codes_visible_to
from kb.queries.proposals import count_waiting
from kb.web import open_graph

MAX_NOTES = 200


@require_safe
def notes(request: HttpRequest) -> HttpResponse:
    """List the newest notes, or those with the words of a query."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    visible = TroubleshootingNote.objects.visible_to(request.user).current().order_by("-updated_at", "-id")
    matches = searching.notes_containing(visible, query) if query else visible
    first = list(matches[: MAX_NOTES + 1])
    context = {"query": query, "notes": first[:MAX_NOTES], "more": len(first) > MAX_NOTES}
    return render(request, "kb/notes.html", context)


@require_safe
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a note with its codes and ranges."""
    notes = TroubleshootingNote.objects.visible_to(request.user).select_related("owner", "validated_by")
    troubleshooting_note = get_object_or_404(notes, pk=pk)
    codes = list(codes_visible_to(request.user).filter(notes=troubleshooting_note).in_vendor_order())
    ranges = CodeRange.objects.visible_to(request.user).filter(notes=troubleshooting_note).select_related("table")
    context = {
        "note": troubleshooting_note,
        "codes": codes,
        "ranges": ranges,
        "taken_codes": [] if codes else _taken_codes(troubleshooting_note, request.user),
        "reply": filled_reply(troubleshooting_note, codes),
        "graph": open_graph.of_note(troubleshooting_note),
        "proposals": count_waiting([troubleshooting_note], request.user).get(troubleshooting_note.pk, 0),
    }
    return render(request, "kb/note.html", context)


def _taken_codes(note: TroubleshootingNote, user: Person | None) -> list[ReturnCode]:
    """Return the codes of a note that roll-backs took away. Only internal readers see them: no vendor listed them."""
    if reader(user) != Reader.INTERNAL:
        return []
    return list(note.codes.exclude(tombstone=None).select_related("table").order_by("pk")[:MAX_NOTES])
