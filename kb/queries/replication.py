"""Copies elsewhere: everything that a reader may read as of one moment, and what came after it, in commit order.

# Note [States, not deltas]
An entry holds what the reader may read of an object now, or says that it is gone: no old value can leak, and applying
an entry twice does no harm. An object that changes again comes again, later in the feed, so whoever has read to the
end holds what the database holds. Two things follow from others, and a copy does them by itself: with a table go its
sections, ranges and codes, and a link to what the copy does not hold is no link.

# Note [Unfolding]
One change makes many objects appear: a table becomes public. It is told as its objects, some at a time, and the place
to go on from then names the change, the step and the last object. When a table is taken back, only its notes and
incidents need telling.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from kb.models import Audience, Change, CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.changes import ChangeKind, last_sequence
from kb.models.fields import VENDOR_TEXTS
from kb.models.notes import NOTE_TEXTS
from kb.models.sql import one_view
from kb.models.visibility import Person, Reader, reader

BATCH = 500
_STAMPS = ("version", "created_at", "updated_at")


@dataclass(frozen=True)
class CopiedNoun:
    """What of a kind of object is copied. Its place in the vendor's order is not: no change tells of it."""

    model: Any
    fields: tuple[str, ...]
    internal: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


NOUNS = {
    "table": CopiedNoun(
        CodeTable, ("id", "slug", "vendor", "product", "name", "language", "source_url", "audience", *_STAMPS)
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
    """How far the feed was read: to a sequence, or into the unfolding of the change after it."""

    sequence: int
    step: str = ""
    after: int = 0

    def __str__(self) -> str:
        return f"{self.sequence}.{self.step}.{self.after}" if self.step else str(self.sequence)


@dataclass(frozen=True)
class FeedEntry:
    """What a reader may read of an object now; nothing where it is gone, or is not for this reader."""

    sequence: int
    noun: str
    id: int
    object: dict[str, Any] | None


@dataclass(frozen=True)
class FeedPage:
    """Some of the feed, and where to go on."""

    entries: list[FeedEntry]
    next: FeedPlace
    more: bool


def snapshot(user: Person | None) -> Iterator[tuple[str, Any]]:
    """Yield ("sequence", n), then each noun with an object, all as of one moment, without keeping anybody waiting."""
    with one_view():
        yield "sequence", last_sequence()
        for noun in NOUNS:
            after = 0
            while batch := _read(noun, user, Q(pk__gt=after), BATCH):
                for row in batch:
                    yield noun, row
                after = batch[-1]["id"]


def changes(user: Person | None, since: FeedPlace, limit: int) -> FeedPage:
    """Return what a reader must hear of after a place. See Note [States, not deltas]."""
    if since.step:
        return _unfold(user, since, limit)
    # Before the rows: what commits meanwhile comes with the next page.
    latest = last_sequence()
    heard = _told(user).filter(noun__in=NOUNS).since(since.sequence)
    rows = list(heard.only("sequence", "noun", "object_id", "fields")[: limit + 1])
    taken = rows[:limit]
    folded = next((n for n, row in enumerate(taken) if _is_folded(row, user)), len(taken))
    if taken and folded == 0:
        return _unfold(user, FeedPlace(rows[0].sequence, "table"), limit)
    taken = taken[:folded]
    more = len(rows) > len(taken)
    end = taken[-1].sequence if more else max(latest, since.sequence, *(row.sequence for row in taken))
    last = {(row.noun, row.object_id): row.sequence for row in taken}
    return FeedPage(_states(user, [(sequence, *key) for key, sequence in last.items()]), FeedPlace(end), more)


def _told(user: Person | None) -> Any:
    """Return the changes that a reader's copy must hear of. See Note [States, not deltas]."""
    if reader(user) != Reader.PUBLIC:
        return Change.objects.visible_to(user)
    shown = Q(audience=Audience.PUBLIC)
    for noun, what in NOUNS.items():
        shown |= Q(noun=noun) & Q(Exists(what.model.objects.visible_to(user).filter(pk=OuterRef("object_id"))))
    earlier = Change.objects.filter(noun=OuterRef("noun"), object_id=OuterRef("object_id"))
    before = earlier.filter(sequence__lt=OuterRef("sequence")).order_by("-sequence").values("audience")
    # What was there before there was a feed has no earlier change.
    was_shown = Q(before=Audience.PUBLIC) | Q(before=None) & ~Q(kind=ChangeKind.CREATED)
    taken_back = Q(noun__in=("table", "note", "incident")) & was_shown
    return Change.objects.alias(before=Subquery(before[:1])).filter(shown | taken_back)


def _is_folded(row: Change, user: Person | None) -> bool:
    return row.noun == "table" and "audience" in row.fields and reader(user) != Reader.INTERNAL


def _unfold(user: Person | None, since: FeedPlace, limit: int) -> FeedPage:
    """Return some of what one change of a table's audience means. See Note [Unfolding]."""
    told = _told(user).filter(pk=since.sequence, noun="table")
    table_id = told.values_list("object_id", flat=True).first()
    steps = {} if table_id is None else _steps(user, table_id)
    entries: list[FeedEntry] = []
    begun = False
    for step, (noun, ids) in steps.items():
        begun = begun or step == since.step
        if not begun:
            continue
        after = since.after if step == since.step else 0
        found = list(ids.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[: limit - len(entries)])
        entries += _states(user, [(since.sequence, noun, pk) for pk in found])
        if len(entries) >= limit:
            return FeedPage(entries, FeedPlace(since.sequence, step, found[-1]), True)
    return FeedPage(entries, FeedPlace(since.sequence), True)


def _steps(user: Person | None, table_id: int) -> dict[str, tuple[str, QuerySet[Any]]]:
    table = CodeTable.objects.filter(pk=table_id)
    about = Q(codes__table=table_id) | Q(ranges__table=table_id)
    notes = TroubleshootingNote.objects.filter(
        pk__in=TroubleshootingNote.objects.meant_for(user).filter(about).values("pk")
    )
    hit = IncidentLink.objects.filter(audience=Audience.PUBLIC, codes__table=table_id)
    steps: dict[str, tuple[str, QuerySet[Any]]] = {"table": ("table", table)}
    if table.visible_to(user).exists():
        steps |= {
            "section": ("section", Section.objects.filter(table=table_id)),
            "range": ("range", CodeRange.objects.filter(table=table_id)),
            "code": ("code", ReturnCode.objects.filter(table=table_id)),
            "replaced": ("code", ReturnCode.objects.filter(successor__table=table_id).exclude(table=table_id)),
        }
    incidents = IncidentLink.objects.filter(pk__in=hit.values("pk"))
    return {**steps, "note": ("note", notes), "incident": ("incident", incidents)}


STEPS = ("table", "section", "range", "code", "replaced", "note", "incident")


def _states(user: Person | None, keys: Sequence[tuple[int, str, int]]) -> list[FeedEntry]:
    """Return what a reader may read of objects now, in the order of the feed."""
    wanted: dict[str, set[int]] = {}
    for _, noun, pk in keys:
        wanted.setdefault(noun, set()).add(pk)
    found = {
        (noun, row["id"]): row for noun, pks in wanted.items() for row in _read(noun, user, Q(pk__in=pks), len(pks))
    }
    return [FeedEntry(sequence, noun, pk, found.get((noun, pk))) for sequence, noun, pk in sorted(keys)]


def _read(noun: str, user: Person | None, which: Q, limit: int) -> list[dict[str, Any]]:
    """Return objects that a reader may read, in the order of their ids, with the links that it may read."""
    what = NOUNS[noun]
    fields = what.fields + (what.internal if reader(user) == Reader.INTERNAL else ())
    rows = list(what.model.objects.visible_to(user).filter(which).order_by("pk").values(*fields)[:limit])
    if noun == "code":
        _hide_successors(rows, user)
    for name in what.links:
        _add_links(rows, what.model, name, user)
    return rows


def _hide_successors(rows: list[dict[str, Any]], user: Person | None) -> None:
    named = {row["successor"] for row in rows} - {None}
    shown = set(ReturnCode.objects.visible_to(user).filter(pk__in=named).values_list("pk", flat=True)) if named else ()
    for row in rows:
        row["successor"] = row["successor"] if row["successor"] in shown else None


def _add_links(rows: list[dict[str, Any]], model: type[Model], name: str, user: Person | None) -> None:
    link: Any = model._meta.get_field(name)
    this, other = link.m2m_field_name(), link.m2m_reverse_field_name()
    visible = link.related_model.objects.visible_to(user).values("pk")
    pairs = link.remote_field.through.objects.filter(
        **{f"{this}__in": [row["id"] for row in rows], f"{other}__in": visible}
    ).order_by(this, other)
    of = {
        pk: [target for _, target in group]
        for pk, group in groupby(pairs.values_list(f"{this}_id", f"{other}_id"), key=_first)
    }
    for row in rows:
        row[name] = of.get(row["id"], [])


_first: Callable[[tuple[int, int]], int] = lambda pair: pair[0]  # noqa: E731
