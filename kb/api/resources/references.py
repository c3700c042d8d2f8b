"""Codes and ranges, as notes, incidents and other codes name them."""

from typing import Any

from django.db.models import Prefetch
from rest_framework import serializers

from kb.api.framework.read_views import Permalink, QuickSerializer
from kb.models import CodeRange, ReturnCode
from kb.models.visibility import Person
from kb.queries.lookup import codes_visible_to


class CodeRefSerializer(QuickSerializer):
    """A code, in short."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)
    section: Any = serializers.SlugRelatedField("slug", read_only=True)
    url = Permalink(help_text="The code's page.")

    class Meta:
        model = ReturnCode
        fields = ["id", "table", "section", "code", "url"]


class RangeRefSerializer(QuickSerializer):
    """A block of numbers."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = CodeRange
        fields = ["id", "table", "name", "first", "last"]


CUT = "The lists of this answer that go on: there is more than is shown."
MAX_RELATED = 100
"""Codes or ranges that the answer for a note or an incident lists; `/codes/?note=` has them all, by pages."""


def shown_codes(user: Person | None) -> Prefetch:
    """Return what fetches the first codes that a user may read, and one more, as `shown_codes`."""
    codes = codes_visible_to(user).in_vendor_order()[: MAX_RELATED + 1]
    return Prefetch("codes", codes, to_attr="shown_codes")


def shown_ranges(user: Person | None) -> Prefetch:
    """Return what fetches the first ranges that a user may read, and one more, as `shown_ranges`."""
    ranges = CodeRange.objects.visible_to(user).select_related("table").order_by("table", "first", "-last")
    return Prefetch("ranges", ranges[: MAX_RELATED + 1], to_attr="shown_ranges")


class Related(serializers.ListField):
    """The first of related things."""

    def __init__(self, child: Any, source: str) -> None:
        super().__init__(child=child, source=source, read_only=True, max_length=MAX_RELATED)

    def to_representation(self, data: Any) -> Any:
        """Return as many as are shown."""
        return super().to_representation(data[:MAX_RELATED])


def cut(thing: Any, **lists: str) -> list[str]:
    """Return the names of the lists of a thing that are longer than what is shown, by their attributes."""
    return [name for name, attribute in lists.items() if len(getattr(thing, attribute)) > MAX_RELATED]
