"""Incident links: where a tracker says what is broken, and which codes it hits."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from kb import curating
from kb.admin import tags
from kb.admin.versioned import VersionedAdmin, VersionedForm
from kb.journal import By
from kb.models import IncidentLink, ReturnCode

CODES_IN_LIST = 3


class IncidentForm(VersionedForm):
    """An incident's form, with dates that every time zone can show."""

    def clean(self) -> dict[str, Any]:
        """Refuse the years in which no incident was."""
        cleaned = super().clean()
        for name in ("started_at", "resolved_at"):
            moment = cleaned.get(name)
            if moment and not 1990 <= moment.year <= 2100:
                self.add_error(name, f"The year {moment.year} is not between 1990 and 2100.")
        return cleaned


@admin.register(IncidentLink)
class IncidentAdmin(VersionedAdmin):
    """Incidents are resolved, never deleted."""

    noun = "incident"
    form = IncidentForm
    written = (
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
    linked = ("codes",)
    list_display = (
        "listed_reference",
        "title",
        "listed_codes",
        "listed_state",
        "listed_audience",
        "listed_start",
        "listed_end",
    )
    list_display_links = ("listed_reference", "title")
    list_filter = ("state", "audience")
    search_fields = ("reference", "title", "impact", "workaround", "url")
    search_help_text = "A code in any spelling (its incidents), a reference, or words."
    autocomplete_fields = ("codes",)
    fieldsets = (
        ("In the tracker", {"fields": ("url", "reference", "title")}),
        ("How it stands", {"fields": ("state", ("started_at", "resolved_at"))}),
        ("For agents", {"fields": ("impact", "workaround", "codes", "audience")}),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Say what an empty date of resolution means."""
        texts = {
            "started_at": "In your own time zone, as all times here.",
            "resolved_at": "Left empty, a resolved incident gets the present time.",
        }
        return super().get_form(request, obj, change, help_texts=texts, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncidentLink]:
        """Show what this person may read, with the first codes of each incident."""
        first = ReturnCode.objects.visible_to(request.user).order_by("sort_key", "pk")[: CODES_IN_LIST + 1]
        return super().get_queryset(request).prefetch_related(Prefetch("codes", first, to_attr="first_codes"))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find the incidents of a code in any of its readings; only where there is none, by words."""
        term = search_term.replace("\x00", "").strip()
        codes = ReturnCode.objects.visible_to(request.user).matching(term).filter(incidents=OuterRef("pk"))
        about = queryset.filter(Exists(codes))
        return (about, False) if term and about.exists() else super().get_search_results(request, queryset, term)

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Any:
        """Write through the verb."""
        return curating.save_incident(obj, version, values, links.get("codes"), by)

    @admin.display(description="Reference", ordering="reference")
    def listed_reference(self, incident: IncidentLink) -> SafeString | str:
        """Show the tracker's number."""
        return tags.mono(incident.reference) if incident.reference else tags.NONE

    @admin.display(description="Codes")
    def listed_codes(self, incident: Any) -> SafeString | str:
        """Show the first codes."""
        return tags.mono_list([code.code for code in incident.first_codes], CODES_IN_LIST)

    @admin.display(description="State", ordering="state")
    def listed_state(self, incident: IncidentLink) -> SafeString:
        """Show how it stands."""
        return tags.tag(incident.state, incident.get_state_display())

    @admin.display(description="Started", ordering="started_at")
    def listed_start(self, incident: IncidentLink) -> str:
        """Show when it started."""
        return tags.moment(incident.started_at)

    @admin.display(description="Resolved", ordering="resolved_at")
    def listed_end(self, incident: IncidentLink) -> str:
        """Show when it was resolved."""
        return tags.moment(incident.resolved_at)

    @admin.display(description="Audience", ordering="audience")
    def listed_audience(self, incident: IncidentLink) -> SafeString:
        """Show for whom it is meant."""
        return tags.tag(incident.audience, incident.get_audience_display())
