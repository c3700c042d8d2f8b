"""Incident links in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from kb.admin import tags
from kb.admin.forms import previews
from kb.admin.forms.choices import is_id
from kb.admin.forms.incidents import MARKDOWN, WORDS, IncidentForm, read_incident
from kb.admin.lists.actions import WithBulkActions
from kb.admin.lists.incident_actions import INCIDENT_ACTIONS
from kb.admin.versioned_admin import VersionedAdmin
from kb.models import IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.incidents import IncidentState
from kb.services.incidents import save_incident
from kb.services.journal import By

CODES_IN_LIST = 3
MAX_LINKS = 100


@admin.register(IncidentLink)
class IncidentAdmin(WithBulkActions, VersionedAdmin):
    """Incidents are resolved, never deleted."""

    bulk_actions = INCIDENT_ACTIONS
    noun = "incident"
    form = IncidentForm
    change_form_template = "admin/kb/incident_form.html"
    value_fields = (
        "url",
        "reference",
        "title",
        "state",
        "started_at",
        "resolved_at",
        "impact",
        "workaround",
        "audience",
    )
    link_fields = ("codes",)
    list_display = (
        "reference_column",
        "title",
        "codes_column",
        "state_column",
        "audience_column",
        "start_column",
        "end_column",
    )
    list_display_links = ("reference_column", "title")
    list_filter = ("state", "audience")
    search_fields = ("reference", "title", "impact", "workaround", "url")
    search_help_text = "A code in any spelling, to find its incidents; a reference, or words."
    autocomplete_fields = ("codes",)
    fieldsets = (
        ("In the tracker", {"fields": ("url", "reference", "title")}),
        ("Status", {"fields": ("state", ("started_at", "resolved_at"))}),
        (
            "For agents",
            {
                "fields": ("impact", "workaround", "codes", "audience"),
                "description": "Markdown: **bold**, lists, `code`, links. HTML is shown as text. "
                "A public incident is visible to everybody unless all its codes are internal.",
            },
        ),
    )

    def get_urls(self) -> list[Any]:
        """Add the addresses for the form's script, and the page after an incident is resolved."""
        wrap = self.admin_site.admin_view
        return [
            path("look/", wrap(self.look_view), name="kb_incidentlink_look"),
            path("preview/", wrap(self.preview_view), name="kb_incidentlink_preview"),
            path("<path:object_id>/learned/", wrap(self.lessons_view), name="kb_incidentlink_learned"),
            *super().get_urls(),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Add help texts, and give the form class the person."""
        texts = {
            "started_at": "In your time zone, like all times here.",
            "resolved_at": "Leave empty to use the current time for a resolved incident.",
        }
        form_class: Any = super().get_form(request, obj, change, help_texts=texts, **kwargs)
        form_class.user = request.user
        return form_class

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Prefill the start with now, and other fields from the address."""
        values = {name: request.GET[name].replace("\x00", "") for name in ("url", "title") if name in request.GET}
        return {"started_at": timezone.now(), **values, **super().get_changeform_initial_data(request)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncidentLink]:
        """Return the incidents that this person may read, each with its first codes."""
        first = ReturnCode.objects.visible_to(request.user).order_by("sort_key", "pk")[: CODES_IN_LIST + 1]
        return super().get_queryset(request).prefetch_related(Prefetch("codes", first, to_attr="first_codes"))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find the incidents of a code in any spelling; if there are none, by words."""
        term = search_term.replace("\x00", "").strip()
        codes = ReturnCode.objects.visible_to(request.user).matching(term).filter(incidents=OuterRef("pk"))
        about = queryset.filter(Exists(codes))
        return (about, False) if term and about.exists() else super().get_search_results(request, queryset, term)

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Any:
        """Write through the service."""
        return save_incident(obj, version, values, links.get("codes"), by)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and set on the object what the next page needs: whether it is newly resolved, and unlinked codes."""
        super().save_model(request, obj, form, change)
        obj.is_newly_resolved = obj.state == IncidentState.RESOLVED and "state" in form.changed_data
        text_changes = {"url", *WORDS} & set(form.changed_data)
        chosen_ids = {code.pk for code in form.cleaned_data["codes"]}
        obj.unlinked_codes = (
            [code for code, _ in form.reading.suggestions if code.pk not in chosen_ids] if text_changes else []
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Redirect to the page that asks about notes or codes, if there is something to ask."""
        return self._next_page(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Redirect to the page that asks about notes or codes, if there is something to ask."""
        return self._next_page(request, obj) or super().response_change(request, obj)

    def _next_page(self, request: HttpRequest, incident: Any) -> HttpResponse | None:
        if incident.is_newly_resolved:
            messages.success(request, f"“{incident}” is saved as resolved.")
            return HttpResponseRedirect(reverse("admin:kb_incidentlink_learned", args=[incident.pk]))
        if not incident.unlinked_codes:
            return None
        codes = ", ".join(code.code for code in incident.unlinked_codes)
        messages.success(request, f"“{incident}” is saved. Its text mentions codes that are not linked: {codes}.")
        address = reverse("admin:kb_incidentlink_change", args=[incident.pk])
        return HttpResponseRedirect(f"{address}#proposed")

    def look_view(self, request: HttpRequest) -> HttpResponse:
        """Return what Codebook recognises in the URL and text, while somebody types."""
        self._may_write(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        values = {name: request.POST.get(name, "").replace("\x00", "") for name in ("url", "pk", *WORDS)}
        chosen_ids = {int(value) for value in request.POST.getlist("codes") if is_id(value)}
        words = "\n".join(values[name] for name in WORDS)
        pk = int(values["pk"]) if is_id(values["pk"]) else None
        incident_reading = read_incident(values["url"], words, request.user, chosen_ids, pk)
        context = {"reading": incident_reading, "selection": set(request.POST.getlist("proposed"))}
        return TemplateResponse(request, "admin/kb/incident_reading.html", context)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Return posted Markdown, rendered as on the card."""
        self._may_write(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if too_long := previews.length_refusal(request, MARKDOWN):
            return too_long
        texts = [(name.capitalize(), text) for name in MARKDOWN if (text := request.POST.get(name, "")).strip()]
        title = f"Preview: {request.POST.get('title') or 'untitled incident'}"
        context = {**self.admin_site.each_context(request), "title": title, "texts": texts, "opts": self.opts}
        return TemplateResponse(request, "admin/kb/note_preview.html", context)

    def lessons_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the notes of a resolved incident's codes, for an update."""
        incident = self.get_object(request, unquote(object_id))
        if incident is None:
            raise Http404
        if not self.has_view_or_change_permission(request, incident):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        codes = ReturnCode.objects.visible_to(request.user).filter(incidents=incident)
        notes = TroubleshootingNote.objects.visible_to(request.user).current().filter(codes__in=codes).distinct()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Update notes after {incident}",
            "incident": incident,
            "codes": codes.order_by("sort_key", "pk")[:MAX_LINKS],
            "code_count": codes.count(),
            "notes": notes[:MAX_LINKS],
            "note_count": notes.count(),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/kb/incident_lessons.html", context)

    def _may_write(self, request: HttpRequest) -> None:
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied

    @admin.display(description="Reference", ordering="reference")
    def reference_column(self, incident: IncidentLink) -> SafeString | str:
        """Return the tracker's reference."""
        return tags.mono(incident.reference) if incident.reference else tags.NONE

    @admin.display(description="Codes")
    def codes_column(self, incident: Any) -> SafeString | str:
        """Return the first codes."""
        return tags.mono_list([code.code for code in incident.first_codes], CODES_IN_LIST)

    @admin.display(description="State", ordering="state")
    def state_column(self, incident: IncidentLink) -> SafeString:
        """Return the state as a tag."""
        return tags.tag(incident.state, incident.get_state_display())

    @admin.display(description="Started", ordering="started_at")
    def start_column(self, incident: IncidentLink) -> str:
        """Return when it started."""
        return tags.moment(incident.started_at)

    @admin.display(description="Resolved", ordering="resolved_at")
    def end_column(self, incident: IncidentLink) -> str:
        """Return when it was resolved."""
        return tags.moment(incident.resolved_at)

    @admin.display(description="Audience", ordering="audience")
    def audience_column(self, incident: IncidentLink) -> SafeString:
        """Return the audience as a tag."""
        return tags.tag(incident.audience, incident.get_audience_display())
