"""Annotations that the database computes for each row of a page."""

from typing import Any

from django.db.models import BooleanField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce


def any_of(*kinds: QuerySet[Any]) -> Coalesce:
    """Return an annotation for the rows of a page: whether one of the related queries has a row.

    This avoids EXISTS: if a page's query may scan all codes, PostgreSQL evaluates EXISTS for all of them first and
    reads every note for a page of fifty codes. In a filter, use EXISTS, which can start from the notes.
    """
    answers = [Subquery(rows.order_by().values(one=Value(True, BooleanField()))[:1]) for rows in kinds]
    return Coalesce(*answers, Value(False), output_field=BooleanField())
