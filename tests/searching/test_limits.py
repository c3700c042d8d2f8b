"""Limits and conditions of a search over codes, met exactly and one beyond."""

import pytest

from kb import searching
from kb.models import Change, ReturnCode
from kb.models.changes import ChangeKind
from kb.searching import planner, store, writer
from kb.searching.documents import INTERNAL, PUBLIC
from kb.searching.relevance import rank
from tests import make

pytestmark = pytest.mark.django_db


def find(text, user=None, **options):
    answer = searching.search(text, user, **options)
    names = dict(ReturnCode.objects.values_list("pk", "code"))
    return [names[hit.code_id] for hit in answer.hits]


@pytest.mark.parametrize(("limit", "count", "more"), [(2, 2, True), (3, 3, False), (4, 3, False)])
def test_so_many_hits_come_back_and_whether_there_are_more(limit, count, more):
    for number in "123":
        make.code(number, description="Lobby.")
    answer = searching.search("lobby", None, limit=limit)
    assert (len(answer.hits), answer.more) == (count, more)


def test_a_limit_above_the_number_of_candidates_reads_more(monkeypatch):
    monkeypatch.setattr(planner, "CANDIDATES", 2)
    for number in "1234":
        make.code(number, description="Lobby.")
    answer = searching.search("lobby", None, limit=3)
    assert (len(answer.hits), answer.more) == (3, True)


def test_a_hit_has_at_least_a_quarter_of_the_best_score():
    make.code("1", description="Lobby.")
    weak = make.code("2", description="Other.")
    make.note("x", weak, cause="lobby")
    scores = {hit.code_id: hit.score for hit in searching.search("lobby", None).hits}
    assert weak.pk not in scores
    weak.table.codes.filter(code="1").delete()
    searching.rebuild()
    assert find("lobby") == ["2"]


def test_codes_with_all_but_one_word_follow_those_with_all():
    make.code("1", description="Alpha bravo charlie.")
    make.code("2", description="Alpha bravo.")
    make.code("3", description="Charlie.")
    make.code("4", description="Other.")
    assert find("alpha bravo charlie ")[:2] == ["1", "2"]
    assert "4" not in find("alpha bravo charlie ")
    assert find("alpha charlie ")[0] == "1"
    assert set(find("alpha charlie ")) == {"1", "2", "3"}


def test_with_enough_codes_with_all_words_others_are_not_looked_for(monkeypatch):
    monkeypatch.setattr(planner, "ENOUGH", 2)
    for number in "12":
        make.code(number, description="Alpha bravo.")
    make.code("3", description="Bravo.")
    assert find("alpha bravo ") == ["1", "2"]
    monkeypatch.setattr(planner, "ENOUGH", 3)
    assert find("alpha bravo ") == ["1", "2", "3"]


def test_tables_limit_a_search_and_a_filter(agent):
    one = make.code("1", description="Lobby.")
    other = make.code("2", make.table("other"), description="Lobby.")
    hidden = make.code("3", make.table("secret", audience="internal"), description="Lobby.")
    assert find("lobby", tables=[other.table_id]) == ["2"]
    assert find("lobby", tables=[one.table_id, other.table_id]) == ["1", "2"]
    assert find("lobby", tables=[hidden.table_id]) == []
    assert find("lobby", agent, tables=[hidden.table_id]) == ["3"]

    def kept(user, tables=()):
        codes = searching.containing(ReturnCode.objects.all(), "lobby", user, tables)
        return set(codes.values_list("code", flat=True))

    assert (kept(None), kept(agent)) == ({"1", "2"}, {"1", "2", "3"})
    assert (kept(None, [hidden.table_id]), kept(agent, [hidden.table_id])) == (set(), {"3"})
    assert kept(None, [one.table_id]) == {"1"}


def test_a_document_without_a_score_is_no_hit():
    assert rank([], [], []) == []


# The vocabulary and the writer


def test_the_vocabulary_counts_documents_and_forgets_a_word_that_none_has():
    one, other = make.code("1", description="Lobby lobby."), make.code("2", description="Lobby.")
    assert dict(store.word_counts(PUBLIC, ["lobby", "hall"])) == {"lobby": 2}
    assert dict(store.counts(INTERNAL))[""] == 2
    ReturnCode.objects.filter(pk=one.pk).update(description="Hall.")
    searching.refresh([one.pk])
    assert dict(store.word_counts(PUBLIC, ["lobby", "hall"])) == {"lobby": 1, "hall": 1}
    ReturnCode.objects.filter(pk=other.pk).update(description="Hall.")
    searching.refresh([other.pk])
    assert dict(store.word_counts(PUBLIC, ["lobby", "hall"])) == {"hall": 2}


