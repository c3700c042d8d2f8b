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
        # Western letters in a Cyrillic, a Greek, a Central European and a Chinese encoding.
        ("Lüfter prüfen", "Lьfter prьfen", True),
        ("Ärger ohne Tür", "Дrger ohne Tьr", True),
        ("Lüfter prüfen", "Lόfter prόfen", True),
        ("Lüfter prüfen", "L黤ter pr黤en", True),
        ("Нет бумаги", "Íåò áóìàãè", True),
        # The wrong reading was the last one.
        ("Lьfter prьfen", "Lüfter prüfen", False),
        ("Дrger", "Ärger", False),
        ("Länge in µm", "Länge in μm", False),
        ("Café fermé", "Cafè fermé", False),
        ("Prüfe die App", "请检查App参数。Prüfe die App", False),
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


LONG = [f"{text}, so that the device stops until somebody comes" for text in ENGLISH]


def told(stored, now, complete=False):
    """Return the warnings of a plan that turns rows into others, and whether it needs a second yes."""
    table = make.table()
    applied(table, *stored)
    plan = planned(table, *now, complete=complete)
    messages = plan.rows.filter(kind="warning").values_list("message", flat=True)
    return list(messages), "strange" in plan.counts


def numbered(texts, first=10, name="E{}"):
    return [(name.format(n), text) for n, text in enumerate(texts, first)]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (LONG[1:] + LONG[:1], "6 codes get the description that other codes had, such as E10 that of E11."),
        (LONG[:2] + LONG[3:] + LONG[2:3], "4 codes get the description that other codes had, such as E12 that of E13."),
        ([""] * 3 + LONG[3:], "The file clears the description of 3 of 6 codes."),
        ([text[:-12] for text in LONG], "The texts of 6 codes end in the middle of a word of the stored ones."),
        ([LONG[0][:40], *LONG[1:]], "The texts of 1 code end in the middle of a word of the stored ones."),
    ],
)
def test_texts_that_were_damaged_on_their_way_are_told_and_need_a_second_yes(texts, message):
    messages, second_yes = told(numbered(LONG), numbered(texts))
    assert [message in said for said in messages].count(True) == 1
    assert second_yes


@pytest.mark.parametrize(
    "texts",
    [
        # Two texts change places, two are cleared; some end earlier, with a whole word or sentence.
        [LONG[1], LONG[0], *LONG[2:]],
        ["", "", *LONG[2:]],
        [text.partition(",")[0] for text in LONG],
        [f"{text} or it is switched off" for text in LONG],
        # One text is the same for several codes from now on.
        [LONG[0], LONG[0], LONG[0], *LONG[3:]],
    ],
)
def test_usual_changes_of_texts_raise_no_doubt(texts):
    assert told(numbered(LONG), numbered(texts)) == ([], False)


@pytest.mark.parametrize("text", ["symbol", "suggested_actions"])
def test_other_texts_in_wrong_rows_are_told(text):
    words = ENGLISH[1:] + ENGLISH[:1]
    stored, now = ([row(f"E{n}", **{text: one}) for n, one in enumerate(texts)] for texts in (ENGLISH, words))
    messages, second_yes = told(stored, now)
    label = text.replace("_", " ")
    assert any(f"6 codes get the {label} that other codes had, such as E0 that of E1." in said for said in messages)
    assert second_yes


def test_codes_and_texts_that_are_swapped_are_told():
    messages, _ = told(numbered(ENGLISH), [(text, code) for code, text in numbered(ENGLISH)])
    assert [said.endswith("or are columns swapped?") for said in messages] == [True]


def test_swapped_columns_are_told():
    rows = [row(f"E{n}", description=text, suggested_actions=f"Press {n}.") for n, text in enumerate(ENGLISH)]
    swapped = [row(f"E{n}", description=f"Press {n}.", suggested_actions=text) for n, text in enumerate(ENGLISH)]
    messages, second_yes = told(rows, swapped)
    assert "6 of 6 codes get as description what was their suggested actions. Are the columns swapped?" in messages
    assert second_yes


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize(
    ("name", "texts"), [("E-{}", ENGLISH), ("{}", ENGLISH), ("SDK E{}", ENGLISH), ("E0{}", ["", *LONG[1:]])]
)
def test_codes_that_are_written_anew_are_told(name, texts, complete):
    messages, _ = told(numbered(ENGLISH), numbered(texts, name=name), complete)
    assert [said.startswith("6 new codes have the words or the number of stored codes") for said in messages] == [True]


@pytest.mark.parametrize(
    ("stored", "now"),
    [
        # The file still has the codes with these words; the words are of several codes; two codes only.
        (numbered(ENGLISH), numbered(ENGLISH) + numbered(ENGLISH, name="F{}")),
        (numbered(["Failed"] * 6), numbered(["Failed"] * 6, name="F{}")),
        (numbered(ENGLISH[:2]), numbered(ENGLISH[:2], name="F{}")),
    ],
)
def test_new_codes_with_words_of_others_may_be_new(stored, now):
    assert told(stored, now) == ([], False)


@pytest.mark.parametrize(("stored", "is_told"), [("E7", True), ("E9", False)])
def test_new_texts_that_are_garbled_are_told(stored, is_told):
    message = "The texts of 1 code, such as of E9, seem read in a wrong encoding, such as Ã¼ for ü."
    assert told([(stored, "LÃ¼fter")], [("E8", "Lüfter"), ("E9", "LÃ¼fter")]) == ([message] * is_told, False)


def test_new_codes_of_which_most_letters_are_of_a_wrong_encoding_need_a_second_yes():
    table = make.table()
    assert planned(table, ("1", "Lьfter prьfen"), ("2", "Disk is full")).counts["strange"] == 1
    few = planned(table, ("1", "Lьfter prьfen"), ("2", "Tür klemmt"), ("3", "Gerät zu heiß"))
    assert ("strange" in few.counts, few.counts["warning"]) == (False, 1)
