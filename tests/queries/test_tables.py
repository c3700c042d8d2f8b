"""Tables with their numbers of codes."""

import pytest

from kb.models import CodeTable, Door, ImportState, TableImport
from kb.queries.tables import clear_counts, with_counts
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make

pytestmark = pytest.mark.django_db


def counts(user=None):
    return {table.slug: (table.code_count, table.retired_count) for table in with_counts(user)}


def test_current_and_retired_codes_are_counted_apart_for_the_tables_of_the_reader(agent):
    table, secret = make.table(), make.table("secret", audience="internal")
    make.table("empty")
    for number in ("1", "2"):
        make.code(number, table)
    make.code("3", table, retired_at="2025-09-01T00:00Z")
    make.code("1", secret)
    assert counts() == {"zim-server": (2, 1), "empty": (0, 0)}
    assert counts(agent) == {"zim-server": (2, 1), "empty": (0, 0), "secret": (1, 0)}


def test_codes_are_counted_again_after_the_next_import_alone(admin, django_assert_num_queries):
    code = make.code("1")
    assert counts() == {"zim-server": (1, 0)}
    make.code("2")
    edit_code(code, 1, {"description": "Other."}, By(admin, Door.ADMIN))
    with django_assert_num_queries(2):
        assert counts() == {"zim-server": (1, 0)}
    TableImport.objects.create(table=code.table, state=ImportState.APPLIED)
    assert counts() == {"zim-server": (2, 0)}
    make.code("3")
    clear_counts()
    assert counts() == {"zim-server": (3, 0)}


def test_a_table_that_was_made_after_the_count_has_no_codes_yet():
    make.code("1")
    counts()
    CodeTable.objects.create(slug="new", vendor="V", product="P", name="N", audience="public")
    assert counts()["new"] == (0, 0)