@pytest.mark.parametrize(("word", "is_counted"), [("1234", True), ("12345", False), ("1234a", True), ("a12345", True)])
def test_numbers_of_five_digits_or_more_are_not_in_the_vocabulary(word, is_counted):
    make.code("x", description=word)
    assert bool(store.word_counts(PUBLIC, [word])) is is_counted
    assert find(f"{word} ") == ["x"]


def test_words_of_the_vocabulary_by_beginning_and_length():
    make.code("1", description="hall hallway lobby halo")
    make.code("2", description="halo")
    assert store.vocabulary(PUBLIC, "h", 4, 4, 9) == [("halo", 2), ("hall", 1)]
    assert store.vocabulary(PUBLIC, "h", 5, 7, 9) == [("hallway", 1)]
    assert store.vocabulary(PUBLIC, "h", 4, 7, 1) == [("halo", 2)]
    assert store.beginning_with(PUBLIC, "hal") == 4
    assert store.beginning_with(PUBLIC, "zzz") == 0
    assert store.beginning_with(INTERNAL, "lobb") == 1


CHANGES = {
    "a code": (Change(noun="code", kind=ChangeKind.UPDATED, object_id=7, fields=[]), {"code": [7]}),
    "a note": (Change(noun="note", kind=ChangeKind.CREATED, object_id=7, fields=[]), {"note": [7]}),
    "a range": (Change(noun="range", kind=ChangeKind.DELETED, object_id=7, fields=[]), {"range": [7]}),
    "an incident": (Change(noun="incident", kind=ChangeKind.UPDATED, object_id=7, fields=["title"]), {}),
    "a table's audience": (
        Change(noun="table", kind=ChangeKind.UPDATED, object_id=7, fields=["audience"]),
        {"table": [7]},
    ),
    "a table's vendor": (
        Change(noun="table", kind=ChangeKind.UPDATED, object_id=7, fields=["vendor", "x"]),
        {"table": [7]},
    ),
    "a table's product": (
        Change(noun="table", kind=ChangeKind.UPDATED, object_id=7, fields=["product"]),
        {"table": [7]},
    ),
    "a table's address": (Change(noun="table", kind=ChangeKind.UPDATED, object_id=7, fields=["source_url"]), {}),
    "a new table": (Change(noun="table", kind=ChangeKind.CREATED, object_id=7, fields=["audience"]), {}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_which_changes_touch_the_index(what):
    change, nouns = CHANGES[what]
    assert writer._ids_by_noun([change]) == nouns


def test_a_large_refresh_settles_the_index(monkeypatch):
    codes = [make.code(str(n)).pk for n in range(3)]
    settled = []
    monkeypatch.setattr(store, "settle", lambda: settled.append(1))
    for many, count in ((4, 0), (3, 1)):
        monkeypatch.setattr(writer, "MANY", many)
        searching.refresh(codes)
        assert len(settled) == count


def test_nothing_to_refresh_takes_no_lock(django_assert_num_queries):
    with django_assert_num_queries(0):
        searching.refresh([])


def test_the_lag_is_the_difference_either_way():
    code = make.code()
    assert searching.lag() == 0
    store.clear()
    assert searching.lag() == 1
    searching.rebuild()
    ReturnCode.objects.filter(pk=code.pk).delete()
    assert searching.lag() == 1


def test_an_index_without_a_lag_is_not_built_again():
    code = make.code()
    ReturnCode.objects.filter(pk=code.pk).update(description="Lobby.")
    searching.prepare()
    assert searching.check() != []


BROKEN = {
    "a missing document": (
        lambda: store.run("DELETE FROM kb_search_0"),
        "its public document is missing or out of date",
    ),
    "a stale document": (
        lambda: ReturnCode.objects.update(description="Lobby."),
        "its internal document is missing or out of date",
    ),
    "the public's document of an internal table": (
        lambda: make.CodeTable.objects.update(audience="internal"),
        "has a public document and should have none",
    ),
    "a document of a deleted code": (
        lambda: ReturnCode.objects.all().delete(),
        "has a internal document and should have none",
    ),
    "a wrong count": (
        lambda: store.run("UPDATE kb_search_word SET codes = codes + 1"),
        "the public vocabulary is out of date",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_check_names_each_difference(what):
    make.code()
    assert searching.check() == []
    breaking, sentence = BROKEN[what]
    breaking()
    assert any(sentence in line for line in searching.check())
