"""Changes for people: the ordered feed with the texts that changed, as each reader may see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any

from django.apps import apps
from django.db.models import OuterRef, Q, QuerySet, Subquery

from kb.models import Audience, Change, CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.changes import NOUNS as ALL_NOUNS
from kb.models.changes import ChangeKind
from kb.models.fields import LABELS, VENDOR_TEXTS
from kb.models.notes import NOTE_TEXTS, NoteState
from kb.models.subqueries import any_of, without_index
from kb.models.visibility import Person, Reader, reader

_WORDS = {
    "code": ("code", *VENDOR_TEXTS, *(f"vendor_{name}" for name in VENDOR_TEXTS)),
    "note": NOTE_TEXTS,
    "incident": ("title", "impact", "workaround"),
}
_REVISIONS = {"code": ReturnCode.history, "note": TroubleshootingNote.history, "incident": IncidentLink.history}
# The models of a revision's links, and the field of each that leads to the row with a table.
_LINKS = {
    "note": (
        ("HistoricalTroubleshootingNote_codes", "returncode"),
        ("HistoricalTroubleshootingNote_ranges", "coderange"),
    ),
    "incident": (("HistoricalIncidentLink_codes", "returncode"),),
}
# Besides texts, the public sees only these fields. Others, such as a note's owner, are about support's work.
_PUBLIC_FIELDS = {
    "name": "Name",
    "vendor": "Vendor",
    "product": "Product",
    "source_url": "Address",
    "context_words": "Context words",
    "language": "Language",
    **{name: LABELS[name] for name in ("position", "section", "disposition", "fixer", "successor", "extra")},
    "state": "State",
    "url": "Address",
    "reference": "Reference",
    "started_at": "Start",
    "resolved_at": "End",
    "first": "First number",
    "last": "Last number",
    "codes": "Codes",
    "ranges": "Ranges",
}
_WORK = ("owner", "phrasings", "review_on", "validated_at", "validated_by", "verify_reason", "verify_since")
# The feed's `fields` are sorted. An edit of these alone is no news to the public: it would see an empty step.
_PRIVATE_EDITS = {
    "note": [list(names) for n in range(len(_WORK) + 1) for names in combinations(_WORK, n)],
    "code": [["phrasings"]],
}


@dataclass(frozen=True)
class ChangedText:
    """One text of a change, before and after."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeStep:
    """One change, with its object (`subject`) if that still exists and the reader may see it."""

    change: Change
    subject: Any
    table: CodeTable | None
    words: list[ChangedText] = field(default_factory=list)
    other_fields: list[str] = field(default_factory=list)
    reason: str = ""
    code: ReturnCode | None = None
    """The first code of an incident, which has no page of its own."""


def recent_changes(
    user: Person | None, since: datetime | None = None, table: CodeTable | None = None
) -> QuerySet[Change]:
    """Return the changes that a user may read, latest first.

    The public only gets changes of objects that are public now: when a table becomes internal, so do its changes.
    """
    # Not `noun__in`: SQLite would read and sort all changes of these nouns.
    changes = Change.objects.visible_to(user).exclude(noun__in=ALL_NOUNS.keys() - _subjects(user).keys())
    if since is not None:
        changes = changes.at_or_after(since)
    if reader(user) != Reader.INTERNAL:
        for noun, edits in _PRIVATE_EDITS.items():
            changes = changes.exclude(kind=ChangeKind.UPDATED, noun=noun, fields__in=edits)
    if table is not None or reader(user) != Reader.INTERNAL:
        changes = changes.filter(without_index(_about(_subjects(user), table)))
    return changes.select_related("actor").order_by("-sequence")


def change_steps(changes: Sequence[Change], user: Person | None) -> list[ChangeStep]:
    """Return the steps of a page of changes, in the same order. The number of queries does not grow with the page."""
    ids: dict[str, set[int]] = {}
    for change in changes:
        ids.setdefault(change.noun, set()).add(change.object_id)
    subjects = {noun: _subjects(user)[noun].in_bulk(pks) for noun, pks in ids.items()}
    revisions: dict[int, tuple[Any, Any]] = {}
    for noun in ids:
        pairs = _revisions(noun, changes)
        revisions |= pairs if reader(user) == Reader.INTERNAL else _public_pairs(noun, pairs)
    return [
        _step(change, subjects[change.noun].get(change.object_id), revisions.get(change.pk, (None, None)), user)
        for change in changes
    ]


def incident_codes(steps: Sequence[ChangeStep], user: Person | None) -> dict[int, ReturnCode]:
    """Return the first code that a reader may see of each incident of some steps, by the incident's id."""
    ids = [step.subject.pk for step in steps if isinstance(step.subject, IncidentLink)]
    if not ids:
        return {}
    visible = _subjects(user)["code"]
    of_incident = visible.filter(incidents=OuterRef("pk")).order_by("table_id", "position", "pk").values("pk")
    incidents = IncidentLink.objects.filter(pk__in=ids).annotate(first_code=Subquery(of_incident[:1]))
    firsts = dict(incidents.order_by().values_list("pk", "first_code"))
    codes = visible.in_bulk({code for code in firsts.values() if code is not None})
    return {pk: codes[code] for pk, code in firsts.items() if code in codes}


