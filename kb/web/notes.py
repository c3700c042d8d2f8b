"""The page of a troubleshooting note."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kb.models import CodeRange, TroubleshootingNote
from kb.queries.lookup import codes_visible_to
from kb.queries.proposals import count_waiting
from kb.text.safety import reply as text_reply


@require_safe
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a note with its codes and ranges."""
    notes = TroubleshootingNote.objects.visible_to(request.user).select_related("owner", "validated_by")
    troubleshooting_note = get_object_or_404(notes, pk=pk)
    codes = list(codes_visible_to(request.user).filter(notes=troubleshooting_note).in_vendor_order())
    ranges = CodeRange.objects.visible_to(request.user).filter(notes=troubleshooting_note).select_related("table")
    # For several codes the reply keeps its `{code}`: only the reader knows which code the customer saw.
    code = codes[0].code if len(codes) == 1 else "{code}"
    reply = text_reply.fill(troubleshooting_note.customer_reply, code, timezone.localdate())
    context = {
        "note": troubleshooting_note,
        "codes": codes,
        "ranges": ranges,
        "reply": reply,
        "proposals": count_waiting([troubleshooting_note], request.user).get(troubleshooting_note.pk, 0),
    }
    return render(request, "kb/note.html", context)
