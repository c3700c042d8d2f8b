"""Writers wait for each other, and never for each other in a circle."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from kb import searching
from kb.importing.applying.transaction import apply_import
from kb.importing.planning.plan import plan_import
from kb.models import CodeRange, Door, IncidentLink, ReturnCode, TroubleshootingNote
from kb.services import journal
from kb.services.incidents import save_incident
from kb.services.journal import By
from tests import make
from tests.importing.files import open_text

needs_locks = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
BY = By(None, Door.SHELL)


@needs_locks
@pytest.mark.django_db(transaction=True)
def test_linking_a_locked_code_waits_before_taking_other_locks():
    code = make.code()
    elsewhere, moved, failed = make.section(code.table, "Elsewhere"), threading.Event(), []

    def move():
        try:
            with transaction.atomic():
                ReturnCode.objects.filter(pk=code.pk).update(section=elsewhere)
                moved.set()
                time.sleep(0.5)
                searching.refresh([code.pk])
                journal.take_sequence(1)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    mover = threading.Thread(target=move)
    mover.start()
    moved.wait(5)
    values = {"url": "https://tracker.example.com/browse/A-1", "title": "Down"}
    save_incident(IncidentLink(), None, values, [code], BY)
    mover.join()
    assert failed == []


@needs_locks
def test_a_form_locks_only_the_row_that_it_saves(client, editor):
    client.force_login(editor)
    made = CodeRange.objects.create(table=make.table(), name="Rooms", first=1, last=9)
    where = f"/admin/kb/coderange/{made.pk}/change/"
    fields = {"table": made.table_id, "name": "Halls", "first": 1, "last": 9, "version": 1, "origin": "staff"}
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(where, fields)
    assert answer.status_code == 302, answer.context["adminform"].errors
    locking = [query["sql"] for query in asked if "FOR NO KEY UPDATE" in query["sql"]]
    assert locking
    assert not [sql for sql in locking if "JOIN" in sql]


@needs_locks
@pytest.mark.django_db(transaction=True)
def test_an_import_locks_notes_before_codes_as_editors_do():
    code = make.code("1", description="Old words.")
    note = make.note("Room is gone", code)
    planned = plan_import(
        code.table, open_text("section,code,description\nElsewhere,1,New words.\n"), BY, complete=True
    )
    held, failed = threading.Event(), []

    def edit():
        try:
            with transaction.atomic():
                TroubleshootingNote.objects.select_for_update(no_key=True).get(pk=note.pk)
                held.set()
                time.sleep(0.5)
                # As the database looks at a code that is linked anew.
                ReturnCode.objects.raw("SELECT id FROM kb_returncode WHERE id = %s FOR KEY SHARE", [code.pk])[0]
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    editor = threading.Thread(target=edit)
    editor.start()
    held.wait(5)
    apply_import(planned, BY)
    editor.join()
    assert failed == []
    assert TroubleshootingNote.objects.get().verify_since
