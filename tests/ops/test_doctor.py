"""The doctor finds nothing in a site that lived, and names each thing that is broken behind its back."""

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from kb.importing.applying.rollback import roll_back
from kb.models import Change, Door, ReturnCode, Synonym, TroubleshootingNote
from kb.ops import readiness
from kb.ops.doctor.checks import DEEP, MAX_SENTENCES, QUICK, examine
from kb.ops.doctor.findings import sentence_about
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import save_note
from tests import make
from tests.importing.tables import applied, row
from tests.ops.world import lived

pytestmark = pytest.mark.django_db
IS_POSTGRES = connection.vendor == "postgresql"
FAILED = "ProgrammingError" if IS_POSTGRES else "OperationalError"


@pytest.fixture
def world():
    return lived()


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def told(*areas):
    """Return every sentence that the doctor says of some areas."""
    checks = {area: (QUICK | DEEP)[area] for area in areas}
    return [f"{area}: {sentence}" for area, sentences in examine(checks) for sentence in sentences]


def test_a_used_site_has_no_faults(world):
    assert told(*DEEP) == []
    assert told("database", "index", "permissions", "disk") == []
    assert Change.objects.count() > 20


def test_a_roll_back_of_an_import_that_created_a_section_is_no_fault(world):
    """Its codes and sections are deleted in the feed; notes and incidents about them change there without an edit."""
    by = By(world.admin, Door.ADMIN)
    file = [row(f"7{number}", section=f"New {number}", description="New.") for number in range(3)]
    for again in (False, True):
        second = applied(world.table, *file, user=world.admin)
        if not again:
            codes = [world.code, *world.table.codes.filter(section__name__startswith="New")]
            save_note(TroubleshootingNote(), None, {"title": "New", "audience": "public"}, by, codes)
            save_incident(world.incident, world.incident.version, {"impact": "Much."}, codes, by)
        assert told(*DEEP) == []
        roll_back(second, by)
        assert told(*DEEP) == []


def test_several_objects_are_named_in_one_sentence():
    rest = "was deleted according to the feed, but its row exists"
    assert sentence_about("section", [9], rest) == f"Section 9 {rest}."
    assert sentence_about("section", [9, 10], rest) == (
        "Sections 9, 10 were deleted according to the feed, but their rows exist."
    )


def test_an_empty_site_has_no_faults():
    assert told(*DEEP) == []


