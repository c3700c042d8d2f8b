"""What the feed and the snapshot share: their objects in the schema, and the parameters that choose among them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, inline_serializer
from rest_framework import serializers

from kb.api.framework.feed_places import FeedPlaceGone
from kb.api.framework.parameter_values import SLUG, ValueKind, repeated, some_of
from kb.api.framework.parameters import Check
from kb.api.framework.schema import example
from kb.api.resources.code_serializers import CodeSerializer
from kb.api.resources.incidents import HELP
from kb.api.resources.tables import visible_tables
from kb.models import CodeRange, CodeTable, IncidentLink, Section, TroubleshootingNote
from kb.models.visibility import Person
from kb.queries.copied_objects import NOUNS
from kb.queries.replication import START, FeedPlace, end_for

_TABLES = repeated(SLUG)
_NOUNS = some_of(NOUNS)
FOLLOWED: Mapping[str, ValueKind] = {"table": _TABLES, "noun": _NOUNS}
_LATER = ("has_notes", "has_open_incident", "open_incidents", "notes", "past_incidents", "ranges", "truncated")
"""What a code of a copy does not have: it changes without the code. A copy has the notes and incidents themselves."""


def followed_parameters() -> list[OpenApiParameter]:
    """Return the parameters that choose tables and nouns, for the schema."""
    return [
        OpenApiParameter(
            "table",
            dict(_TABLES.schema),
            description="Short names of tables: only these, with their notes and incidents. Repeat it, or use commas.",
            explode=False,
            style="form",
            examples=[example(["zim-server"])],
        ),
        OpenApiParameter(
            "noun",
            dict(_NOUNS.schema),
            description="Kinds of objects: only these. Repeat it, or use commas.",
            examples=[example(["code"])],
            explode=False,
            style="form",
        ),
    ]


def nouns_of(values: Mapping[str, Any]) -> list[str]:
    """Return the nouns that the parameters choose; none for all."""
    return list(values.get("noun", ()))


def tables_of(values: Mapping[str, Any], user: Person | None) -> tuple[int, ...] | None:
    """Return the ids of the tables that the parameters choose; None for all.

    Raises BadParameters for a table that the user may not read.
    """
    slugs: list[str] = values.get("table", [])
    return tuple(sorted(visible_tables(slugs, user))) if slugs else None


def table_checks(user: Person | None, since: FeedPlace | None = None) -> dict[str, Check]:
    """Return what looks up the tables that a reader names. A place with tables of its own needs no others."""
    if since and since.tables is not None:
        return {}
    return {"table": lambda slugs, most: visible_tables(slugs, user, most=most)}


def place_from(values: Mapping[str, Any], user: Person | None) -> FeedPlace:
    """Return the place that the parameters name, with the tables that are followed from there.

    A place remembers its tables: one that the user may not read any more is known by it alone. Raises
    BadParameters, and FeedPlaceGone for a table that the place does not follow.
    """
    since: FeedPlace = values.get("since", START)
    if since.tables is None:
        return replace(since, tables=tables_of(values, user))
    visible = CodeTable.objects.visible_to(user).filter(slug__in=values.get("table", [])).order_by("slug")
    others = list(visible.exclude(pk__in=since.tables).values_list("slug", flat=True))
    if others:
        names = ", ".join(f"“{slug}”" for slug in others)
        problem = f"The place in `since` does not follow {names}. Start again with the snapshot in `snapshot`."
        raise FeedPlaceGone(followed_from(since, values, user), problem)
    return since


def followed_from(since: FeedPlace, values: Mapping[str, Any], user: Person | None) -> dict[str, list[str]]:
    """Return the parameters of the snapshot with which a copy starts again after a place that is gone.

    They have the present short names of the tables that the user may read: with others, the snapshot is refused. The
    ids of a place tell which these are. After a restore an id may be another table's, so names that exist come first.
    """
    # A text with commas also counts as a whole, which is no short name.
    slugs, nouns = [slug for slug in values.get("table", []) if "," not in slug], nouns_of(values)
    visible = CodeTable.objects.visible_to(user).order_by("slug").values_list("slug", flat=True)
    names = list(visible.filter(slug__in=slugs))
    if since.incarnation == end_for(user).incarnation or not slugs or len(names) < len(slugs):
        names = list(visible.filter(Q(pk__in=since.tables or ()) | Q(slug__in=slugs)))
    followed = {"table": names or slugs} if slugs or since.tables else {}
    return followed | ({"noun": nouns} if nouns else {})


class CopiedCodeSerializer(CodeSerializer):
    """A return code, without what changes when the code does not: its notes and incidents."""

    class Meta(CodeSerializer.Meta):
        fields = [name for name in CodeSerializer.Meta.fields if name not in _LATER]
        read_only_fields = fields


def _fields(noun: str) -> list[str]:
    copied = NOUNS[noun]
    names = ["table" if name == "table__slug" else name for name in copied.fields]
    return [*names, *copied.internal, *copied.links]


class CopiedSerializer(serializers.ModelSerializer[Any]):
    """An object of a copy: it has all its members, except those that the public does not get."""

    optional_fields: ClassVar[tuple[str, ...]] = ()


class CopiedTableSerializer(CopiedSerializer):
    """A code table."""

    # As in lists: the model's field would be two texts of which one has to be chosen, and an empty one is both.
    source_url = serializers.CharField(allow_blank=True, help_text="Where the vendor publishes it; may be empty.")

    class Meta:
        model = CodeTable
        fields = _fields("table")


class CopiedSectionSerializer(CopiedSerializer):
    """A section of a table."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = Section
        fields = _fields("section")


