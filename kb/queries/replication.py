"""Replication: everything that a reader may read as of one moment, and the later changes in commit order.

# Note [States, not deltas]
An entry holds what the reader may read of an object now, or says that the object is gone. So no old value can leak, and
you can apply an entry twice. An object that changes again has another entry later in the feed, so at the end of the
feed a copy equals the database. A copy must do two things itself: delete the sections, ranges and codes of a deleted
table, and ignore links to objects that it does not have.

# Note [Unfolding]
When a table becomes public, one change makes many objects readable. The feed lists these objects page by page. The
place between two pages names the change, the step and the last object. When a table becomes internal, the feed lists
only its notes and incidents.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery

from kb.models import Audience, Change, CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.changes import NOUNS as ALL_NOUNS
from kb.models.changes import ChangeKind, last_sequence
from kb.models.fields import VENDOR_TEXTS
from kb.models.notes import NOTE_TEXTS
from kb.models.sql import one_view
from kb.models.subqueries import any_of
from kb.models.visibility import Person, Reader, reader

BATCH = 500
_STAMPS = ("version", "created_at", "updated_at")


@dataclass(frozen=True)
class CopiedNoun:
    """The fields of a noun that are copied, without positions: a reordering by the vendor adds nothing to the feed."""

    model: Any
    fields: tuple[str, ...]
    internal: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


NOUNS = {
    "table": CopiedNoun(
        CodeTable,
        ("id", "slug", "vendor", "product", "name", "language", "source_url", "context_words", "audience", *_STAMPS),
    ),
    "section": CopiedNoun(Section, ("id", "table", "name", "slug", "version")),
    "range": CopiedNoun(CodeRange, ("id", "table", "name", "first", "last", "version")),
    "code": CopiedNoun(
        ReturnCode,
        (
            *("id", "table", "section", "code", "number", *VENDOR_TEXTS, *(f"vendor_{name}" for name in VENDOR_TEXTS)),
            *("extra", "disposition", "disposition_origin", "fixer", "fixer_origin", "retired_at", "successor"),
            *_STAMPS,
        ),
    ),
    "note": CopiedNoun(
        TroubleshootingNote,
        ("id", *NOTE_TEXTS, "state", "audience", "validated_at", *_STAMPS),
        internal=("review_on", "verify_since", "verify_reason"),
        links=("codes", "ranges"),
    ),
    "incident": CopiedNoun(
        IncidentLink,
        (
            *("id", "url", "reference", "title", "state", "started_at", "resolved_at", "impact", "workaround"),
            *("audience", *_STAMPS),
        ),
        links=("codes",),
    ),
}


@dataclass(frozen=True)
class FeedPlace:
    """A place in the feed: after a sequence, or within the unfolding of that change."""

    sequence: int
    step: str = ""
    after: int = 0

    def __str__(self) -> str:
        return f"{self.sequence}.{self.step}.{self.after}" if self.step else str(self.sequence)


@dataclass(frozen=True)
class FeedEntry:
    """What a reader may read of an object now; None if it is gone, or the reader may not read it."""

    sequence: int
    noun: str
    id: int
    object: dict[str, Any] | None


@dataclass(frozen=True)
class FeedPage:
    """A page of the feed, and the place after it."""

    entries: list[FeedEntry]
    next: FeedPlace
    more: bool


def snapshot(user: Person | None) -> Iterator[tuple[str, Any]]:
    """Yield ("sequence", n), then (noun, object) pairs, all as of one moment. Writers do not wait."""
    with one_view():
        yield "sequence", last_sequence()
        for noun in NOUNS:
            after = 0
            while batch := _read(noun, user, Q(pk__gt=after), BATCH):
                for row in batch:
                    yield noun, row
                after = batch[-1]["id"]


def changes(user: Person | None, since: FeedPlace, limit: int) -> FeedPage:
    """Return the page of the feed after a place. See Note [States, not deltas]."""
    if since.step:
        return _unfold(user, since, limit)
    # Read this before the rows: changes that commit in the meantime are on the next page.
    latest = last_sequence()
    # Not `noun__in=NOUNS`: SQLite would read and sort all changes of these nouns.
    visible = _changes_for(user).exclude(noun__in=ALL_NOUNS.keys() - NOUNS.keys()).since(since.sequence)
    rows = list(visible.only("sequence", "noun", "object_id", "fields")[: limit + 1])
    page = rows[:limit]
    first_fold = next((n for n, row in enumerate(page) if _is_folded(row, user)), len(page))
    if page and first_fold == 0:
        return _unfold(user, FeedPlace(rows[0].sequence, "table"), limit)
    page = page[:first_fold]
    more = len(rows) > len(page)
    end = page[-1].sequence if more else max(latest, since.sequence, *(row.sequence for row in page))
    last = {(row.noun, row.object_id): row.sequence for row in page}
    return FeedPage(_states(user, [(sequence, *key) for key, sequence in last.items()]), FeedPlace(end), more)


def _changes_for(user: Person | None) -> Any:
    """Return the changes of objects that a reader may read now, or could read before."""
    if reader(user) != Reader.PUBLIC:
        return Change.objects.visible_to(user)
    to_copy = Q(audience=Audience.PUBLIC)
    for noun, copied in NOUNS.items():
        to_copy |= Q(noun=noun) & Q(any_of(copied.model.objects.visible_to(user).filter(pk=OuterRef("object_id"))))
    earlier = Change.objects.filter(noun=OuterRef("noun"), object_id=OuterRef("object_id"))
    before = earlier.filter(sequence__lt=OuterRef("sequence")).order_by("-sequence").values("audience")
    # An object that is older than the feed has no earlier change: it counts as public before.
    was_public = Q(before=Audience.PUBLIC) | Q(before=None) & ~Q(kind=ChangeKind.CREATED)
    withdrawn = Q(noun__in=("table", "note", "incident")) & was_public
    return Change.objects.alias(before=Subquery(before[:1])).filter(to_copy | withdrawn)


def _is_folded(row: Change, user: Person | None) -> bool:
    return row.noun == "table" and "audience" in row.fields and reader(user) != Reader.INTERNAL


def _unfold(user: Person | None, since: FeedPlace, limit: int) -> FeedPage:
    """Return a page of the objects that one change of a table's audience affects. See Note [Unfolding]."""
    change = _changes_for(user).filter(pk=since.sequence, noun="table")
    table_id = change.values_list("object_id", flat=True).first()
    steps = {} if table_id is None else _steps(user, table_id)
    entries: list[FeedEntry] = []
    reached = False
    for step, (noun, ids) in steps.items():
        reached = reached or step == since.step
        if not reached:
            continue
        after = since.after if step == since.step else 0
        page = list(ids.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[: limit - len(entries)])
        entries += _states(user, [(since.sequence, noun, pk) for pk in page])
        if len(entries) >= limit:
            return FeedPage(entries, FeedPlace(since.sequence, step, page[-1]), True)
    return FeedPage(entries, FeedPlace(since.sequence), True)


