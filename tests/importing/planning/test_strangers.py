"""A file in another language is told from a reworded one."""

import pytest

from kb.importing.applying.transaction import apply_import
from kb.importing.errors import NeedsConfirmation
from tests import make
from tests.importing.tables import applied, by, planned, row

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


def test_such_a_file_needs_a_second_yes():
    table = make.table()
    applied(table, *((f"E{n}", text) for n, text in enumerate(ENGLISH)))
    plan = planned(table, *((f"E{n}", text) for n, text in enumerate(GERMAN)))
    assert plan.counts["strange"] == 5
    with pytest.raises(NeedsConfirmation, match="texts of 5 codes"):
        apply_import(plan, by())
    with pytest.raises(NeedsConfirmation, match="texts of 5 codes"):
        apply_import(plan, by(), yes_retire=True)
    apply_import(plan, by(), yes_strange=True)
    assert "strange" not in planned(table, *((f"E{n}", f"{text}!") for n, text in enumerate(GERMAN))).counts


@pytest.mark.parametrize(
    ("stored", "now", "is_told"),
    [
        ("Lüfter prüfen", "LÃ¼fter prÃ¼fen", True),
        ("Lüfter prüfen", "L?fter pr?fen", True),
        ("Lüfter prüfen", "L\ufffdfter pr\ufffdfen", True),
        ("Нет бумаги", "??? ??????", True),
        ("Нет бумаги", "РќРµС‚ Р±СѓРјР°РіРё", True),
        ("Lüfter prüfen", "Luefter pruefen", False),
        ("LÃ¼fter prÃ¼fen", "Lüfter prüfen", False),
        ("Lüfter prüfen", "Lüfter prüfen?", False),
        ("Why", "Wh?", False),
    ],
)
def test_texts_that_lost_their_letters_are_told_and_need_a_second_yes(stored, now, is_told):
    table = make.table()
    applied(table, ("1", stored), ("2", "Disk is full"))
    plan = planned(table, ("1", now))
    said = list(plan.rows.filter(kind="warning").values_list("message", flat=True))
    assert [f"such as {now} for {stored}" in message for message in said] == [True] * is_told
    assert ("strange" in plan.counts) == is_told


def test_a_complete_file_without_the_sections_of_its_table_is_told():
    table = make.table()
    applied(table, row("1", section="Paper"), row("2", section="Disk"))
    plan = planned(table, ("1", ""), ("2", ""), complete=True, sections=False)
    assert ["no sections any more" in told.message for told in plan.rows.all()] == [True]
    assert not planned(table, ("1", ""), sections=False).rows.exists()
