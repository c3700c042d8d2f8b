"""Verbs of curation: edit a code, a table, a section, a range; link an incident.

Each owns its transaction, refuses a stale version (StaleEdit) and records what it changed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from kb import journal, verifying
from kb.journal import By, NotAllowed
from kb.models import CodeRange, CodeTable, IgnoredMiss, IncidentLink, ReturnCode, Section, Synonym, TroubleshootingNote
from kb.models.code import VENDOR_TEXTS, Origin
from kb.models.incident import IncidentState
from kb.models.note import NoteState
from kb.text import tracker
from kb.text.disposition import derive


class AlreadyLinked(NotAllowed):
    """Another link leads to this incident, however its address is written."""

    def __init__(self, existing: IncidentLink) -> None:
        super().__init__(f"This incident is linked already, as “{existing}”: add the codes there.")
        self.existing = existing


CODE_FIELDS = (*VENDOR_TEXTS, "disposition", "fixer", "successor")


def edit_code(code: ReturnCode, version: int, values: dict[str, Any], by: By) -> ReturnCode:
    """Change support's side of a code: its texts, disposition, fixer and successor.

    A disposition or fixer given here is support's from now on; None hands it back to what the vendor's words say.
    """
    unknown = set(values) - set(CODE_FIELDS)
    if unknown:
        raise ValueError(f"not editable on a code: {sorted(unknown)}; allowed: {sorted(CODE_FIELDS)}")
    with journal.entry(by) as entry:
        current = entry.lock(ReturnCode, code.pk, version)
        changed = journal.changed_fields(current, _with_origin(current, values))
        return entry.update(current, changed) if changed else current


def _with_origin(code: ReturnCode, values: dict[str, Any]) -> dict[str, Any]:
    derived = derive(code.vendor_suggested_actions)
    result = dict(values)
    for name in ("disposition", "fixer"):
        if name in values:
            given = values[name]
            result[name] = getattr(derived, name) if given is None else given
            result[f"{name}_origin"] = Origin.VENDOR if given is None else Origin.STAFF
    return result


def save_table(table: CodeTable, version: int | None, values: dict[str, Any], by: By) -> CodeTable:
    """Create a table (version None) or change one."""
    return _save(table, version, values, {}, by)


def save_range(code_range: CodeRange, version: int | None, values: dict[str, Any], by: By) -> CodeRange:
    """Create a code range (version None) or change one."""
    return _save(code_range, version, values, {}, by)


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
            raise NotAllowed("It is resolved already.")
        if at and current.started_at and at < current.started_at:
            raise NotAllowed("An incident cannot be resolved before it started.")
        return save_incident(current, version, {"state": IncidentState.RESOLVED, "resolved_at": at}, None, by)


def _save_and_ask(
    incident: IncidentLink, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By
) -> IncidentLink:
    with journal.entry(by) as entry:
        was_open = version is not None and IncidentLink.objects.open().filter(pk=incident.pk).exists()
        saved = _save(incident, version, values, links, by)
        if was_open and not saved.is_open:
            notes = TroubleshootingNote.objects.filter(state=NoteState.VALIDATED, codes__incidents=saved).distinct()
            verifying.ask(entry, notes, f"The incident “{saved}” is resolved.")
        return saved


def linked_already(url: str, except_for: int | None = None) -> IncidentLink | None:
    """Return the link that leads to the same incident as an address. Raises NotAllowed for what is no address."""
    return IncidentLink.objects.filter(canonical=_tracked(url).canonical).exclude(pk=except_for or 0).first()


def _tracked(url: str) -> tracker.Tracked:
    try:
        return tracker.read(url)
    except tracker.NotALink as problem:
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


def rename_section(section: Section, version: int | None, values: dict[str, Any], by: By) -> Section:
    """Change a section's name, slug or position. Raises StaleEdit."""
    with journal.entry(by) as entry:
        current = entry.lock(Section, section.pk, version)
        changed = journal.changed_fields(current, values)
        return entry.update(current, changed) if changed else current


def delete_range(code_range: CodeRange, version: int, by: By) -> None:
    """Delete a code range: support's own inference, not the vendor's text. Notes on it stay."""
    with journal.entry(by) as entry:
        entry.delete(entry.lock(CodeRange, code_range.pk, version))


def save_synonym(synonym: Synonym, version: int | None, values: dict[str, Any], by: By) -> Synonym:
    """Create a group of synonyms (version None) or change one. Raises NotAllowed for fewer than two words."""
    words = [" ".join(word.split()) for word in values["words"].split(",")]
    words = list(dict.fromkeys(word for word in words if word))
    if len(words) < 2:
        raise NotAllowed("Synonyms are two or more words or short phrases, with commas between them.")
    return _save(synonym, version, {"words": ", ".join(words)}, {}, by)


def delete_synonym(synonym: Synonym, version: int, by: By) -> None:
    """Delete a group of synonyms: its words find only themselves again."""
    with journal.entry(by) as entry:
        entry.delete(entry.lock(Synonym, synonym.pk, version))


def ignore_miss(text: str, by: By) -> IgnoredMiss:
    """Say that a text which nothing is found for asks for nothing. Raises NotAllowed."""
    _refuse_without(by, "kb.change_miss")
    with journal.entry(by) as entry:
        known = IgnoredMiss.objects.filter(text=text).first()
        return known or entry.create(IgnoredMiss(text=text, ignored_by=by.user))


def heed_miss(ignored: IgnoredMiss, by: By) -> None:
    """Take it back that a text asks for nothing. Raises NotAllowed."""
    _refuse_without(by, "kb.change_miss")
    with journal.entry(by) as entry:
        entry.delete(entry.lock(IgnoredMiss, ignored.pk))


def _refuse_without(by: By, permission: str) -> None:
    if by.user is None or not by.user.has_perm(permission):
        raise NotAllowed("You may read misses, not decide about them.")


def _save(obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Any:
    with journal.entry(by) as entry:
        if version is None:
            journal.changed_fields(obj, values)
            return entry.create(obj, **links)
        current = entry.lock(type(obj), obj.pk, version)
        changed = journal.changed_fields(current, values)
        moved: dict[str, Any] = dict(journal.changed_links(current, links))
        return entry.update(current, changed, **moved) if changed or moved else current
