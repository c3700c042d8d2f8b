"""Codes and ranges as references within other answers."""

from typing import Any

from django.db.models import Prefetch
from rest_framework import serializers

from kb.api.framework.read_views import Permalink, QuickSerializer
from kb.models import CodeRange, ReturnCode, Section
from kb.models.fields import REFERENCE_MEMBERS
from kb.models.visibility import Person
from kb.queries.lookup import codes_visible_to


class SectionSerializer(QuickSerializer):
    """The vendor's section that contains the code; the name is empty if the table has no sections."""

    name = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)

    class Meta:
        model = Section
        fields = ["id", "name", "slug"]


class CodeRefSerializer(QuickSerializer):
    """A reference to a code."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)
    section = SectionSerializer(read_only=True)
    url = Permalink(help_text="The code's page.")

    class Meta:
        model = ReturnCode
        fields = [*REFERENCE_MEMBERS]


class OtherCodeSerializer(CodeRefSerializer):
    """A reference to another code, with what it says."""

    class Meta:
        model = ReturnCode
        fields = [*REFERENCE_MEMBERS, "symbol", "description"]
        read_only_fields = fields


class RangeRefSerializer(QuickSerializer):
    """A range of numbers."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)
    pattern = serializers.CharField(read_only=True, help_text="As people write it: `6603xxxxx`, or `0–999999`.")

    class Meta:
        model = CodeRange
        fields = ["id", "table", "name", "first", "last", "pattern"]
        read_only_fields = fields


TRUNCATED = "Names of the lists in this answer that are cut: there are more items."
MAX_RELATED = 100
"""Codes or ranges that the answer for a note or an incident lists; `/codes/?note=` has all of them, in pages."""


def prefetch_codes(user: Person | None) -> "Prefetch[Any]":
    """Return the prefetch of the first codes that a user may read, and one more, as `first_codes`."""
    codes = codes_visible_to(user).in_vendor_order()[: MAX_RELATED + 1]
    return Prefetch("codes", codes, to_attr="first_codes")


def prefetch_ranges(user: Person | None) -> "Prefetch[Any]":
    """Return the prefetch of the first ranges that a user may read, and one more, as `first_ranges`."""
    ranges = CodeRange.objects.visible_to(user).select_related("table").order_by("table", "first", "-last")
    return Prefetch("ranges", ranges[: MAX_RELATED + 1], to_attr="first_ranges")


class Related(serializers.ListField):
    """A list of related rows, cut at a maximum."""

    def __init__(self, child: Any, source: str) -> None:
        super().__init__(child=child, source=source, read_only=True, max_length=MAX_RELATED)

    def to_representation(self, data: Any) -> Any:
        """Return the first items."""
        return super().to_representation(data[:MAX_RELATED])


def truncated_lists(row: Any, **lists: str) -> list[str]:
    """Return the names of the lists that are cut; `lists` has the attribute of the row for each name."""
    return [name for name, attribute in lists.items() if len(getattr(row, attribute)) > MAX_RELATED]
