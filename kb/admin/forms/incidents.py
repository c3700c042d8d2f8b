"""The form of an incident link: what its address and its words say is shown, and nothing is linked unasked."""

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
MAX_PROPOSED = 30


@dataclass(frozen=True)
class IncidentReading:
    """What an address and the words beside it say."""

    tracked: TrackedAddress | None = None
    existing: IncidentLink | None = None
    proposed: list[tuple[ReturnCode, str]] = field(default_factory=list)
    """Codes that the words name and nobody chose, each with its label."""


def reading(
    url: str, words: str, user: Person | None, chosen: Collection[int] = (), pk: int | None = None
) -> IncidentReading:
    """Read an incident that somebody is writing down. What cannot be read yet is left out."""
    try:
        tracked = read_address(url)
    except NotALink:
        return IncidentReading(proposed=_proposed(words, user, chosen))
    return IncidentReading(tracked, _linked_already(url, user, pk), _proposed(words, user, chosen))


def _linked_already(url: str, user: Person | None, pk: int | None) -> IncidentLink | None:
    found = existing_link(url, pk)
    return IncidentLink.objects.visible_to(user).filter(pk=found.pk).first() if found else None


def _proposed(words: str, user: Person | None, chosen: Collection[int]) -> list[tuple[ReturnCode, str]]:
    try:
        likely = [found for found in detection.detect(words, user).codes if found.is_likely]
    except detection.TooLong:
        return []
    codes = [code for found in likely for code in found.id if code.pk not in chosen]
    return [(code, label(code)) for code in codes[:MAX_PROPOSED]]


def sane(moment: datetime | None) -> datetime | None:
    """Return a time of an incident, which every time zone can show. Raises ValidationError for other centuries."""
    if moment and not 1990 <= moment.year <= 2100:
        raise ValidationError(f"The year {moment.year} is not between 1990 and 2100.")
    return moment


def words_of_incident(request: HttpRequest) -> dict[str, Any]:
    """Return the incident that a note's form was opened from (`?incident=17`), and what it fills in a new note."""
    pk = request.GET.get("incident", "")
    incident = IncidentLink.objects.visible_to(request.user).filter(pk=pk).first() if is_id(pk) else None
    if incident is None:
        return {}
    codes = ReturnCode.objects.visible_to(request.user).filter(incidents=incident)
    words = {"title": incident.title, "issue": incident.impact, "resolution": incident.workaround}
    return {"incident": incident, **words, "codes": list(codes.values_list("pk", flat=True))}


class IncidentForm(VersionedForm):
    """An incident's form, with dates that every time zone can show."""

    user: Person | None = None
    """Who fills it in: set by the admin on the class that it makes for each request."""

    proposed = ManyField(ReturnCode.objects.none(), required=False, label="Codes that the words name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read what is typed or stored so far, and mark the Markdown fields for the script."""
        super().__init__(*args, **kwargs)
        for name in MARKDOWN:
            if name in self.fields:
                self.fields[name].widget.attrs |= {"data-markdown": "", "rows": 5}
                self.fields[name].validators.append(MaxLengthValidator(MAX_LENGTH))
        proposed = self.fields["proposed"]
        assert isinstance(proposed, ManyField)
        proposed.queryset = ReturnCode.objects.visible_to(self.user).select_related("table", "section")

    @property
    def reading(self) -> IncidentReading:
        """What stands in the form says."""
        words = "\n".join(str(self[name].value() or "") for name in WORDS if name in self.fields)
        url = str(self["url"].value() or "") if "url" in self.fields else ""
        return reading(url, words, self.user, self._chosen(), self.instance.pk)

    @property
    def ticked(self) -> set[str]:
        """The proposed codes that were ticked in a form that came back."""
        return {str(value) for value in self["proposed"].value() or []}

    def _chosen(self) -> set[int]:
        given = self["codes"].value() or [] if "codes" in self.fields else []
        return {int(value) for one in given if is_id(value := getattr(one, "pk", one))}

    def clean_url(self) -> str:
        """Refuse an incident that is linked already, leading to it."""
        url: str = self.cleaned_data["url"]
        try:
            found = existing_link(url, self.instance.pk)
        except NotAllowed as problem:
            raise ValidationError(str(problem)) from None
        if found is None:
            return url
        if not IncidentLink.objects.visible_to(self.user).filter(pk=found.pk).exists():
            raise ValidationError("Linked already, as an incident that you may not read.")
        address = reverse("admin:kb_incidentlink_change", args=[found.pk])
        raise ValidationError(format_html('Linked already: add the codes to <a href="{}">{}</a>.', address, found))

    def clean(self) -> dict[str, Any]:
        """Add the codes that were ticked."""
        cleaned = super().clean()
        if cleaned.get("proposed"):
            cleaned["codes"] = list({*cleaned.get("codes", []), *cleaned["proposed"]})
        return cleaned

    def clean_started_at(self) -> datetime | None:
        """Refuse the years in which no incident was."""
        return sane(self.cleaned_data["started_at"])

    def clean_resolved_at(self) -> datetime | None:
        """Refuse the years in which no incident was."""
        return sane(self.cleaned_data["resolved_at"])
