"""A file in another language is told from a reworded one."""

import pytest

from tests import make
from tests.importing.tables import applied, planned

pytestmark = pytest.mark.django_db

ENGLISH = ["The door is open", "There is no paper", "The motor is hot", "Wrong password", "Disk is full", "No power"]
GERMAN = ["Die Klappe klemmt", "Kein Papier", "Motor zu warm", "Kennwort falsch", "Platte voll", "Kein Strom"]
REWORDED = ["The front door is open", "Add paper", "The motor is too hot", "Bad password", "Disk is full", "No power"]


@pytest.mark.parametrize(("texts", "warnings"), [(GERMAN, 1), (REWORDED, 0), (ENGLISH, 0), (["门打开了"] * 6, 1)])
def test_a_file_whose_texts_share_no_words_is_told(texts, warnings):
    table = make.table()
    applied(table, *((f"E{n}", text) for n, text in enumerate(ENGLISH)))
    plan = planned(table, *((f"E{n}", text) for n, text in enumerate(texts)), complete=True)
    messages = list(plan.rows.filter(kind="warning").values_list("message", flat=True))
    assert len(messages) == warnings
    assert all("another language" in message for message in messages)
