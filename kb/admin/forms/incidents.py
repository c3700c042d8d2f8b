"""The form of an incident link. It suggests the codes in its text, and links only those that somebody ticks."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from kb.admin.forms.choices import ManyField, is_id, label
from kb.admin.forms.versions import VersionedForm
from kb.models import IncidentLink, ReturnCode
from kb.models.visibility import Person
from kb.queries import detection
from kb.services.incidents import existing_link
from kb.services.journal import NotAllowed
from kb.text.safety.markdown import MAX_LENGTH
from kb.text.trackers import NotALink, TrackedAddress, read_address

MARKDOWN = ("impact", "workaround")
WORDS = ("title", *MARKDOWN)
MAX_SUGGESTIONS = 30


@dataclass(frozen=True)
class IncidentReading:
    """What Codebook recognises in an incident's URL and text."""

    address: TrackedAddress | None = None
    existing: IncidentLink | None = None
    suggestions: list[tuple[ReturnCode, str]] = field(default_factory=list)
    """Codes in the text that are not chosen yet, each with its label."""


def read_incident(
    url: str, words: str, user: Person | None, chosen_ids: Collection[int] = (), pk: int | None = None
) -> IncidentReading:
    """Return what Codebook recognises in an unfinished incident. A URL that is not valid yet is ignored."""
    try:
        address = read_address(url)
    except NotALink:
        return IncidentReading(suggestions=_suggestions(words, user, chosen_ids))
    return IncidentReading(address, _existing(url, user, pk), _suggestions(words, user, chosen_ids))


def _existing(url: str, user: Person | None, pk: int | None) -> IncidentLink | None:
    incident = existing_link(url, pk)
    return IncidentLink.objects.visible_to(user).filter(pk=incident.pk).first() if incident else None


def _suggestions(words: str, user: Person | None, chosen_ids: Collection[int]) -> list[tuple[ReturnCode, str]]:
    try:
        matches = [match for match in detection.detect(words, user).codes if match.is_likely]
    except detection.TooLong:
        return []
    codes = [code for match in matches for code in match.id if code.pk not in chosen_ids]
    return [(code, label(code)) for code in codes[:MAX_SUGGESTIONS]]


def check_time(moment: datetime | None) -> datetime | None:
    """Return the time. Raises ValidationError before 1990 and after 2100: some time zones cannot show those years."""
    if moment and not 1990 <= moment.year <= 2100:
        raise ValidationError(f"The year {moment.year} is not between 1990 and 2100.")
    return moment


def note_values(request: HttpRequest) -> dict[str, Any]:
    """Return the incident in an address (`?incident=17`) and the note fields that it fills in; {} for none."""
    pk = request.GET.get("incident", "")
    incident = IncidentLink.objects.visible_to(request.user).filter(pk=pk).first() if is_id(pk) else None
    if incident is None:
        return {}
    codes = ReturnCode.objects.visible_to(request.user).filter(incidents=incident)
    words = {"title": incident.title, "issue": incident.impact, "resolution": incident.workaround}
    return {"incident": incident, **words, "codes": list(codes.values_list("pk", flat=True))}


class IncidentForm(VersionedForm):
    """An incident's form."""

    user: Person | None = None
    """The person who edits; the admin sets it on the class that it makes for each request."""

    proposed = ManyField(ReturnCode.objects.none(), required=False, label="Codes mentioned in the text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Limit the choices to what the person may read, and mark the Markdown fields for the script."""
        super().__init__(*args, **kwargs)
        for name in MARKDOWN:
            if name in self.fields:
                self.fields[name].widget.attrs |= {"data-markdown": "", "rows": 5}
                self.fields[name].validators.append(MaxLengthValidator(MAX_LENGTH))
        suggestions = self.fields["proposed"]
        assert isinstance(suggestions, ManyField)
        suggestions.queryset = ReturnCode.objects.visible_to(self.user).select_related("table", "section")

    @property
    def reading(self) -> IncidentReading:
        """What Codebook recognises in the form's present input."""
        words = "\n".join(str(self[name].value() or "") for name in WORDS if name in self.fields)
        url = str(self["url"].value() or "") if "url" in self.fields else ""
        return read_incident(url, words, self.user, self._chosen_ids(), self.instance.pk)

    @property
    def selection(self) -> set[str]:
        """The ids of the suggested codes that were ticked in a submitted form."""
        return {str(value) for value in self["proposed"].value() or []}

    def _chosen_ids(self) -> set[int]:
        codes = self["codes"].value() or [] if "codes" in self.fields else []
        return {int(value) for code in codes if is_id(value := getattr(code, "pk", code))}

    def clean_url(self) -> str:
        """Raise ValidationError for an incident that is already linked, with a link to its form."""
        url: str = self.cleaned_data["url"]
        try:
            duplicate = existing_link(url, self.instance.pk)
        except NotAllowed as problem:
            raise ValidationError(str(problem)) from None
        if duplicate is None:
            return url
        if not IncidentLink.objects.visible_to(self.user).filter(pk=duplicate.pk).exists():
            raise ValidationError("This incident is already linked, but you do not have access to it.")
        address = reverse("admin:kb_incidentlink_change", args=[duplicate.pk])
        raise ValidationError(
            format_html('This incident is already linked. Add the codes to <a href="{}">{}</a>.', address, duplicate)
        )

    def clean(self) -> dict[str, Any]:
        """Add the ticked codes."""
        values = super().clean()
        if values.get("proposed"):
            values["codes"] = list({*values.get("codes", []), *values["proposed"]})
        return values

    def clean_started_at(self) -> datetime | None:
        """Raise ValidationError for an implausible year."""
        return check_time(self.cleaned_data["started_at"])

    def clean_resolved_at(self) -> datetime | None:
        """Raise ValidationError for an implausible year."""
        return check_time(self.cleaned_data["resolved_at"])
