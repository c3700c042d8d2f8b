"""Codes and ranges, as notes, incidents and other codes name them."""

from typing import Any

from django.db.models import Prefetch
from rest_framework import serializers

from kb import lookup
from kb.api.reading import Permalink
from kb.models import CodeRange, ReturnCode


class CodeRefSerializer(serializers.ModelSerializer):
    """A code, in short."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)
    section: Any = serializers.SlugRelatedField("slug", read_only=True)
    url = Permalink(help_text="The code's page.")

    class Meta:
        model = ReturnCode
        fields = ["id", "table", "section", "code", "url"]


class RangeRefSerializer(serializers.ModelSerializer):
    """A block of numbers."""

    table: Any = serializers.SlugRelatedField("slug", read_only=True)

    class Meta:
        model = CodeRange
        fields = ["id", "table", "name", "first", "last"]


def shown_codes(user: Any) -> Prefetch:
    """Return what fetches the codes that a user may read, in the vendor's order, as `shown_codes`."""
    return Prefetch("codes", lookup.codes_visible_to(user).in_vendor_order(), to_attr="shown_codes")
