"""The objects that a change alters beside its own.

# Note [Unfolding]
A code's object has the names of its table and section, and a reference to the code that replaces it. So one change may
alter many objects that have no change of their own:

- a table that becomes public: all that is in it. If it becomes internal, a copy deletes all that is in it;
- a table or section with another name or short name: its codes, and the codes that these replace;
- a code: the codes that it replaces.

What has links into a table that becomes public or internal has changes of its own: see Note [Relisted].

The feed lists these objects after the change. If they do not fit on its page, they have pages of their own: a place
between two pages names the change, the step and the last object.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Model, Q, QuerySet

from kb.models import (
    Audience,
    Change,
    CodeRange,
    CodeTable,
    IncidentLink,
    ReturnCode,
    Section,
    TroubleshootingNote,
)
from kb.models.visibility import Person, Reader, reader
from kb.queries.feed_filters import FeedFilter

STEPS = ("table", "section", "range", "code", "replaced")
NOUNS = ("table", "section", "code")
"""The nouns whose changes alter other objects."""

Steps = dict[str, tuple[str, QuerySet[Any]]]
"""The noun and the rows of each step, by its name."""


def is_folded(change: Change, user: Person | None) -> bool:
    """Whether a change alters all objects of a table or section."""
    if change.noun == "table":
        return "slug" in change.fields or ("audience" in change.fields and reader(user) != Reader.INTERNAL)
    return change.noun == "section" and not {"name", "slug"}.isdisjoint(change.fields)


def whole_changes(
    page: Sequence[Change], user: Person | None, limit: int, filter_: FeedFilter
) -> tuple[Sequence[Change], list[tuple[int, str, int]]]:
    """Return the first changes of a page that fit with all that they alter, and the keys of the codes that they alter.

    There are none if the first change has to be unfolded.
    """
    folded = next((place for place, change in enumerate(page) if is_folded(change, user)), len(page))
    page = page[:folded]
    replaced, is_complete = _replaced_by({row.object_id for row in page if row.noun == "code"}, user, limit, filter_)
    # Codes with the last id, and later ones, may have more than were read.
    last = float("inf") if is_complete else max(replaced)
    keys: list[tuple[int, str, int]] = []
    for place, change in enumerate(page):
        codes = replaced.get(change.object_id, []) if change.noun == "code" else []
        is_cut = change.noun == "code" and change.object_id >= last
        if is_cut or place + 1 + len(keys) + len(codes) > limit:
            return page[:place], keys
        keys += [(change.sequence, "code", pk) for pk in codes]
    return page, keys


def _replaced_by(
    ids: Collection[int], user: Person | None, limit: int, filter_: FeedFilter
) -> tuple[dict[int, list[int]], bool]:
    """Return the codes that some codes replace, by these, and whether these are all."""
    if not ids or "code" not in filter_.nouns:
        return {}, True
    codes = ReturnCode.objects.visible_to(user).with_successor_for(user)
    codes = codes.filter(filter_.condition("code"), successor__in=ids)
    pairs = list(codes.order_by("successor_id", "pk").values_list("successor_id", "pk")[: limit + 1])
    replaced: dict[int, list[int]] = {}
    for successor, pk in pairs:
        replaced.setdefault(successor, []).append(pk)
    return replaced, len(pairs) <= limit


def steps(change: Change, user: Person | None) -> Steps:
    """Return the steps in which the objects that a change alters are listed, the changed object first."""
    pk = change.object_id
    if change.noun == "table":
        return _steps_of_table(change, user)
    if change.noun == "section":
        codes = ReturnCode.objects.visible_to(user).filter(section=pk)
        section = ("section", Section.objects.filter(pk=pk))
        return {"section": section, "code": ("code", codes), "replaced": _replaced(user, successor__section=pk)}
    code = ("code", ReturnCode.objects.filter(pk=pk))
    return {"code": code, "replaced": _replaced(user, successor=pk)}


def _replaced(user: Person | None, **successor: int) -> tuple[str, QuerySet[Any]]:
    """Return the step with the codes that some codes replace. Others than the reader's would tell of their ids."""
    codes = ReturnCode.objects.visible_to(user).with_successor_for(user).filter(**successor)
    return "code", codes


def _steps_of_table(change: Change, user: Person | None) -> Steps:
    pk = change.object_id
    table = CodeTable.objects.filter(pk=pk)
    steps: Steps = {"table": ("table", table)}
    if table.visible_to(user).exists():
        steps |= {
            # Without those that a roll-back took away: the public never knew them.
            "section": ("section", Section.objects.visible_to(user).filter(table=pk)),
            "range": ("range", CodeRange.objects.filter(table=pk)),
            "code": ("code", ReturnCode.objects.published().filter(table=pk)),
        }
        if "slug" in change.fields:
            steps["replaced"] = ("code", _replaced(user, successor__table=pk)[1].exclude(table=pk))
    return steps


def linked_to(table: int) -> list[Model]:
    """Return what the public can read, or could read before its audience changed, that has links into a table."""
    codes = ReturnCode.objects.public().published().filter(successor__isnull=False, successor__table=table)
    notes = TroubleshootingNote.objects.public_texts().filter(Q(codes__table=table) | Q(ranges__table=table))
    incidents = IncidentLink.objects.filter(audience=Audience.PUBLIC, codes__table=table)
    return [
        *codes.exclude(table=table).order_by("pk"),
        *TroubleshootingNote.objects.filter(pk__in=notes.values("pk")).order_by("pk"),
        *IncidentLink.objects.filter(pk__in=incidents.values("pk")).order_by("pk"),
    ]
