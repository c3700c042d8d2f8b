"""The index is that of the stored codes after every verb, as `reindex --check` shows."""

import io

import pytest
from django.core.management import call_command
from django.db import connection

from kb import searching
from kb.importing.applying.rollback import roll_back
from kb.models import CodeRange, Door, ReturnCode, Synonym, TableImport, TroubleshootingNote
from kb.models.notes import NoteState
from kb.searching import store
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.notes import archive_note, save_note
from kb.services.ranges import delete_range, save_range
from kb.services.synonyms import delete_synonym, save_synonym
from kb.services.tables import save_table
from tests import make

pytestmark = pytest.mark.django_db


def find(text, user):
    return [hit.code_id for hit in searching.search(text, user).hits]


def test_a_new_word_is_found_and_an_old_one_is_not(by, agent):
    code = make.code()
    edit_code(code, code.version, {"description": "The lobby is closed."}, by)
    assert find("lobby", agent) == [code.pk]
    assert find("exist", agent) == []
    assert searching.check() == []


def test_a_notes_words_move_with_its_codes(by, agent):
    one, other = make.code("1", description="One."), make.code("2", description="Other.")
    note = save_note(TroubleshootingNote(), None, {"title": "Lobby"}, by, [one])
    assert find("lobby", agent) == [one.pk]
    note = save_note(note, note.version, {}, by, [other])
    assert find("lobby", agent) == [other.pk]
    note = save_note(note, note.version, {"title": "Hall"}, by)
    assert (find("lobby", agent), find("hall", agent)) == ([], [other.pk])
    archive_note(note, note.version, by)
    assert find("hall", agent) == []
    assert searching.check() == []


def test_a_note_on_a_range_is_found_by_each_of_its_codes(by, agent):
    low, high = make.code("100", description="Low."), make.code("200", description="High.")
    block = save_range(CodeRange(table=low.table, name="All", first=1, last=150), None, {}, by)
    save_note(TroubleshootingNote(), None, {"title": "Lobby"}, by, [], [block])
    assert find("lobby", agent) == [low.pk]
    block = save_range(block, block.version, {"first": 150, "last": 250}, by)
    assert find("lobby", agent) == [high.pk]
    assert searching.check() == []
    delete_range(block, block.version, by)
    assert find("lobby", agent) == []
    assert searching.check() == []


def test_a_tables_vendor_is_searched(by, agent):
    code = make.code()
    save_table(code.table, code.table.version, {"vendor": "Umbrella"}, By(None, Door.SHELL))
    assert find("umbrella room", agent) == [code.pk]
    assert searching.check() == []


def test_a_validated_note_wins_between_equals_and_a_retired_code_loses(by, agent):
    retired = make.code("1", retired_at="2025-01-01T00:00Z")
    plain, noted = make.code("2"), make.code("3")
    make.note("Something else", noted)
    assert find("room exist", agent) == [noted.pk, plain.pk, retired.pk]


def test_imports_and_roll_backs_keep_the_index(zim, by):
    assert searching.check() == []
    roll_back(TableImport.objects.get(), by)
    assert searching.check() == []
    # Support edited two of the codes, which a roll-back leaves alone.
    assert ReturnCode.objects.current().count() == 2


def test_an_edit_that_fails_leaves_the_index_alone(by):
    code = make.code()

    def edit():
        with journal.entry(by) as entry:
            current = entry.lock(ReturnCode, code.pk)
            current.description = "The lobby."
            entry.update(current, ["description"])
            searching.refresh([code.pk])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        edit()
    assert searching.check() == []


def test_check_names_differences_and_reindex_repairs_them(capsys):
    code = make.code()
    ReturnCode.objects.update(description="The lobby.")
    with pytest.raises(SystemExit) as left:
        call_command("reindex", "--check", stdout=(out := io.StringIO()))
    assert left.value.code == 1
    assert f"code {code.pk}: its public document is missing or out of date" in out.getvalue()
    assert "the internal vocabulary is out of date" in out.getvalue()
    call_command("reindex", stdout=io.StringIO())
    call_command("reindex", "--check", stdout=(out := io.StringIO()))
    assert out.getvalue() == "The search index is up to date.\n"


def test_check_names_documents_of_codes_that_are_gone():
    code = make.code()
    ReturnCode.objects.all().delete()
    assert searching.check()[0] == f"code {code.pk}: has a public document and should have none"
    searching.prepare()
    assert searching.check() == []


def test_the_index_is_built_after_an_upgrade():
    make.code()
    store.clear()
    searching.prepare()
    assert searching.check() == []


def test_one_edit_costs_a_fixed_number_of_queries(by, django_assert_max_num_queries):
    codes = [make.code(str(n)) for n in range(40)]
    with django_assert_max_num_queries(51):
        save_note(TroubleshootingNote(), None, {"title": "Lobby"}, by, codes)


def test_a_very_long_note_is_indexed():
    code = make.code()
    make.note("Long", code, state=NoteState.DRAFT, resolution=" ".join(f"word{n}x" for n in range(20_000)))
    assert searching.check() == []
    assert connection.vendor in ("sqlite", "postgresql")


def test_synonyms_are_looked_for(by, agent):
    code = make.code(description="The lobby is closed.")
    assert find("foyer", agent) == []
    synonym = save_synonym(Synonym(), None, {"words": " lobby ,foyer,, entrance hall,foyer"}, by)
    assert synonym.words == "lobby, foyer, entrance hall"
    assert find("foyer", agent) == find("the entrance hall", agent) == [code.pk]
    delete_synonym(synonym, synonym.version, by)
    assert find("foyer", agent) == []


@pytest.mark.parametrize("words", ["", "lobby", "lobby,", ", ,", "lobby, lobby"])
def test_synonyms_are_two_or_more(words, by):
    with pytest.raises(journal.NotAllowed, match="two or more"):
        save_synonym(Synonym(), None, {"words": words}, by)
