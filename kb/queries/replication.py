"""Replication: everything that a reader may read as of one moment, and the later changes in commit order.

# Note [States, not deltas]
An entry holds what the reader may read of an object now, or says that the object is gone. So no old value can leak, and
you can apply an entry twice. An object that changes again has another entry later in the feed, so at the end of the
feed a copy equals the database. A copy must do two things itself: delete the sections, ranges and codes of a deleted
table, and ignore links to objects that it does not have.

# Note [Of other rights]
A copy holds what its reader might read when it got each object. Who may read less now would keep what is internal,
without a word, and who may read more would never get it. So a letter behind the incarnation says for whom a place was
made: one of other rights is gone.

# Note [Window]
A page reads at most WINDOW numbers of the feed, and may have few entries or none: who follows one table, or may read
what is public alone, would otherwise have the database read a million changes for the first entry.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from kb.models import Audience, Change
from kb.models.changes import NOUNS as ALL_NOUNS
from kb.models.changes import ChangeKind, FeedEnd, feed_end
from kb.models.sql import one_view
from kb.models.subqueries import any_of
from kb.models.visibility import Person, Reader, reader
from kb.queries import dependents
from kb.queries.copied_objects import NOUNS, CopiedObject, read
from kb.queries.feed_filters import FeedFilter, following

BATCH = 500
WINDOW = 20_000
"""See Note [Window]."""

_LETTERS = {Reader.NOTHING: "n", Reader.PUBLIC: "p", Reader.INTERNAL: "i"}

Key = tuple[int, str, int]
"""The sequence of an entry, its noun, and the id of the object."""


@dataclass(frozen=True)
class FeedPlace:
    """A place in the feed of an incarnation: after a sequence, or within the unfolding of that change.

    It names the tables that are followed, None for all, by their ids: their short names may change and disappear.
    Without an incarnation it is the start. See Note [Of other rights] for the letter at its end.
    """

    incarnation: str = ""
    sequence: int = 0
    step: str = ""
    after: int = 0
    tables: tuple[int, ...] | None = None

    def __str__(self) -> str:
        text = f"{self.incarnation}-{self.sequence}"
        text += f".{self.step}.{self.after}" if self.step else ""
        return text if self.tables is None else f"{text}~{'.'.join(map(str, self.tables))}"

    @property
    def end(self) -> FeedEnd:
        """The end of the feed that it is at, whoever reads."""
        return FeedEnd(self.incarnation[:-1], self.sequence)

    def at(self, sequence: int, step: str = "", after: int = 0) -> "FeedPlace":
        """Return another place for the same follower."""
        return replace(self, sequence=sequence, step=step, after=after)


START = FeedPlace()
"""Before the first change of every incarnation."""


class PlaceGone(Exception):
    """A place that the feed does not have: of another incarnation or reader, or after its end.

    A copy needs a new snapshot.
    """


def end_for(user: Person | None) -> FeedEnd:
    """Return where the feed ends for a reader. See Note [Of other rights]."""
    incarnation, sequence = feed_end()
    return FeedEnd(incarnation + _LETTERS[reader(user)], sequence)


@dataclass(frozen=True)
class FeedEntry:
    """What a reader may read of an object now; None if it is gone, or the reader may not read it."""

    sequence: int
    noun: str
    id: int
    copied: CopiedObject | None


@dataclass(frozen=True)
class FeedPage:
    """A page of the feed, and the place after it."""

    entries: list[FeedEntry]
    next: FeedPlace
    more: bool


def snapshot(user: Person | None, nouns: Collection[str] = (), tables: tuple[int, ...] | None = None) -> Iterator[Any]:
    """Yield the place in the feed, then (noun, object) pairs, all as of one moment. Writers do not wait.

    `nouns` and `tables`, by their ids, choose what is copied.
    """
    with one_view():
        yield FeedPlace(*end_for(user), tables=tables)
        filter_ = following(nouns, tables, user)
        for noun in NOUNS:
            after, followed = 0, filter_.condition(noun)
            while batch := read(noun, user, Q(pk__gt=after) & followed, BATCH) if noun in filter_.nouns else []:
                for row in filter_.keeps(noun, batch):
                    yield noun, row
                after = batch[-1].id


def changes(user: Person | None, since: FeedPlace, limit: int, nouns: Collection[str] = ()) -> FeedPage:
    """Return the page of the feed after a place. See Note [States, not deltas]. Raises PlaceGone."""
    # Read this before the rows: changes that commit in the meantime are on the next page.
    end = end_for(user)
    since, filter_ = _checked(since, end), following(nouns, since.tables, user)
    if since.step:
        return _unfold(user, since, limit, filter_)
    last = min(end.sequence, since.sequence + WINDOW)
    # Not `noun__in=NOUNS`: SQLite would read and sort all changes of these nouns.
    visible = _changes_for(user).exclude(noun__in=ALL_NOUNS.keys() - NOUNS.keys()).since(since.sequence)
    changes_for_reader = filter_.changes(visible.filter(sequence__lte=last)).only(
        "sequence", "noun", "object_id", "kind", "fields"
    )
    rows = list(changes_for_reader[: limit + 1])
    page, replaced = dependents.whole_changes(rows[:limit], user, limit, filter_)
    if rows and not page:
        return _unfold(user, since.at(rows[0].sequence, rows[0].noun), limit, filter_)
    is_cut = len(rows) > len(page)
    place = since.at(page[-1].sequence if is_cut else last)
    keys = [*((row.sequence, row.noun, row.object_id) for row in page), *replaced]
    entries = _states(user, _last_of_each(sorted(keys, key=itemgetter(0))), filter_)
    return FeedPage(entries, place, is_cut or last < end.sequence)


def _last_of_each(keys: Sequence[Key]) -> list[Key]:
    """Return the last key of each object, in their order."""
    places = {(noun, pk): place for place, (_, noun, pk) in enumerate(keys)}
    return [keys[place] for place in sorted(places.values())]


def _checked(since: FeedPlace, end: FeedEnd) -> FeedPlace:
    """Return a place with its incarnation. Raises PlaceGone."""
    if not since.incarnation and not since.sequence:
        return replace(since, incarnation=end.incarnation)
    if since.incarnation != end.incarnation or since.sequence > end.sequence:
        raise PlaceGone(str(since))
    return since


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


def _unfold(user: Person | None, since: FeedPlace, limit: int, filter_: FeedFilter) -> FeedPage:
    """Return a page of the objects that one change affects. See Note [Unfolding]."""
    change = _changes_for(user).filter(pk=since.sequence, noun__in=dependents.NOUNS).first()
    steps = {} if change is None else dependents.steps(change, user)
    keys: list[Key] = []
    reached = False
    for step, (noun, rows) in steps.items():
        reached = reached or step == since.step
        if not reached:
            continue
        after = since.after if step == since.step else 0
        ids = rows.filter(filter_.condition(noun), pk__gt=after).order_by("pk").values_list("pk", flat=True)
        page = list(ids[: limit - len(keys)]) if filter_.asks_for(noun) else []
        keys += [(since.sequence, noun, pk) for pk in page]
        if len(keys) >= limit:
            return FeedPage(_states(user, keys, filter_), since.at(since.sequence, step, page[-1]), True)
    return FeedPage(_states(user, keys, filter_), since.at(since.sequence), True)


def _states(user: Person | None, keys: Sequence[Key], filter_: FeedFilter) -> list[FeedEntry]:
    """Return the current states of objects for a reader, in the same order, without those that are passed over."""
    ids_by_noun: dict[str, set[int]] = {}
    for _, noun, pk in keys:
        ids_by_noun.setdefault(noun, set()).add(pk)
    read_now = {noun: read(noun, user, Q(pk__in=pks), len(pks)) for noun, pks in ids_by_noun.items()}
    visible = {(noun, row.id) for noun, rows in read_now.items() for row in rows}
    copies = {(noun, row.id): row for noun, rows in read_now.items() for row in filter_.keeps(noun, rows)}
    entries = [FeedEntry(sequence, noun, pk, copies.get((noun, pk))) for sequence, noun, pk in keys]
    return [one for one in entries if one.copied or _tells_gone(one, visible, filter_)]


def _tells_gone(entry: FeedEntry, visible: set[tuple[str, int]], filter_: FeedFilter) -> bool:
    is_elsewhere = (entry.noun, entry.id) in visible and entry.noun not in ("note", "incident")
    return not is_elsewhere and filter_.tells_gone(entry.noun, entry.id)
