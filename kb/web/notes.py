"""The page of a troubleshooting note."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kb.models import CodeRange, TroubleshootingNote
from kb.queries.cards import filled_reply
from kb.queries.lookup import codes_visible_to
from kb.queries.proposals import count_waiting


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
        "reply": filled_reply(troubleshooting_note, codes),
        "proposals": count_waiting([troubleshooting_note], request.user).get(troubleshooting_note.pk, 0),
    }
    return render(request, "kb/note.html", context)