# What somebody does behind the product's back, and what the doctor says then.
BROKEN = {
    "a gap of one": (
        "DELETE FROM kb_change WHERE sequence = 5",
        r"feed: The feed has gaps: after 4 comes 6\.$",
    ),
    "many gaps": (
        "DELETE FROM kb_change WHERE sequence % 2 = 0",
        r"feed: The feed has gaps: after 1 comes 3, (after \d+ comes \d+, ){3}after 9 comes 11 and more\.$",
    ),
    "nothing but a counter": (
        "DELETE FROM kb_change",
        r"feed: The feed ends at 0, but its counter stands at \d+\.$",
    ),
    "no birth": (
        "UPDATE kb_change SET kind = 'updated' WHERE noun = 'note' AND kind = 'created'",
        r"objects: Note {note} has wrong changes in the feed: not created once, deleted twice, or changed later\.",
    ),
    "two deaths": (
        "INSERT INTO kb_change (sequence, at, kind, noun, object_id, label, fields, audience, door)"
        " SELECT 1000, at, kind, noun, object_id, label, fields, audience, door FROM kb_change"
        " WHERE noun = 'range' AND kind = 'deleted'",
        r"objects: Range \d+ has wrong changes in the feed: not created once, deleted twice, or changed later\.",
    ),
    "a synonym born twice": (
        "UPDATE kb_change SET kind = 'created' WHERE noun = 'synonym';"
        "INSERT INTO kb_change (sequence, at, kind, noun, object_id, label, fields, audience, door)"
        " SELECT 1000, at, kind, noun, object_id, label, fields, audience, door FROM kb_change WHERE noun = 'synonym'",
        r"objects: Synonym \d+ has wrong changes in the feed: not created once, deleted twice, or changed later\.",
    ),
    "a synonym edited past the journal": (
        "UPDATE kb_synonym SET version = version + 1 WHERE version > 1",
        r"objects: Synonym \d+ has a number of changes in the feed that does not match its version\.",
    ),
    "an edited synonym that the feed does not have": (
        "UPDATE kb_change SET object_id = 999999 WHERE noun = 'synonym'",
        r"objects: Synonym \d+ is not in the feed\.",
    ),
    "a lost first revision": (
        "DELETE FROM kb_historicalreturncode WHERE version = 1 AND id = {code}",
        r"histories: Code {code} has missing or duplicate revisions of earlier versions\.",
    ),
    "a synonym's lost revision": (
        "UPDATE kb_synonym SET version = 3 WHERE version = 2; UPDATE kb_historicalsynonym SET version = 3",
        r"histories: Synonym \d+ has missing or duplicate revisions of earlier versions\.",
    ),
    "a row without a revision": (
        "DELETE FROM kb_historicalincidentlink",
        r"histories: Incident {incident} has no revision of its current version\.",
    ),
    "an edited synonym without a revision": (
        "DELETE FROM kb_historicalsynonym",
        r"histories: Synonym \d+ has no revision of its current version\.",
    ),
    "a value cleared past the history": (
        "UPDATE kb_returncode SET number = NULL WHERE code = '2'",
        r"histories: Code {code} differs from its revision in number\.",
    ),
    "a reviewer cleared past the history": (
        "UPDATE kb_troubleshootingnote SET validated_by_id = NULL",
        r"histories: Note {note} differs from its revision in validated_by\.",
    ),
    **{
        f"a wrong {name}": (
            f"UPDATE kb_returncode SET {name} = {value} WHERE code = '2'",
            r"codes: Code {code} is stored with derived values that do not match the code\.",
        )
        for name, value in (("identity", "'z'"), ("number", "77"), ("sort_key", "'z'"))
    },
    "a section's revision of nothing": (
        "DELETE FROM kb_historicaltroubleshootingnote",
        r"references: kb_historicaltroubleshootingnote_codes \d+.*: its history does not exist\.",
    ),
    "a gap": (
        "DELETE FROM kb_change WHERE sequence IN (5, 6)",
        r"feed: The feed has gaps: after 4 comes 7\.",
    ),
    "a lost beginning": ("DELETE FROM kb_change WHERE sequence = 1", r"feed: The feed begins at 2, not at 1\."),
    "a counter ahead": (
        "UPDATE kb_changecounter SET last = last + 3",
        r"feed: The feed ends at \d+, but its counter stands at \d+\.",
    ),
    "a counter behind": (
        "UPDATE kb_changecounter SET last = 2",
        r"feed: The feed ends at \d+, but its counter stands at 2\.",
    ),
    "no counter": ("DELETE FROM kb_changecounter", r"feed: The feed ends at \d+, but its counter is missing\."),
    "a lost end": (
        "DELETE FROM kb_change WHERE sequence = (SELECT max(sequence) FROM kb_change)",
        r"feed: The feed ends at \d+, but its counter stands at \d+\.",
    ),
    "an edit past the journal": (
        "UPDATE kb_returncode SET version = version + 1 WHERE code = '2'",
        r"objects: Code {code} has a number of changes in the feed that does not match its version\.",
    ),
    "an edit past the history": (
        "UPDATE kb_returncode SET version = version + 1 WHERE code = '2'",
        r"histories: Code {code} has no revision of its current version\.",
    ),
    "words past the history": (
        "UPDATE kb_returncode SET description = 'Forged.' WHERE code = '2'",
        r"histories: Code {code} differs from its revision in description\.",
    ),
    "an owner past the history": (
        "UPDATE kb_troubleshootingnote SET owner_id = {editor}",
        r"histories: Note {note} differs from its revision in owner\.",
    ),
    "a link past the history": (
        "DELETE FROM kb_troubleshootingnote_codes WHERE returncode_id = {code}",
        r"histories: Note {note} differs from its revision in codes\.",
    ),
    "a link past the present": (
        "DELETE FROM kb_historicalincidentlink_codes",
        r"histories: Incident {incident} differs from its revision in codes\.",
    ),
    "a lost revision": (
        "DELETE FROM kb_historicalreturncode WHERE version = 2 AND id = {code}",
        r"histories: Code {code} has missing or duplicate revisions of earlier versions\.",
    ),
    "a revision twice": (
        "UPDATE kb_historicalreturncode SET version = 1 WHERE version = 2 AND id = {code}",
        r"histories: Code {code} has missing or duplicate revisions of earlier versions\.",
    ),
    "a deletion that was none": (
        "UPDATE kb_historicalincidentlink SET history_type = '-' WHERE version = 1",
        r"histories: Incident {incident} has a revision of its deletion, but its row exists\.",
    ),
    "a synonym gone": (
        "DELETE FROM kb_synonym WHERE words = 'lobby, room'",
        r"histories: Synonym \d+ has revisions but no row, and no revision of its deletion\.",
    ),
    "a row gone": (
        "DELETE FROM kb_flag",
        r"objects: Flag \d+ is in the feed and was not deleted there, but its row is missing\.",
    ),
    "a row from nowhere": (
        "UPDATE kb_change SET object_id = 999999 WHERE noun = 'flag'",
        r"objects: Flag \d+ is not in the feed\.",
    ),
    "a tombstone on a live row": (
        "UPDATE kb_change SET kind = 'deleted' WHERE noun = 'flag' AND kind = 'updated'",
        r"objects: Flag \d+ was deleted according to the feed, but its row exists\.",
    ),
    "two births": (
        "UPDATE kb_change SET kind = 'created' WHERE noun = 'note'",
        r"objects: Note {note} has wrong changes in the feed: not created once, deleted twice, or changed later\.",
    ),
    "life after the end": (
        "UPDATE kb_change SET object_id = (SELECT object_id FROM kb_change WHERE noun = 'range' AND kind = 'deleted'),"
        " noun = 'range' WHERE sequence = (SELECT max(sequence) FROM kb_change)",
        r"objects: Range \d+ has wrong changes in the feed: not created once, deleted twice, or changed later\.",
    ),
    "an import that is nowhere": (
        "UPDATE kb_change SET table_import_id = 999999 WHERE sequence = 3",
        r"references: kb_change 3: its table_import does not exist\.",
    ),
    "a row about no code": (
        "UPDATE kb_importrow SET return_code_id = 999999 WHERE kind = 'retired'",
        r"references: kb_importrow \d+.*: its return_code does not exist\.",
    ),
    "a revision of no import": (
        "UPDATE kb_historicalreturncode SET table_import_id = 999999 WHERE id = {code} AND version = 1",
        r"references: kb_historicalreturncode \d+: its table_import does not exist\.",
    ),
    "a form out of step": (
        "UPDATE kb_returncode SET canonical = '77' WHERE code = '2'",
        r"codes: Code {code} is stored with derived values that do not match the code\.",
    ),
    "a document out of date": (
        "UPDATE kb_returncode SET possible_reasons = 'Forged.' WHERE code = '2'",
        r"documents: The search index is out of date: code {code}: its public document is missing or out of date\.",
    ),
    "a document of no code": (
        "UPDATE kb_search_0 SET {key} = 999999 WHERE {key} %% 1099511627776 = {code}".replace("%%", "%"),
        r"documents: The search index is out of date: code 999999: has a public document and should have none\.",
    ),
    "a vocabulary that miscounts": (
        "UPDATE kb_search_word SET codes = codes + 1 WHERE word <> ''",
        r"documents: The search index is out of date: the public vocabulary is out of date\.",
    ),
    "an index that is gone": (
        "DELETE FROM kb_search_word",
        r"index: The search index and the codes differ by 3. Run manage\.py reindex\.",
    ),
    "a migration unknown": (
        "INSERT INTO django_migrations (app, name, applied) VALUES ('kb', '9999_later', '2026-01-01 00:00:00')",
        r"database: The database is from a later release: it has kb\.9999_later\.",
    ),
    "a migration missing": (
        "DELETE FROM django_migrations WHERE name = '0001_schema'",
        r"database: Migrations are not applied: kb\.0001_schema\.",
    ),
}