def _public_pairs(noun: str, pairs: dict[int, tuple[Any, Any]]) -> dict[int, tuple[Any, Any]]:
    """Return pairs of revisions without the earlier one where the public could not read it."""
    readable = [older for _, older in pairs.values() if older and _had_public_texts(older)]
    linked, on_public = _links_of(noun, [revision.history_id for revision in readable])
    # An incident without codes is public, a note without a public code or range is not.
    public = {
        pk
        for pk in (revision.history_id for revision in readable)
        if noun not in _LINKS or pk in on_public or (noun == "incident" and pk not in linked)
    }
    return {pk: (newer, old if old and old.history_id in public else None) for pk, (newer, old) in pairs.items()}


def _links_of(noun: str, history_ids: list[int]) -> tuple[set[int], set[int]]:
    """Return which revisions were linked to a code or range, and which of them to one that is public now."""
    links = [
        row
        for model, target in _LINKS.get(noun, ())
        for row in apps.get_model("kb", model)
        ._default_manager.filter(history_id__in=history_ids)
        .values_list("history_id", f"{target}__table__audience")
    ]
    return {pk for pk, _ in links}, {pk for pk, audience in links if audience == Audience.PUBLIC}


def _subjects(user: Person | None) -> dict[str, QuerySet[Any]]:
    return {
        "table": CodeTable.objects.visible_to(user),
        "section": Section.objects.visible_to(user).select_related("table"),
        "code": ReturnCode.objects.visible_to(user).select_related("table", "section"),
        "range": CodeRange.objects.visible_to(user).select_related("table"),
        "note": TroubleshootingNote.objects.visible_to(user),
        "incident": IncidentLink.objects.visible_to(user),
    }


def _about(subjects: dict[str, QuerySet[Any]], table: CodeTable | None) -> Q:
    """Return the condition that a change is about one of these objects and, with a table, about that table.

    Not by the ids of all these objects: a page needs fifty.
    """
    condition = Q(pk__in=[])
    for noun, visible in subjects.items():
        within = visible if table is None else visible.filter(_in_table(noun, table))
        condition |= Q(noun=noun) & Q(any_of(within.filter(pk=OuterRef("object_id"))))
    return condition


def _in_table(noun: str, table: CodeTable) -> Q:
    if noun == "table":
        return Q(pk=table.pk)
    if noun == "note":
        return Q(codes__table=table) | Q(ranges__table=table)
    return Q(codes__table=table) if noun == "incident" else Q(table=table)


def _revisions(noun: str, changes: Sequence[Change]) -> dict[int, tuple[Any, Any]]:
    """Return, by sequence, the revision that a change wrote and the one before it."""
    if noun not in _REVISIONS:
        return {}
    history = _REVISIONS[noun]
    # A revision is written before its change, in the same transaction.
    earlier = history.filter(id=OuterRef("object_id"), history_date__lte=OuterRef("at"))
    latest = earlier.order_by("-history_date", "-history_id").values("history_id")
    pairs = (
        Change.objects.filter(pk__in=[change.pk for change in changes if change.noun == noun])
        .annotate(newer_id=Subquery(latest[:1]), older_id=Subquery(latest[1:2]))
        .values_list("pk", "newer_id", "older_id")
    )
    ids = {sequence: (newer, older) for sequence, newer, older in pairs}
    revisions = history.in_bulk({pk for pair in ids.values() for pk in pair if pk})
    return {sequence: (revisions.get(newer), revisions.get(older)) for sequence, (newer, older) in ids.items()}


def _step(change: Change, subject: Any, revisions: tuple[Any, Any], user: Person | None) -> ChangeStep:
    newer, older = revisions if change.has_revision else (None, None)
    is_internal = reader(user) == Reader.INTERNAL
    words = []
    if subject and newer and older:
        words = list(_words(change.noun, newer, older))
    names = {word.name for word in words}
    return ChangeStep(
        change,
        subject,
        subject if isinstance(subject, CodeTable) else getattr(subject, "table", None),
        words,
        _other_fields(change, names, is_internal),
        (newer.history_change_reason or "") if newer and is_internal else "",
    )


def _had_public_texts(revision: Any) -> bool:
    """Whether a revision's own audience and state let the public read it: earlier texts stay internal."""
    return getattr(revision, "audience", Audience.PUBLIC) == Audience.PUBLIC and (
        not isinstance(revision, TroubleshootingNote.history.model) or revision.state == NoteState.VALIDATED
    )


def _words(noun: str, newer: Any, older: Any) -> Iterator[ChangedText]:
    for name in _WORDS[noun]:
        before, after = getattr(older, name), getattr(newer, name)
        # If support never edited a text, an update changes the vendor's text and ours in the same way: list it once.
        is_repeated = name.startswith("vendor_") and after == getattr(newer, name.removeprefix("vendor_"))
        if before != after and not is_repeated:
            yield ChangedText(name, _label(name), before, after)


def _other_fields(change: Change, texts: set[str], is_internal: bool) -> list[str]:
    fields = [name.removesuffix("_id") for name in change.fields if name not in texts]
    if is_internal:
        return sorted({_label(name) for name in fields if not name.endswith("_origin")})
    return sorted({_PUBLIC_FIELDS[name] for name in fields if name in _PUBLIC_FIELDS})


def _label(name: str) -> str:
    words = _PUBLIC_FIELDS.get(name, name.replace("_", " ").capitalize())
    return words.replace("Vendor ", "Vendor's ", 1) if name.startswith("vendor_") else words
