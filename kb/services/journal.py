"""The journal: every write is part of a journal entry.

An entry is one transaction. It locks the rows that it edits, refuses a stale version, writes a revision with the user,
the reason and the door, and adds one change per object to the ordered feed.

# Note [Sequence last]
Sequence numbers come from one locked row, so that the feed's order is the order of commits. An autoincrement id would
be assigned early: a reader at 7 could miss a 6 that commits later. The row stays locked until the commit, so an entry
takes its numbers last, in one block. Other writers then wait for the commit only.

# Note [A yes to what becomes public]
An entry that makes stored rows visible to the public is refused with Unconfirmed, which lists them, unless its caller
has agreed to exactly these rows: `with agreed_to(mark)`. If more became visible meanwhile, the mark differs, and the
person is asked again. This is checked at the end of an entry, so no face and no service can forget to ask.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar, cast

from django.apps import apps
from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from kb import answers, searching
from kb.models import (
    Audience,
    Bearer,
    Change,
    ChangeCounter,
    Door,
    IncidentLink,
    Proposal,
    Synonym,
    TroubleshootingNote,
    incarnations,
)
from kb.models.changes import NOUNS, RELISTED, TICK, ChangeKind
from kb.models.history import current_door, sign
from kb.models.sql import MAX_VALUES, batches
from kb.models.visibility import Person
from kb.queries import dependents
from kb.queries.publicity import WIDENING, Readable, in_words, mark, readable
from kb.searching.store import settle_references

M = TypeVar("M", bound=models.Model)


_moves = itertools.count(1)
_latest_move = 0

_NOUN_OF = {
    "codetable": "table",
    "section": "section",
    "returncode": "code",
    "coderange": "range",
    "troubleshootingnote": "note",
    "proposal": "proposal",
    "incidentlink": "incident",
    "flag": "flag",
    "synonym": "synonym",
    "ignoredmiss": "miss",
}
assert set(_NOUN_OF.values()) == set(NOUNS)


def models_in_feed() -> dict[str, type[models.Model]]:
    """Return the model of each noun of the feed."""
    return {noun: apps.get_model("kb", name) for name, noun in _NOUN_OF.items()}


@dataclass(frozen=True)
class By:
    """The user of an edit, the door and the reason."""

    user: Person | None
    door: Door
    reason: str = ""

    @property
    def account(self) -> User | None:
        """The user as an account, for a row to refer to. Only people with an account may write."""
        return cast("User | None", self.user)

    def require(self, permission: str, refusal: str) -> None:
        """Raise NotAllowed with the sentence `refusal` unless the user has a permission. Tokens are for reading."""
        if self.user is None or isinstance(self.user, Bearer) or not self.user.has_perm(permission):
            raise NotAllowed(refusal)

    def require_to(self, action: str, model: type[models.Model]) -> None:
        """Raise NotAllowed if the user may not `add`, `change` or `delete` the rows of a model.

        A command on the server has no user: it may do everything.
        """
        if self.user is not None and not self.user.has_perm(f"kb.{action}_{model._meta.model_name}"):
            raise NotAllowed(f"You need permission to {action} {model._meta.verbose_name_plural}.")


class StaleEdit(Exception):
    """Somebody saved the object after it was opened for this edit."""

    def __init__(self, current: Any, version: int) -> None:
        super().__init__(f"{current} was saved by somebody else: version {current.version} now, {version} when opened.")
        self.current = current
        self.opened = version


class NotAllowed(Exception):
    """The edit is not allowed now. The message tells a person why."""


class Unconfirmed(Exception):
    """The edit makes rows visible to the public, and nobody has said yes to that. Nothing was saved."""

    def __init__(self, rows: set[Readable]) -> None:
        super().__init__(f"This makes visible to the public: {in_words(rows)}. Confirm it.")
        self.rows = rows
        self.mark = mark(rows)


ANYTHING = "anything"
"""The yes to whatever becomes public, for programs and commands that were told so."""
_agreed: ContextVar[str] = ContextVar("agreed", default="")


@contextmanager
def agreed_to(what: str = ANYTHING) -> Iterator[None]:
    """Let edits make public what the mark `what` stands for. See Note [A yes to what becomes public]."""
    before = _agreed.set(what)
    try:
        yield
    finally:
        _agreed.reset(before)


@dataclass
class JournalEntry:
    """The edits of one transaction."""

    by: By
    changes: list[Change] = field(default_factory=list)
    at: datetime | None = None
    """The time of the entry's latest change."""
    revealed: set[Readable] = field(default_factory=set)
    """What the public can read only since this entry."""

    shown_with: set[int] = field(default_factory=set)
    """The ids of the codes whose answers show something of an edited object, before or after the edit."""

    def lock(self, model: type[M], pk: int, version: int | None = None) -> M:
        """Return the row, locked until the end of the entry.

        Raises StaleEdit if the row has another version than `version`, and the model's DoesNotExist.
        """
        # `no_key`: PostgreSQL checks references to this row when their writer commits. With a full lock, that commit,
        # which holds the locks of the index and the feed's counter, would wait for this entry: a deadlock.
        current = model._default_manager.select_for_update(no_key=True).get(pk=pk)
        if version is not None and current.version != version:  # type: ignore[attr-defined]
            raise StaleEdit(current, version)
        return current

    def create(self, obj: M, **links: Sequence[Any]) -> M:
        """Insert a new object with its many-to-many links."""
        return self._save(obj, ChangeKind.CREATED, [], links)

    def update(self, obj: M, fields: Sequence[str], kind: ChangeKind = ChangeKind.UPDATED, **links: Any) -> M:
        """Save a locked object whose `fields` changed, and replace the many-to-many links in `links`."""
        obj.version += 1  # type: ignore[attr-defined]
        if not WIDENING & {*fields, *links}:
            return self._save(obj, kind, [*fields, *links], links)
        before = readable(obj)
        saved = self._save(obj, kind, [*fields, *links], links)
        self.revealed |= readable(saved) - before
        return saved

    def delete(self, obj: models.Model) -> None:
        """Delete an object; the feed keeps the deletion."""
        self._sign(obj)
        self.shown_with |= answers.codes_about(obj)
        self.note(obj, ChangeKind.DELETED, [])
        obj.delete()

    def relist(self, rows: Iterable[models.Model]) -> None:
        """Add a change for each object that has other links now, without an edit of itself. See Note [Relisted]."""
        for row in rows:
            self.note(row, ChangeKind.UPDATED, RELISTED)

    def note(self, obj: models.Model, kind: ChangeKind, fields: Sequence[str]) -> None:
        """Add one change to the feed without saving the object."""
        assert obj._meta.model_name is not None
        self.changes.append(
            Change(
                at=self.at or self._tick(),
                kind=kind,
                noun=_NOUN_OF[obj._meta.model_name],
                object_id=obj.pk,
                label=str(obj)[:250],
                fields=sorted(fields),
                audience=audience_of(obj),
                door=self.by.door,
                actor=self.by.account,
                reason=self.by.reason[:100],
            )
        )

    def _save(self, obj: M, kind: ChangeKind, fields: Sequence[str], links: dict[str, Any]) -> M:
        at = self._sign(obj)
        if kind != ChangeKind.CREATED:
            self.shown_with |= answers.codes_about(obj, fields)
        if hasattr(obj, "updated_at"):
            obj.updated_at = at
        if links:
            # Write one revision, after the links, instead of one for the row and one for each link.
            obj.skip_history_when_saving = True  # type: ignore[attr-defined]
            obj.save()
            for name, targets in links.items():
                getattr(obj, name).set(targets)
            del obj.skip_history_when_saving  # type: ignore[attr-defined]
        obj.save()
        self.shown_with |= answers.codes_about(obj, fields)
        self.note(obj, kind, fields)
        return obj

    def _sign(self, obj: Any) -> datetime:
        at = self._tick()
        sign(obj, self.by.user, self.by.reason, at)
        return at

    def _tick(self) -> datetime:
        """Return a time after the previous change. See Note [A clock that is set back]."""
        self.at = max(timezone.now(), self.at + TICK if self.at else Change.objects.earliest_next())
        return self.at