def test_what_is_broken_is_named(world):
    """In one test, each case rolled back: the site takes longer to make than to break."""
    ids = {"code": world.code.pk, "note": world.note.pk, "incident": world.incident.pk, "editor": world.editor.pk}
    unnamed = {}
    for case, (sql, sentence) in BROKEN.items():
        expected = re.sub(r"\{([a-z]+)\}", lambda name: str(ids[name[1]]), sentence)
        with transaction.atomic():
            for statement in sql.format(**ids, key="key" if IS_POSTGRES else "rowid").split(";"):
                run(statement)
            found = told(expected.partition(":")[0])
            transaction.set_rollback(True)
        if not any(re.match(expected, line) for line in found):
            unnamed[case] = found
    assert unnamed == {}
    assert told(*DEEP) == []


HEALTHY = [
    # An import that only reorders a table writes no revision.
    "UPDATE kb_returncode SET position = 99 WHERE code = '2'",
    # Somebody who left is in the history still.
    "DELETE FROM kb_troubleshootingnote_codes WHERE returncode_id = 999999",
    # A packet of another app, of any release.
    "INSERT INTO django_migrations (app, name, applied) VALUES ('other', '9999_later', '2026-01-01 00:00:00')",
    # What a squashed migration replaced.
    "INSERT INTO django_migrations (app, name, applied) VALUES ('kb', '{replaced}', '2026-01-01 00:00:00')",
]