class CopiedRangeSerializer(CopiedSerializer):
    """A range of numbers in a table."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = CodeRange
        fields = _fields("range")


class CopiedNoteSerializer(CopiedSerializer):
    """A note about codes and ranges. The public gets no `review_on` and `verify_…`."""

    optional_fields = NOUNS["note"].internal
    codes = serializers.ListField(child=serializers.IntegerField(), help_text="The ids of its codes.")
    ranges = serializers.ListField(child=serializers.IntegerField(), help_text="The ids of its ranges.")
    verify_reason = serializers.CharField()

    class Meta:
        model = TroubleshootingNote
        fields = _fields("note")


class CopiedIncidentSerializer(CopiedSerializer):
    """A link to an incident."""

    url = serializers.URLField(help_text="The incident in its tracker.")
    codes = serializers.ListField(child=serializers.IntegerField(), help_text="The ids of the codes that it affects.")

    class Meta:
        model = IncidentLink
        fields = _fields("incident")
        extra_kwargs = HELP


_OBJECTS: dict[str, Any] = {
    "table": CopiedTableSerializer,
    "section": CopiedSectionSerializer,
    "range": CopiedRangeSerializer,
    "code": CopiedCodeSerializer,
    "note": CopiedNoteSerializer,
    "incident": CopiedIncidentSerializer,
}
TABLE_ID = "The id of the table that it goes with: when that table is gone, delete this object, too."


def _entry_of(noun: str) -> Any:
    fields = {
        "sequence": serializers.IntegerField(help_text="The sequence of its last change in this answer."),
        "noun": serializers.ChoiceField([noun]),
        "id": serializers.IntegerField(),
        "table_id": serializers.IntegerField(allow_null=True, help_text=TABLE_ID),
        "gone": serializers.BooleanField(help_text="Deleted, or not for you any more."),
        "object": _OBJECTS[noun](allow_null=True, help_text="As in a snapshot; null if it is gone."),
    }
    return inline_serializer(f"{noun.title()}Entry", fields)


class ChangesSerializer(serializers.Serializer[Any]):
    """A page of the feed. An object that changed several times appears once."""

    results = PolymorphicProxySerializer(
        component_name="Entry",
        serializers={noun: _entry_of(noun) for noun in NOUNS},
        resource_type_field_name="noun",
        many=True,
    )
    next = serializers.CharField(help_text="The value of `since` for the next request.")
    more = serializers.BooleanField(help_text="Whether there is more: request the next page at once.")
