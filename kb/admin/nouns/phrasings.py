"""The page that turns a search without an answer into a phrasing of a code or note."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from kb.admin.forms.phrasings import PhrasingForm
from kb.models import Door, Miss
from kb.models.usage import MISS_LENGTH
from kb.services.journal import By, NotAllowed, StaleEdit
from kb.services.phrasings import add_phrasing

EDIT = ("kb.change_returncode", "kb.change_troubleshootingnote")


def phrasing_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the form, or add the phrasing. A person needs to see misses and to change codes or notes."""
    may = request.user.has_perm
    if not (may("kb.view_miss") and any(map(may, EDIT))):
        raise PermissionDenied
    data: Any = request.POST if request.method == "POST" else None
    asked = request.GET.get("text", "") if data is None else data.get("asked", "")
    form = PhrasingForm(data, request.user, site, asked.replace("\x00", "").strip()[:MISS_LENGTH])
    if request.method == "POST" and form.is_valid() and _add(request, form):
        return HttpResponseRedirect(reverse("admin:kb_miss_changelist"))
    title = {"title": "Add a phrasing", "opts": Miss._meta, "form": form, "media": form.media}
    return TemplateResponse(request, "admin/kb/phrasing.html", {**site.each_context(request), **title})


def _add(request: HttpRequest, form: PhrasingForm) -> bool:
    row, text = form.cleaned_data["row"], form.cleaned_data["text"]
    try:
        add_phrasing(row, text, By(request.user, Door.ADMIN, "Phrasing from a search without an answer"))
    except (NotAllowed, StaleEdit) as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, f"A search for “{text}” finds “{row}” from now on.")
    return True
