"""The first documents with a word: the same as from reading and sorting all, at less cost."""

import json

import pytest
from django.db import connection

from kb.searching import postgres, store, stripes
from kb.searching.documents import BUCKET, INTERNAL, Document
from tests import make

pytestmark = pytest.mark.django_db
DOCUMENTS, APART = 2_000, 300
EVERY = (2, 10, 60, 1_999)


@pytest.fixture
def keys(monkeypatch):
    """Store documents over many stripes, most of them in the second bucket; return their keys in order."""
    monkeypatch.setattr(stripes, "FEW", 0)
    make.code("1", pk=1)
    make.code("2", pk=DOCUMENTS * APART)
    store.clear()
    keys = sorted(1 + n * APART + (n % 7 and 1 + n % 2) * BUCKET for n in range(DOCUMENTS))
    words = (" ".join(f"each{n}" for n in EVERY if at % n == n - 1) for at in range(DOCUMENTS))
    store.replace(INTERNAL, [], [Document(key, text, "", "", "") for key, text in zip(keys, words, strict=True)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return keys


@pytest.mark.parametrize("guess", [1, 20, 1 / 20])
@pytest.mark.parametrize("limit", [1, 20, 200, 5_000])
def test_the_first_documents_are_right_even_if_the_estimate_is_wrong(keys, limit, guess):
    for each in EVERY:
        documents = stripes.matching(
            INTERNAL, store.database().word(f"each{each}"), limit, guess / each, 1 / each, DOCUMENTS
        )
        assert [document.key for document in documents] == keys[each - 1 :: each][:limit], each


def test_few_other_documents_are_read(keys):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite meets documents in the order of their keys")
    plans = []

    def explain(execute, sql, params, many, context):
        if "kb_search_1" in sql:
            with connection.connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, params)
                plans.append(cursor.fetchone()[0][0]["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        documents = stripes.matching(INTERNAL, postgres.word("each10"), 10, 1 / 10, 1 / 10, DOCUMENTS)
    assert len(documents) == 10
    assert 10 <= sum(_read(plan) for plan in plans) <= 40, json.dumps(plans)


def _read(plan):
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if "Relation Name" in plan else 0
    return own + sum(_read(inner) for inner in plan.get("Plans", []))


BELOW = 1 / (1 << 20)
HALF = stripes.COMMON / 2


@pytest.mark.parametrize(
    ("share", "rarest", "total", "way"),
    [
        (stripes.COMMON, HALF, 1_000, "in order of keys"),
        (stripes.COMMON - BELOW, HALF, 1_000, "all"),
        ((stripes.FEW - 1) / 2**17, (stripes.MANY - 1) / 2**17, 2**17, "all"),
        (stripes.FEW / 2**17, (stripes.MANY - 1) / 2**17, 2**17, "in stripes"),
        ((stripes.FEW - 1) / 2**17, stripes.MANY / 2**17, 2**17, "in stripes"),
        (stripes.FEW / 2**17, stripes.MANY / 2**17, 2**17, "in stripes"),
    ],
)
def test_all_are_read_if_few_have_all_words_and_not_many_have_the_rarest(monkeypatch, share, rarest, total, way):
    ways = []
    monkeypatch.setattr(stripes, "is_postgres", lambda: True)
    monkeypatch.setattr(
        stripes, "_read", lambda *given: ways.append("all" if len(given) == 3 else "in order of keys") or []
    )
    monkeypatch.setattr(stripes, "_by_stripes", lambda *given: ways.append("in stripes") or [])
    assert stripes.matching(INTERNAL, "word", 10, share, rarest, total) == []
    assert ways == [way]


@pytest.mark.parametrize(
    ("share", "rarest", "part"),
    [
        (1 / 16, 1 / 16, stripes.SLACK * 200 * 16 / 2**14),
        (1 / 16, 1 / 15, min(stripes.SLACK * 200 * 16 / 2**14, stripes.CAUTION)),
        (1 / 16, 1 / 17, min(stripes.SLACK * 200 * 16 / 2**14, stripes.CAUTION)),
    ],
)
def test_the_first_stripes_for_several_words_are_narrow(monkeypatch, share, rarest, part):
    parts = []
    monkeypatch.setattr(stripes, "is_postgres", lambda: True)
    monkeypatch.setattr(stripes, "_by_stripes", lambda *given: parts.append(given[-1]) or [])
    stripes.matching(INTERNAL, "word", 200, share, rarest, 2**14)
    assert parts == [part]
