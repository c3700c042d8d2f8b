"""Annotations that the database computes for each row of a page."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import BooleanField, Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from kb.models.sql import is_postgres


def any_of(*kinds: QuerySet[Any]) -> Coalesce:
    """Return an annotation for the rows of a page: whether one of the related queries has a row.

    This avoids EXISTS: if a page's query may scan all codes, PostgreSQL evaluates EXISTS for all of them first and
    reads every note for a page of fifty codes. In a filter, use EXISTS, which can start from the notes.
    """
    answers = [Subquery(rows.order_by().values(one=Value(True, BooleanField()))[:1]) for rows in kinds]
    return Coalesce(*answers, Value(False), output_field=BooleanField())


def linked(rows: QuerySet[Any]) -> Coalesce:
    """Return an annotation for codes: whether one of some notes or incidents is linked with the code.

    It starts from the links of the code. A join could start from the rows: PostgreSQL does so without statistics.
    """
    link: Any = rows.model._meta.get_field("codes")
    this, other = f"{link.m2m_field_name()}_id", f"{link.m2m_reverse_field_name()}_id"
    is_one = any_of(rows.filter(pk=OuterRef(this)))
    return any_of(link.remote_field.through.objects.filter(is_one, **{other: OuterRef("pk")}))


def without_index(condition: Q) -> Case:
    """Return a condition in a form that no index serves, so that a list is read by the index of its order."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def ids_as_rows(ids: Sequence[int], database: str) -> RawSQL:
    """Return what `pk__in` takes, as one value: a database takes no more than some thousand values."""
    if is_postgres(connections[database]):
        return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])
