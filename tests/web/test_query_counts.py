"""The exact number of queries of each page, whatever the number of rows."""

import pytest

from kb.models.sql import is_postgres
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def queries(django_assert_num_queries, public):
    def check(number, address, status=200):
        with django_assert_num_queries(number):
            assert public.get(address).status_code == status

    return check


@pytest.mark.parametrize("tables", [1, 10])
def test_start(tables, queries):
    for n in range(tables):
        make.code("1", make.table(f"table-{n}"))
    # The tables, the number of the last import, and three that count once after it.
    queries(5, "/")


@pytest.mark.parametrize("number", [1, 10])
def test_card_with_notes_incidents_and_revisions(number, queries, room, reviewer):
    for n in range(number):
        make.note(f"Note {n}", room, owner=reviewer, validated_by=reviewer).ranges.add(
            make.code_range(f"Range {n}", 660300000 - n, 660399999)
        )
        make.incident(f"Incident {n}", room)
        make.code(f"66030{n + 2:04}")
        make.code("660300001", make.table(f"other-{n}"))
        room.description = f"Wording {n}"
        room.save()
    queries(9, room.get_absolute_url())


@pytest.mark.parametrize("sections", [2, 8])
def test_card_with_meanings(sections, queries):
    table = make.table()
    for n in range(sections):
        code = make.code("3", table, f"Section {n}")
        make.note(f"Note {n}", code)
    queries(8, "/codes/zim-server/3/")


def test_a_logged_in_reader_costs_a_session_a_user_and_rights(agents, room, django_assert_num_queries):
    with django_assert_num_queries(13):
        agents.get(room.get_absolute_url())


@pytest.mark.parametrize("number", [1, 100])
def test_table(number, queries):
    table = make.table()
    for section in range(min(number, 7)):
        code, *_ = make.codes([str(n + 1) for n in range(section, number, 7)], table, f"Section {section}")
    make.note("Note", code)
    make.incident("Incident", code)
    # The last four count sections and codes, once after an import.
    queries(7, "/tables/zim-server/")


# Where few codes have all words, those that have some are asked for: two queries more, whatever the table's size. Two
# are for the passages, one for tags, one for the names of tables.
@pytest.mark.parametrize(("number", "count"), [(1, 14), (20, 14), (40, 12)])
def test_search(number, count, queries):
    table = make.table()
    make.codes([str(n + 1) for n in range(number)], table)
    # SQLite's index first asks for the stems that begin like the last word.
    queries(count - is_postgres(), "/?q=room+exist")


@pytest.mark.parametrize("number", [2, 40])
def test_meanings(number, queries):
    for n in range(number):
        make.code("3", make.table(f"table-{n}"))
    queries(1, "/?q=3")


@pytest.mark.parametrize("number", [1, 6])
def test_unknown_in_a_known_range(number, queries):
    table = make.table()
    for n in range(number):
        make.code(str(660300001 + n), table)
        make.code_range(f"Range {n}", 660300000 - n, 660399999)
    queries(8, "/codes/zim-server/660388888/", 404)


@pytest.mark.parametrize("number", [1, 20])
def test_note(number, queries, reviewer):
    table = make.table()
    codes = [make.code(str(n + 1), table, f"Section {n % 7}") for n in range(number)]
    note = make.note("Note", *codes, owner=reviewer)
    queries(4, note.get_absolute_url())