def _steps(user: Person | None, table_id: int) -> dict[str, tuple[str, QuerySet[Any]]]:
    table = CodeTable.objects.filter(pk=table_id)
    about = Q(codes__table=table_id) | Q(ranges__table=table_id)
    notes = TroubleshootingNote.objects.filter(
        pk__in=TroubleshootingNote.objects.meant_for(user).filter(about).values("pk")
    )
    public_incidents = IncidentLink.objects.filter(audience=Audience.PUBLIC, codes__table=table_id)
    steps: dict[str, tuple[str, QuerySet[Any]]] = {"table": ("table", table)}
    if table.visible_to(user).exists():
        steps |= {
            "section": ("section", Section.objects.filter(table=table_id)),
            "range": ("range", CodeRange.objects.filter(table=table_id)),
            "code": ("code", ReturnCode.objects.published().filter(table=table_id)),
            "replaced": ("code", ReturnCode.objects.filter(successor__table=table_id).exclude(table=table_id)),
        }
    incidents = IncidentLink.objects.filter(pk__in=public_incidents.values("pk"))
    return {**steps, "note": ("note", notes), "incident": ("incident", incidents)}


STEPS = ("table", "section", "range", "code", "replaced", "note", "incident")


def _states(user: Person | None, keys: Sequence[tuple[int, str, int]]) -> list[FeedEntry]:
    """Return the current states of objects for a reader, in the feed's order."""
    ids_by_noun: dict[str, set[int]] = {}
    for _, noun, pk in keys:
        ids_by_noun.setdefault(noun, set()).add(pk)
    rows = {
        (noun, row["id"]): row
        for noun, pks in ids_by_noun.items()
        for row in _read(noun, user, Q(pk__in=pks), len(pks))
    }
    return [FeedEntry(sequence, noun, pk, rows.get((noun, pk))) for sequence, noun, pk in sorted(keys)]


def _read(noun: str, user: Person | None, condition: Q, limit: int) -> list[dict[str, Any]]:
    """Return objects that a reader may read, by id, with the links that the reader may read."""
    copied = NOUNS[noun]
    fields = copied.fields + (copied.internal if reader(user) == Reader.INTERNAL else ())
    rows = list(copied.model.objects.visible_to(user).filter(condition).order_by("pk").values(*fields)[:limit])
    if noun == "code":
        _hide_successors(rows, user)
    for name in copied.links:
        _add_links(rows, copied.model, name, user)
    return rows


def _hide_successors(rows: list[dict[str, Any]], user: Person | None) -> None:
    ids = {row["successor"] for row in rows} - {None}
    visible = set(ReturnCode.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)) if ids else ()
    for row in rows:
        row["successor"] = row["successor"] if row["successor"] in visible else None


def _add_links(rows: list[dict[str, Any]], model: type[Model], name: str, user: Person | None) -> None:
    link: Any = model._meta.get_field(name)
    this, other = link.m2m_field_name(), link.m2m_reverse_field_name()
    # For each pair, because a list of everything visible is long.
    visible = any_of(link.related_model.objects.visible_to(user).filter(pk=OuterRef(f"{other}_id")))
    # By id, because the vendor's order of codes changes without an entry in the feed.
    pairs = link.remote_field.through.objects.filter(visible, **{f"{this}__in": [row["id"] for row in rows]}).order_by(
        f"{this}_id", f"{other}_id"
    )
    targets_by_row = {
        pk: [target for _, target in group]
        for pk, group in groupby(pairs.values_list(f"{this}_id", f"{other}_id"), key=_first)
    }
    for row in rows:
        row[name] = targets_by_row.get(row["id"], [])


_first: Callable[[tuple[int, int]], int] = lambda pair: pair[0]  # noqa: E731
