"""Texts and tables that make messages dear to recognise: the work is bounded, and grows with the text at most."""

import pytest

from kb.models import ReturnCode
from kb.queries import detected_messages
from kb.queries.detected_messages import add_messages
from kb.queries.detection import MAX_TEXT, detect
from kb.searching import messages
from kb.text.detection.messages import MessageText, anchors
from kb.text.detection.templates import anchor, anchor_words, template
from tests import make
from tests.work import grows_faster_than_the_text, work

WORDS = "wooden crates rest on marble"
MESSAGES = {
    "one hole": f"{WORDS} %s and sleep",
    "a hole first": f"%s {WORDS}",
    "a hole last": f"{WORDS} %s",
    "the same run again": f"{WORDS} %s {WORDS} %s {WORDS}",
    "many holes": f"{WORDS} " + "%s a " * 25,
    "holes alone between": f"{WORDS} " + "%s" * 200 + " and sleep",
    "quotes": f"\"%s\" {WORDS} '%s'",
    "no hole": WORDS,
}
UNITS = {
    "the message": f"{WORDS} ",
    "lines of it": f"{WORDS} x and sleep\n",
    "a run of it": "wooden crates rest ",
    "its end": f"{WORDS} a a a a a a a a a a a a a a a ",
    "words": "crates ",
    "one word": "a",
    "signs": '"',
    "quotes around": f'"{WORDS}" ',
    "lines of quotes": f'"\n{WORDS}',
    "other scripts": "房间不存在",
    "gaps": "a  .. , ",
    "underscores": "a_",
}
HOSTILE = [
    *("%s" * 3_000, "%s " * 30_000, "{" * 60_000, "<" * 60_000, '"' * 60_000, "%" * 60_000, ". " * 30_000),
    *("a. " * 20_000, "[chars] " * 8_000, "x" * 64_000, "{a} {" * 12_000, ":a " * 20_000, " " * 64_000),
    *("\u3000房" * 20_000, "\x00" * 999),
]


def matched(text, description):
    words = anchor_words(description)
    return list(MessageText(text, [words]).matches(template(description), words))


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("description", MESSAGES.values(), ids=MESSAGES)
def test_matching_grows_with_the_text_at_most(unit, description):
    assert template(description)
    assert not grows_faster_than_the_text(lambda text: matched(text, description), unit, 2_000)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_anchors_grow_with_the_text_at_most(unit):
    assert not grows_faster_than_the_text(anchors, unit, 4_000)


@pytest.mark.parametrize("description", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_description_costs_little(description):
    assert work(lambda: (anchor(description), template(description))) < 20_000


@pytest.mark.django_db
def test_a_megabyte_of_a_message_is_compared_a_bounded_number_of_times(monkeypatch):
    table = make.table()
    make.codes([str(n) for n in range(150)], table)
    for n, code in enumerate(ReturnCode.objects.order_by("pk")):
        ReturnCode.objects.filter(pk=code.pk).update(vendor_description=f"{WORDS} %s variety {n}")
    messages.refresh(list(ReturnCode.objects.order_by("pk").values_list("pk", flat=True)))
    text = (f"{WORDS} x variety 149\n" * 40_000)[:MAX_TEXT]
    attempts = []
    real = MessageText._spans
    monkeypatch.setattr(MessageText, "_spans", lambda *arguments: attempts.append(1) or real(*arguments))
    codes, stop = add_messages(text, [], [], None)
    assert (len(attempts) <= detected_messages.MAX_ATTEMPTS, stop) == (True, None)
    assert len(codes) <= 150


@pytest.mark.django_db
def test_a_table_whose_messages_are_all_alike_leads_nowhere():
    table = make.table()
    make.codes([str(n) for n in range(1_000)], table, description=WORDS)
    lonely = make.code("lonely", table, description="The lock keeper sleeps in the vault.")
    report = detect(f"{WORDS}\n" * 1_000 + "The lock keeper sleeps in the vault.\n", None)
    assert [match.id for match in report.codes] == [(lonely,)]
