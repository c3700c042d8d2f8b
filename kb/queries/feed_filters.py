"""What of the feed somebody follows: some tables, some nouns, or everything."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from kb.models import CodeTable, ReturnCode
from kb.models.visibility import Person
from kb.queries.copied_objects import IN_TABLE, NOUNS, CopiedObject, about_tables


@dataclass(frozen=True)
class FeedFilter:
    """The nouns and tables that somebody follows. Notes and incidents are followed by the tables that they are about.

    # Note [Passed over]
    An entry of another noun or table is left out, and the place moves on. A table that is gone always comes through to
    who follows something of it: a copy deletes all that goes with it. A note that is about none of the tables comes
    as gone, because it may have been about one of them before.

    # Note [Forged places]
    A place names tables by their ids, and anybody may write one. So the ids of tables that the reader may not read say
    one thing alone: which table the reader is told to delete. Everything else is chosen by the visible ones, so that
    the id of an internal table does what an id without a table does.
    """

    nouns: frozenset[str] = frozenset(NOUNS)
    tables: frozenset[int] | None = None
    """The ids of the tables; None for all."""
    visible: frozenset[int] = frozenset()
    """Those of them that the reader may read now. See Note [Forged places]."""
    user: Person | None = None

    def changes(self, changes: QuerySet[Any]) -> QuerySet[Any]:
        """Leave out the changes that can have no entry here: most of those to other tables, or of other nouns."""
        if unwanted := {"range", "code", "note", "incident"} - self.nouns:
            changes = changes.exclude(noun__in=unwanted)
        if self.tables is not None:
            of_them = ReturnCode.objects.filter(table__in=self.visible)
            same = of_them.filter(pk=OuterRef("object_id"))
            replaced = of_them.with_successor_for(self.user).filter(successor=OuterRef("object_id"))
            changes = changes.filter(~Q(noun="code") | Exists(same) | Exists(replaced))
        return changes

    def condition(self, noun: str) -> Q:
        """Return the condition that a row of a noun is followed. Which notes and incidents are, `keeps` decides."""
        if self.tables is None or noun not in (*IN_TABLE, "table"):
            return Q()
        return Q(pk__in=self.tables) if noun == "table" else Q(table__in=self.visible)

    def asks_for(self, noun: str) -> bool:
        """Whether there may be entries of a noun. See Note [Passed over]."""
        return noun in self.nouns or noun == "table"

    def keeps(self, noun: str, objects: Iterable[CopiedObject]) -> list[CopiedObject]:
        """Return those objects that are followed."""
        rows = list(objects) if noun in self.nouns else []
        if self.tables is None or not rows:
            return rows
        if noun in IN_TABLE:
            return [row for row in rows if row.table_id in self.visible]
        if noun == "table":
            return [row for row in rows if row.id in self.visible]
        ids = about_tables(noun, [row.id for row in rows], self.visible)
        return [row for row in rows if row.id in ids]

    def tells_gone(self, noun: str, pk: int) -> bool:
        """Whether there is an entry for an object that is gone. See Note [Passed over]."""
        if noun != "table":
            return noun in self.nouns
        is_of_it = self.tables is None or pk in self.tables
        return is_of_it and not self.nouns.isdisjoint(("table", *IN_TABLE))


def following(nouns: Collection[str], tables: Collection[int] | None, user: Person | None) -> FeedFilter:
    """Return the filter for some nouns, all if there are none, and for the tables with these ids, None for all."""
    visible = CodeTable.objects.visible_to(user).filter(pk__in=tables or ()).values_list("pk", flat=True)
    return FeedFilter(
        frozenset(nouns or NOUNS),
        None if tables is None else frozenset(tables),
        frozenset(visible if tables else ()),
        user,
    )
