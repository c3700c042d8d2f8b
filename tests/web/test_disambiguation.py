"""Which of several meanings somebody means: grouped by table, the reader's last table first."""

import pytest

from kb.models import CodeTable, ReturnCode
from kb.queries.lookup import CodeHit
from kb.web.disambiguation import meanings_context

TABLES = [CodeTable(pk=pk, slug=f"t{pk}") for pk in (1, 2, 3)]


def hits(*tables):
    return [CodeHit(ReturnCode(pk=at, table=TABLES[pk - 1]), "as written") for at, pk in enumerate(tables)]


@pytest.mark.parametrize(
    ("cookie", "order"), [("t1", [1, 2, 3]), ("t2", [2, 1, 3]), ("t3", [3, 1, 2]), ("", [1, 2, 3]), ("t9", [1, 2, 3])]
)
def test_the_last_table_comes_first_and_the_others_keep_their_order(cookie, order, rf):
    request = rf.get("/")
    request.COOKIES = {"table": cookie} if cookie else {}
    context = meanings_context(request, hits(1, 2, 1, 3))
    assert [group.table.pk for group in context["groups"]] == order
    assert [group.is_last for group in context["groups"]] == [cookie in ("t1", "t2", "t3"), False, False]
    assert {group.table.pk: [hit.code.pk for hit in group.hits] for group in context["groups"]} == {
        1: [0, 2],
        2: [1],
        3: [3],
    }
    assert context["number"] == 4
