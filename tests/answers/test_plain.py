"""The database makes the answers about plain codes, and they are those that `build` makes."""

from datetime import UTC, datetime

import pytest

from kb import answers
from kb.answers import plain
from kb.answers.build import build
from kb.models import FinishedAnswer, ReturnCode
from kb.models.fields import VENDOR_TEXTS
from tests import make

pytestmark = pytest.mark.django_db

# Each character that one of the writers of JSON may write in its own way: controls, quotes, beyond ASCII and the BMP.
CHARACTERS = [chr(n) for n in (*range(1, 0x100), 0x2028, 0x2029, 0x4E2D, 0xD7FF, 0xFEFF, 0xFFFD, 0x1F600)]
TEXTS = [*CHARACTERS, "", "\\u0041", '"}', "a/b", "\\/", "<b>&amp;</b>", "\r\n", "%s %% %(a)s {0}", "é" * 500]


def vendors(text):
    return {name: text for field in VENDOR_TEXTS for name in (field, f"vendor_{field}")}


def stored(codes):
    """Let the database answer about codes; return what it stored, and the ids of the others."""
    FinishedAnswer.objects.all().delete()
    others = plain.store([code.pk for code in codes])
    return list(FinishedAnswer.objects.order_by("pk").values_list()), others


@pytest.mark.parametrize("audience", ["public", "internal"])
def test_every_text_of_a_plain_code(audience):
    table = make.table("odd", audience=audience)
    codes = [
        make.code(f"A-{n}_{n}", table, f"Abschnitt {n % 3} <“章”>", **vendors(text[:200]))
        for n, text in enumerate(TEXTS)
    ]
    rows, others = stored(codes)
    # `build` may return them in another order.
    assert (rows, others) == (sorted(map(tuple, build([code.pk for code in codes]))), [])


@pytest.mark.parametrize(
    "fields",
    [
        {"code": "42"},
        {"code": "-1"},
        {"code": "0xC0000005"},
        {"code": "99999999999999999999"},
        {"retired_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
        {"updated_at": datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC), "version": 70},
        {"disposition": "retry_now", "disposition_origin": "staff", "fixer": "us", "fixer_origin": "staff"},
    ],
)
def test_every_value_of_a_plain_code(fields):
    code = make.code(**({"number": fields["code"]} if "code" in fields else fields))
    assert stored([code]) == ([tuple(build([code.pk])[0])], [])


def test_other_codes_are_left_to_build():
    table = make.table()
    first, second, ranged, retired, edited, extra, odd = (make.code(n) for n in ("1", "2", "30", "4", "5", "6", "a.b"))
    make.note("Why", first)
    make.incident("Down", second)
    note = make.note("Of a range", state="draft")
    note.ranges.set([make.code_range("Thirties", 30, 39)])
    make.code_range("Without a note", 1, 100)
    ReturnCode.objects.filter(pk=retired.pk).update(successor=first)
    ReturnCode.objects.filter(pk=edited.pk).update(symbol="OURS")
    ReturnCode.objects.filter(pk=extra.pk).update(extra={"é": "è"})
    plain_one = make.code("7", table)
    rows, others = stored([first, second, ranged, retired, edited, extra, odd, plain_one])
    assert [row[0] for row in rows] == [plain_one.pk]
    assert sorted(others) == [one.pk for one in (first, second, ranged, retired, edited, extra, odd)]


def test_many_codes_at_once_and_one_that_is_gone():
    table = make.table()
    codes = make.codes(map(str, range(300)), table, **vendors("The same."))
    make.codes(["a.b"], table, description="Ours.", **{f"vendor_{name}": "Theirs." for name in VENDOR_TEXTS})
    answers.rebuild()
    assert list(answers.differences()) == []
    ids = [code.pk for code in codes[:200]]
    FinishedAnswer.objects.filter(code=codes[7]).delete()
    codes[7].delete()
    answers.refresh([*ids, ids[9], ids[0] - 1])
    assert (list(answers.differences()), answers.lag()) == ([], 0)
