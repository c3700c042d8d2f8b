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
    """Another link leads to this incident, however its address is written."""

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

    A new one began now unless its start is given, and one that becomes resolved without a date was resolved now.
    A reference that nobody wrote is read from the address. Raises AlreadyLinked, NotAllowed, StaleEdit.

    Notes on the codes of what becomes resolved may be about what is over: they are to be looked at again.
    """
    links = {} if codes is None else {"codes": codes}
    start = {"started_at": timezone.now()} if version is None and incident.started_at is None else {}
    known = start | _with_reference(incident, values)
    try:
        return _save_and_ask(incident, version, _with_end(incident, known), links, by)
    except IntegrityError:
        existing = linked_already(known.get("url", incident.url), except_for=incident.pk)
        if existing:
            raise AlreadyLinked(existing) from None
        raise


def resolve_incident(incident: IncidentLink, version: int, at: datetime | None, by: By) -> IncidentLink:
    """End an incident, now or at a given time. Raises StaleEdit, and NotAllowed where it has ended or not begun."""
    with journal.entry(by) as entry:
        current = entry.lock(IncidentLink, incident.pk, version)
        if not current.is_open:
            raise NotAllowed("This incident is already resolved.")
        if at and current.started_at and at < current.started_at:
            raise NotAllowed("An incident cannot be resolved before it started.")
        return save_incident(current, version, {"state": IncidentState.RESOLVED, "resolved_at": at}, None, by)


def _save_and_ask(
    incident: IncidentLink, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By
) -> IncidentLink:
    with journal.entry(by) as entry:
        was_open = version is not None and IncidentLink.objects.open().filter(pk=incident.pk).exists()
        saved = save_versioned(incident, version, values, links, by)
        if was_open and not saved.is_open:
            notes = TroubleshootingNote.objects.filter(state=NoteState.VALIDATED, codes__incidents=saved).distinct()
            request_review(entry, notes, f"The incident “{saved}” is resolved.")
        return saved


def linked_already(url: str, except_for: int | None = None) -> IncidentLink | None:
    """Return the link that leads to the same incident as an address. Raises NotAllowed for what is no address."""
    return IncidentLink.objects.filter(canonical=_tracked(url).canonical).exclude(pk=except_for or 0).first()


def _tracked(url: str) -> TrackedAddress:
    try:
        return read_address(url)
    except NotALink as problem:
        raise NotAllowed(str(problem)) from None


def _with_reference(incident: IncidentLink, values: dict[str, Any]) -> dict[str, Any]:
    url = values.get("url", incident.url)
    read = _tracked(url).reference
    given = values.get("reference", incident.reference)
    # What was read from the address before this one says nothing about this one.
    outdated = url != incident.url and incident.url and given == _tracked(incident.url).reference
    return values if given and not outdated else values | {"reference": read}


def _with_end(incident: IncidentLink, values: dict[str, Any]) -> dict[str, Any]:
    given = {name: values.get(name, getattr(incident, name)) for name in ("state", "started_at", "resolved_at")}
    if given["state"] != IncidentState.RESOLVED or given["resolved_at"]:
        return values
    now = timezone.now()
    # A maintenance announced for tomorrow and called off today must not end before it starts.
    return {**values, "resolved_at": max(now, given["started_at"] or now)}
