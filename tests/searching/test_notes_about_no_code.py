"""Notes without codes are found by their own words."""

import pytest

from kb import searching
from kb.models import TroubleshootingNote
from kb.services import notes, ranges
from kb.services.journal import By, Door
from tests import make

pytestmark = pytest.mark.django_db


def titles(text, user):
    return [note.title for note in searching.notes_about_no_code(text, user)]


def test_a_note_without_codes_is_found_by_forms_of_its_words(agent):
    make.note("Proxies drop long polling", issue="The client disconnects behind a proxy.")
    make.note("About a code", make.code(), issue="Long polling behind a proxy.")
    assert titles("proxy dropped polling", agent) == ["Proxies drop long polling"]
    assert titles("proxy in the lobby of the hotel", agent) == []
    assert titles("polling", None) == []


def test_its_title_comes_before_its_other_texts(agent):
    make.note("Other", issue="Polling.")
    make.note("Polling")
    assert titles("polling", agent) == ["Polling", "Other"]


def test_pages_suggestions_and_the_api_show_it(client, agent):
    note = make.note("Proxies drop long polling")
    client.force_login(agent)
    for path in ("/?q=proxy+polling", "/suggest/?q=proxy+polling", "/notes/", "/notes/?q=POLLING"):
        assert note.get_absolute_url() in client.get(path).content.decode(), path
    assert "Nothing found" not in client.get("/?q=proxy+polling").content.decode()
    answer = client.get("/api/v1/search/?q=proxy+polling").json()
    assert [one["title"] for one in answer["notes"]] == ["Proxies drop long polling"]


def test_capitals_do_not_matter_in_words_with_accents(agent, client):
    make.note("Éclair")
    client.force_login(agent)
    for word in ("ÉCLAIR", "éclair"):
        assert "Éclair" in client.get("/notes/", {"q": word}).content.decode()


def test_only_what_the_reader_may_see_is_listed(client, settings):
    settings.KB_PUBLIC_READ = True
    code = make.code()
    make.note("For all", code)
    make.note("Inside", code, audience="internal")
    page = client.get("/notes/").content.decode()
    assert "For all" in page
    assert "Inside" not in page


def test_the_index_follows_what_a_note_is_about(agent, reviewer):
    code, by = make.code("21000"), By(reviewer, Door.ADMIN)
    block = make.code_range(code.table)
    note = make.note("Polling", state="draft")
    note.ranges.set([block])
    searching.refresh_notes([note.pk])
    assert titles("polling", agent) == []
    ranges.delete_range(block, block.version, by)
    assert titles("polling", agent) == ["Polling"]
    note.refresh_from_db()
    for codes, found in (([code], []), ([], ["Polling"])):
        note = notes.save_note(note, note.version, {}, by, codes=codes)
        assert (titles("polling", agent), searching.check()) == (found, [])
    searching.rebuild()
    assert (titles("polling", agent), searching.check()) == (["Polling"], [])
    notes.archive_note(note, note.version, by)
    assert (titles("polling", agent), searching.check()) == ([], [])


def test_a_note_that_differs_from_its_document_is_told(agent):
    note = make.note("Polling")
    TroubleshootingNote.objects.filter(pk=note.pk).update(title="Proxy")
    assert searching.check() == [
        f"note {note.pk}: its document is missing or out of date",
        "the vocabulary of notes is out of date",
    ]
    TroubleshootingNote.objects.filter(pk=note.pk).delete()
    assert f"note {note.pk}: has a document and should have none" in searching.check()
    searching.rebuild()
    assert searching.check() == []


def test_notes_with_lower_ids_than_all_codes_are_found_by_a_word_that_hundreds_have(agent):
    names = [*(f"Room {n}" for n in range(520)), *(f"Hall {n}" for n in range(4_000))]
    made = TroubleshootingNote.objects.bulk_create(TroubleshootingNote(title=name, state="draft") for name in names)
    searching.refresh_notes([note.pk for note in made])
    make.code("1", id=made[-1].pk + 1_000_000, description="Lobby.")
    assert titles("room ", agent)[0] == "Room 0"
