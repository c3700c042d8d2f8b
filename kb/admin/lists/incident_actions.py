"""Bulk actions on incidents: resolve them."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kb.admin.forms.incidents import check_time
from kb.admin.lists.actions import MAX_NAMES, BulkAction, BulkForm, FormValues
from kb.services.bulk_edits import BulkResult
from kb.services.incidents import resolve_incident
from kb.services.journal import By


class ResolutionTimeForm(BulkForm):
    """Asks when the incidents ended."""

    resolved_at = forms.SplitDateTimeField(
        label="Resolved", required=False, widget=AdminSplitDateTime, help_text="Leave empty to use the current time."
    )

    def clean_resolved_at(self) -> Any:
        """Raise ValidationError for an implausible year."""
        return check_time(self.cleaned_data["resolved_at"])


def _resolve(incident: Any, version: int, by: By, values: FormValues) -> Any:
    return resolve_incident(incident, version, values["resolved_at"], by)


def _lesson_links(outcome: BulkResult) -> SafeString:
    addresses = [
        (reverse("admin:kb_incidentlink_learned", args=[incident.pk]), incident)
        for incident in outcome.edited[:MAX_NAMES]
    ]
    links = format_html_join(", ", '<a href="{}">{}</a>', addresses)
    return format_html("Update the notes on the affected codes: {}", links)


INCIDENT_ACTIONS = (
    BulkAction("resolve", "Resolve…", "kb.change_incidentlink", _resolve, ResolutionTimeForm, _lesson_links),
)