_open: ContextVar[JournalEntry | None] = ContextVar("open_entry", default=None)


@contextmanager
def entry(by: By) -> Iterator[JournalEntry]:
    """Record the edits of one transaction together. See Note [Sequence last].

    An inner entry becomes part of the outer one; if it fails, it is rolled back. So services can call each other.
    """
    outer = _open.get()
    own_entry = JournalEntry(by, at=outer.at if outer else None)
    door, open_now = current_door.set(by.door), _open.set(own_entry)
    try:
        with transaction.atomic():
            yield own_entry
            if outer is None:
                if own_entry.revealed and _agreed.get() not in (ANYTHING, mark(own_entry.revealed)):
                    raise Unconfirmed(own_entry.revealed)
                searching.refresh_changed(own_entry.changes)
                answers.refresh(own_entry.shown_with)
                record(own_entry)
    finally:
        _open.reset(open_now)
        current_door.reset(door)
    if outer is not None:
        outer.changes += own_entry.changes
        outer.shown_with |= own_entry.shown_with
        outer.revealed |= own_entry.revealed
        outer.at = own_entry.at


def record(journal_entry: JournalEntry) -> None:
    """Store the changes of an entry, and of objects that have other links now. Call this last in a transaction."""
    changes = journal_entry.changes
    turned = [one.object_id for one in changes if one.noun == "table" and "audience" in one.fields]
    _store(changes)
    for pk in turned:
        journal_entry.changes = []
        journal_entry.relist(dependents.linked_to(pk))
        _store(journal_entry.changes)


