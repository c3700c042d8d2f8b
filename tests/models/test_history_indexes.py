"""The indexes of the largest history: each one lengthens every import."""

import pytest
from django.db import connection

from kb.models import ReturnCode


@pytest.mark.django_db
def test_a_history_has_indexes_only_for_what_is_asked():
    with connection.cursor() as cursor:
        table = ReturnCode.history.model._meta.db_table
        constraints = connection.introspection.get_constraints(cursor, table)
    indexed = {tuple(one["columns"]) for one in constraints.values() if one["index"]}
    assert indexed == {("id",), ("history_date",), ("history_user_id",)}
