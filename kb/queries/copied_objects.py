"""The objects that a copy of the knowledge base holds, as their reader may read them now."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Model, OuterRef, Q

from kb import answers
from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.notes import NOTE_TEXTS
from kb.models.subqueries import any_of
from kb.models.visibility import Person, Reader, reader

_STAMPS = ("version", "created_at", "updated_at")
_SLUG, _TABLE = "table__slug", "table_id"


@dataclass(frozen=True)
class CopiedNoun:
    """The fields of a noun that are copied, without positions: a reordering by the vendor adds nothing to the feed."""

    model: Any
    fields: tuple[str, ...]
    internal: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def is_in_table(self) -> bool:
        """Whether an object belongs to a table, and goes with it."""
        return _SLUG in self.fields


NOUNS = {
    "table": CopiedNoun(
        CodeTable,
        ("id", "slug", "vendor", "product", "name", "language", "source_url", "context_words", "audience", *_STAMPS),
    ),
    "section": CopiedNoun(Section, ("id", _SLUG, "name", "slug", "version")),
    "range": CopiedNoun(CodeRange, ("id", _SLUG, "name", "first", "last", "version")),
    # A code's object is its finished answer: see `_codes`.
    "code": CopiedNoun(ReturnCode, ("id", _SLUG)),
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

IN_TABLE = tuple(noun for noun, copied in NOUNS.items() if copied.is_in_table)
"""The nouns whose objects go with their table."""


@dataclass(frozen=True, slots=True)
class CopiedObject:
    """An object for a copy, and the id of the table that it goes with.

    A code's object is JSON with incomplete addresses: see `kb.answers.complete`.
    """

    id: int
    table_id: int | None
    object: dict[str, Any] | bytes


def read(noun: str, user: Person | None, condition: Q, limit: int) -> list[CopiedObject]:
    """Return objects that a reader may read, by id, with the links that the reader may read."""
    copied = NOUNS[noun]
    visible = copied.model.objects.visible_to(user).filter(condition).order_by("pk")
    if noun == "code":
        return _codes(dict(visible.values_list("pk", _TABLE)[:limit]), reader(user))
    fields = copied.fields + (copied.internal if reader(user) == Reader.INTERNAL else ())
    table = (_TABLE,) if copied.is_in_table else ()
    rows = list(visible.values(*table, *fields)[:limit])
    objects = [CopiedObject(row["id"], row.pop(_TABLE, None), _named(row)) for row in rows]
    for name in copied.links:
        _add_links(objects, copied.model, name, user)
    return objects


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose table is its short name, as in the rest of the API."""
    return {"table" if name == _SLUG else name: value for name, value in row.items()}


_READ_LATER = re.compile(rb',"has_notes":(?:true|false),"has_open_incident":(?:true|false)')
"""What an answer about a code has and a copy has not: it changes without the code. No text of a vendor matches it,
because JSON escapes quotes inside a text, and the values of extra columns are texts."""


def _codes(tables: dict[int, int], level: Reader) -> list[CopiedObject]:
    """Return codes by id, from their finished answers; `tables` has their tables by their ids."""
    rows = answers.rows_of(list(tables), level)
    return [CopiedObject(pk, tables[pk], _READ_LATER.sub(b"", rows[pk], count=1)) for pk in tables if pk in rows]


def about_tables(noun: str, ids: Collection[int], tables: Collection[int]) -> set[int]:
    """Return those of some notes or incidents that are about a code or range of one of these tables."""
    matches: set[int] = set()
    for name in NOUNS[noun].links:
        pairs, this, other = _pairs(NOUNS[noun].model, name)
        about = pairs.filter(**{f"{this}__in": ids, f"{other}__table__in": tables})
        if name == "codes":
            # Without codes of rolled-back imports alone, which nobody reads.
            about = about.filter(**{f"{other}__tombstone": None})
        matches.update(about.values_list(f"{this}_id", flat=True))
    return matches


def _pairs(model: type[Model], name: str) -> tuple[Any, str, str]:
    """Return the rows of a many-to-many link, and the names of its two sides."""
    link: Any = model._meta.get_field(name)
    return link.remote_field.through.objects, link.m2m_field_name(), link.m2m_reverse_field_name()


def _add_links(objects: list[CopiedObject], model: type[Model], name: str, user: Person | None) -> None:
    links, this, other = _pairs(model, name)
    related: Any = model._meta.get_field(name).related_model
    # For each pair, because a list of everything visible is long.
    visible = any_of(related.objects.visible_to(user).filter(pk=OuterRef(f"{other}_id")))
    # By id, because the vendor's order of codes changes without an entry in the feed.
    pairs = links.filter(visible, **{f"{this}__in": [one.id for one in objects]}).order_by(f"{this}_id", f"{other}_id")
    targets_by_row = {
        pk: [target for _, target in group]
        for pk, group in groupby(pairs.values_list(f"{this}_id", f"{other}_id"), key=_first)
    }
    for one in objects:
        assert isinstance(one.object, dict)
        one.object[name] = targets_by_row.get(one.id, [])


_first: Callable[[tuple[int, int]], int] = lambda pair: pair[0]  # noqa: E731