def _store(changes: list[Change]) -> None:
    """Give changes their sequence numbers, in one block, and store them."""
    if not changes:
        return
    first = take_sequence(len(changes))
    settle_audiences(changes)
    earliest = Change.objects.earliest_next()
    for sequence, change in enumerate(changes, first):
        change.sequence, change.at = sequence, max(change.at, earliest)
    Change.objects.bulk_create(changes, batch_size=500)


def take_sequence(count: int) -> int:
    """Reserve `count` sequence numbers until the transaction ends; return the first. See Note [Sequence last]."""
    settle_references()
    _move()
    transaction.on_commit(_move)
    if not incarnations.advance(count):
        # ignore_conflicts: if two writers create the row at once, both succeed.
        ChangeCounter.objects.bulk_create([ChangeCounter(id=1, last=0)], ignore_conflicts=True)
        incarnations.advance(count)
    return ChangeCounter.objects.values_list("last", flat=True).get(id=1) - count + 1


def moves() -> int:
    """Return a number that changes with every write of this process."""
    return _latest_move


def _move() -> None:
    global _latest_move
    _latest_move = next(_moves)


def audience_of(obj: Any) -> str:
    """Return the audience of an object's changes: its own or its table's. For notes and incidents it is settled later.

    A proposal's `audience` is what it proposes for the note, and that of synonyms is whose searches they steer.
    """
    if isinstance(obj, Proposal | Synonym | TroubleshootingNote | IncidentLink):
        return Audience.INTERNAL
    return str(obj.table.audience if hasattr(obj, "table") else obj.audience)


def settle_audiences(changes: Iterable[Change]) -> None:
    """Set the audience of changes to notes and incidents: whether the public may read them after these changes.

    Call this after `take_sequence`: what makes a table public or internal meanwhile is seen here, or sees these.
    """
    models_of_nouns: dict[str, Any] = {"note": TroubleshootingNote, "incident": IncidentLink}
    for noun, of_noun in groupby(sorted(changes, key=attrgetter("noun")), attrgetter("noun")):
        if noun in models_of_nouns:
            rows = list(of_noun)
            objects, ids = models_of_nouns[noun].objects.public(), sorted({row.object_id for row in rows})
            pages = (objects.filter(pk__in=page).values_list("pk", flat=True) for page in batches(ids, MAX_VALUES))
            public = set(itertools.chain.from_iterable(pages))
            for row in rows:
                row.audience = Audience.PUBLIC if row.object_id in public else Audience.INTERNAL


def set_fields(obj: models.Model, values: dict[str, Any]) -> list[str]:
    """Set values on an object, without saving; return the names of the fields that changed."""
    names = [name for name, value in values.items() if getattr(obj, name) != value]
    for name in names:
        setattr(obj, name, values[name])
    return names


def changed_links(obj: models.Model, links: dict[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """Return those of the many-to-many links that differ from the stored ones."""
    pks: Callable[[Any], set[Any]] = lambda targets: {target.pk for target in targets}  # noqa: E731
    return {name: targets for name, targets in links.items() if pks(getattr(obj, name).all()) != pks(targets)}


def save_versioned(obj: M, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> M:
    """Create an object (version None) or change one, with its links; return it as stored.

    Raises StaleEdit, NotAllowed.
    """
    by.require_to("add" if version is None else "change", type(obj))
    with entry(by) as journal_entry:
        if version is None:
            set_fields(obj, values)
            return journal_entry.create(obj, **links)
        current = journal_entry.lock(type(obj), obj.pk, version)
        fields = set_fields(current, values)
        new_links: dict[str, Any] = dict(changed_links(current, links))
        return journal_entry.update(current, fields, **new_links) if fields or new_links else current
