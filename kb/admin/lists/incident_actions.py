"""Steps on many incidents: their end."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kb.admin.forms.incidents import sane
from kb.admin.lists.actions import NAMED, BulkAction, Given, StepForm
from kb.services.bulk_edits import BulkResult
from kb.services.incidents import resolve_incident
from kb.services.journal import By


class EndForm(StepForm):
    """When the incidents ended."""

    resolved_at = forms.SplitDateTimeField(
        label="Resolved", required=False, widget=AdminSplitDateTime, help_text="Left empty, it is now."
    )

    def clean_resolved_at(self) -> Any:
        """Refuse the years in which no incident was."""
        return sane(self.cleaned_data["resolved_at"])


def _resolve(incident: Any, version: int, by: By, given: Given) -> Any:
    return resolve_incident(incident, version, given["resolved_at"], by)


def _learned(outcome: BulkResult) -> SafeString:
    links = [(reverse("admin:kb_incidentlink_learned", args=[one.pk]), one) for one in outcome.edited[:NAMED]]
    named = format_html_join(", ", '<a href="{}">{}</a>', links)
    return format_html("What was learned from them? Write it into the notes of their codes: {}", named)


INCIDENT_STEPS = (BulkAction("resolve", "Resolve…", "kb.change_incidentlink", _resolve, EndForm, _learned),)
