"""Whether something belongs to a row, asked for each row by itself."""

from typing import Any

from django.db.models import BooleanField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce


def any_of(*kinds: QuerySet[Any]) -> Coalesce:
    """Return the annotation of rows of a page: whether one of the related queries has a row.

    Not EXISTS: where a page's query might go through all codes, PostgreSQL answers that for all of them first, and
    reads every note for a page of fifty. A filter wants EXISTS, which can begin with the notes.
    """
    found = [Subquery(rows.order_by().values(one=Value(True, BooleanField()))[:1]) for rows in kinds]
    return Coalesce(*found, Value(False), output_field=BooleanField())
