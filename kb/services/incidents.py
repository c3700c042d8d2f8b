"""Create, change and resolve incident links."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from kb.models import IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.incidents import IncidentState
from kb.models.notes import NoteState
from kb.services import journal
from kb.services.journal import By, NotAllowed, save_versioned
from kb.services.reviews import request_review
from kb.text.trackers import NotALink, TrackedAddress, read_address


class AlreadyLinked(NotAllowed):
    """Another link leads to this incident, perhaps with another spelling of the address."""

    def __init__(self, existing: IncidentLink) -> None:
        super().__init__(f"This incident is already linked, as “{existing}”. Add the codes there.")
        self.existing = existing


def save_incident(
    incident: IncidentLink,
    version: int | None,
    values: dict[str, Any],
    codes: Sequence[ReturnCode] | None,
    by: By,
) -> IncidentLink:
    """Create an incident link (version None) or change one; `codes` None leaves its codes as they are.

    Without a start, a new incident starts now; without an end, an incident that you resolve ends now. An empty
    reference is filled in from the address. Raises AlreadyLinked, NotAllowed, StaleEdit.

    When you resolve an incident, the notes on its codes may be outdated, so this requests another look at them.
    """
    links = {} if codes is None else {"codes": codes}
    start = {"started_at": timezone.now()} if version is None and incident.started_at is None else {}
    complete = start | _with_reference(incident, values)
    try:
        return _save_and_request_review(incident, version, _with_end(incident, complete), links, by)
    except IntegrityError:
        existing = existing_link(complete.get("url", incident.url), except_for=incident.pk)
        if existing:
            raise AlreadyLinked(existing) from None
        raise


def resolve_incident(incident: IncidentLink, version: int, at: datetime | None, by: By) -> IncidentLink:
    """Resolve an incident, now or `at` a time. Raises StaleEdit, and NotAllowed for a resolved or a future incident."""
    with journal.entry(by) as entry:
        current = entry.lock(IncidentLink, incident.pk, version)
        if not current.is_open:
            raise NotAllowed("This incident is already resolved.")
        if at and current.started_at and at < current.started_at:
            raise NotAllowed("An incident cannot be resolved before it started.")
        return save_incident(current, version, {"state": IncidentState.RESOLVED, "resolved_at": at}, None, by)


def _save_and_request_review(
    incident: IncidentLink, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By
) -> IncidentLink:
    with journal.entry(by) as entry:
        was_open = version is not None and IncidentLink.objects.open().filter(pk=incident.pk).exists()
        saved = save_versioned(incident, version, values, links, by)
        if was_open and not saved.is_open:
            notes = TroubleshootingNote.objects.filter(state=NoteState.VALIDATED, codes__incidents=saved).distinct()
            request_review(entry, notes, f"The incident “{saved}” is resolved.")
        return saved


def existing_link(url: str, except_for: int | None = None) -> IncidentLink | None:
    """Return the link that leads to the same incident as an address. Raises NotAllowed for a bad address."""
    return IncidentLink.objects.filter(canonical=_parse(url).canonical).exclude(pk=except_for or 0).first()


def _parse(url: str) -> TrackedAddress:
    try:
        return read_address(url)
    except NotALink as problem:
        raise NotAllowed(str(problem)) from None


def _with_reference(incident: IncidentLink, values: dict[str, Any]) -> dict[str, Any]:
    url = values.get("url", incident.url)
    derived = _parse(url).reference
    reference = values.get("reference", incident.reference)
    # A reference that came from the previous address is replaced.
    outdated = incident.url and reference == _parse(incident.url).reference
    return values if reference and not outdated else values | {"reference": derived}


def _with_end(incident: IncidentLink, values: dict[str, Any]) -> dict[str, Any]:
    current = {name: values.get(name, getattr(incident, name)) for name in ("state", "started_at", "resolved_at")}
    if current["state"] != IncidentState.RESOLVED or current["resolved_at"]:
        return values
    now = timezone.now()
    # If maintenance is cancelled before it starts, its end must not be before its start.
    return {**values, "resolved_at": max(now, current["started_at"] or now)}