def test_what_is_right_is_not_named(world):
    replaced = next((name for app, name in sorted(readiness.replaced()) if app == "kb"), "0001_schema")
    for sql in HEALTHY:
        with transaction.atomic():
            run(sql.format(replaced=replaced))
            assert told("histories", "database", "references") == [], sql
            transaction.set_rollback(True)


@pytest.mark.skipif(IS_POSTGRES, reason="its constraint refuses this")
def test_a_missing_trigger_and_the_rows_that_it_would_refuse_are_named(world):
    run("DROP TRIGGER kb_code_section_update")
    other = make.section(make.table("other"), "Elsewhere")
    run(f"UPDATE kb_returncode SET section_id = {other.pk} WHERE id = {world.code.pk}")
    assert f"codes: Code {world.code.pk} is in a section of another table." in told("codes")
    assert "guards: The database is missing triggers: kb_code_section_update." in told("guards")


@pytest.mark.skipif(not IS_POSTGRES, reason="SQLite has triggers instead")
def test_a_missing_constraint_is_named(world):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE kb_returncode DROP CONSTRAINT code_section_of_table")
    assert "guards: The constraint code_section_of_table is missing." in told("guards")


def test_repeated_numbers_are_named_without_the_primary_key(world):
    # As after damage on the disk: a table without its key.
    run("ALTER TABLE kb_change RENAME TO kb_change_kept")
    run("CREATE TABLE kb_change AS SELECT * FROM kb_change_kept")
    run("INSERT INTO kb_change SELECT * FROM kb_change_kept WHERE sequence = 4")
    assert "feed: The feed repeats numbers: 4." in told("feed")


def test_a_check_that_fails_is_named_and_the_others_go_on(world):
    run("ALTER TABLE kb_change RENAME TO kb_elsewhere")
    found = told("feed", "codes", "permissions")
    assert found == [f"feed: This could not be checked: {FAILED}. Are all migrations applied?"]


def test_many_findings_are_cut_short(world):
    ReturnCode.objects.bulk_create(
        ReturnCode(table=world.table, section=world.code.section, code=str(n), identity=str(n), canonical=str(n))
        for n in range(100, 150)
    )
    assert len(told("documents")) == MAX_SENTENCES + 1
    (said,) = told("objects")
    assert re.fullmatch(r"objects: Codes (\d+, ){4}\d+ and more are not in the feed\.", said)


def left(*arguments):
    out = io.StringIO()
    with pytest.raises(SystemExit) as status:
        call_command("doctor", *arguments, stdout=out)
    return out.getvalue(), status.value.code


def test_the_command_prints_sentences_and_exits_with_a_status(world):
    printed, status = left("feed", "histories")
    assert (printed, status) == ("feed         nothing wrong\nhistories    nothing wrong\n", 0)
    run("UPDATE kb_changecounter SET last = 1")
    printed, status = left("--deep", "--json", "feed")
    assert status == 1
    assert "its counter stands at 1" in json.loads(printed)["feed"][0]


def test_an_unknown_area_is_refused():
    with pytest.raises(CommandError, match=r"fede is not an area. Allowed: settings, .*feed") as refused:
        call_command("doctor", "fede")
    assert refused.value.returncode == 2


def test_the_command_exits_with_2_without_a_database(monkeypatch, capsys):
    def refuse(*_, **__):
        raise DatabaseError("connection refused:\n\tis it running?")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    with pytest.raises(SystemExit) as left:
        call_command("doctor", "feed", "disk")
    assert left.value.code == 2
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "database     The database does not answer: connection refused: is it running?",
        "disk         nothing wrong",
    ]


def test_checks_write_nothing_and_take_no_write_lock(world, django_assert_max_num_queries):
    before = (Change.objects.count(), Synonym.objects.count())
    with django_assert_max_num_queries(400) as asked:
        told(*DEEP)
    assert not [query for query in asked.captured_queries if re.match(r"\s*(INSERT|UPDATE|DELETE)", query["sql"])]
    assert (Change.objects.count(), Synonym.objects.count()) == before
    assert readiness.problems() == []
