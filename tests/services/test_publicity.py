"""What becomes public is refused until somebody says yes to exactly that."""

import pytest

from kb.models import Change, CodeTable, Door, IncidentLink, TroubleshootingNote
from kb.services.bulk_edits import edit_each
from kb.services.incidents import save_incident
from kb.services.journal import By, Unconfirmed, agreed_to
from kb.services.notes import save_note
from kb.services.proposals import accept_proposal, propose_change
from kb.services.tables import save_table
from tests import make

pytestmark = pytest.mark.django_db
SHELL = By(None, Door.SHELL)
PUBLIC = {"audience": "public"}


@pytest.fixture(autouse=True)
def own_words(settings):
    """A reviewer may publish their own texts, so that an edit of a validated note is saved at once."""
    settings.KB_VALIDATE_OWN_WORDS = True


@pytest.fixture
def hidden(db):
    """An internal table with three codes, a range, two public notes, an internal one, and a public incident."""
    table = make.table("hidden", audience="internal")
    codes = make.codes(["1", "2", "3"], table)
    make.code_range(of=table)
    make.note("On one", codes[0])
    make.note("On two", *codes[1:])
    make.note("For us", codes[0], audience="internal")
    make.note("Begun", codes[0], state="draft")
    make.incident("Down", *codes)
    return table


def question(edit):
    with pytest.raises(Unconfirmed) as caught:
        edit()
    return caught.value


def test_a_table_names_everything_that_becomes_visible_with_it(hidden):
    asked = question(lambda: save_table(hidden, 1, PUBLIC, SHELL))
    assert str(asked) == (
        "This makes visible to the public: 1 table, 3 return codes, 1 code range, 2 notes, 1 incident. Confirm it."
    )
    assert (CodeTable.objects.get().audience, Change.objects.count()) == ("internal", 0)
    with agreed_to(asked.mark):
        save_table(hidden, 1, PUBLIC, SHELL)
    assert CodeTable.objects.get().audience == "public"


def test_a_yes_holds_only_for_what_was_shown(hidden):
    asked = question(lambda: save_table(hidden, 1, PUBLIC, SHELL))
    make.note("Written meanwhile", hidden.codes.get(code="3"))
    with agreed_to(asked.mark):
        again = question(lambda: save_table(hidden, 1, PUBLIC, SHELL))
        assert "3 notes" in str(again)
    # A note that is already linked and became public since is not one that the yes was for, either.
    with agreed_to(again.mark):
        TroubleshootingNote.objects.filter(title="For us").update(audience="public")
        TroubleshootingNote.objects.filter(title="On one").update(audience="internal")
        question(lambda: save_table(hidden, 1, PUBLIC, SHELL))
    assert CodeTable.objects.get().audience == "internal"


def test_notes_and_incidents_ask_when_audience_or_codes_reveal_them(hidden, admin):
    public, by = make.code("660300001"), By(admin, Door.ADMIN)
    note = make.note("Secret", public, audience="internal")
    incident = make.incident("Secret", public, audience="internal")
    edits = {
        "1 note": lambda: save_note(note, 1, PUBLIC, by),
        "1 incident": lambda: save_incident(incident, 1, PUBLIC, None, by),
    }
    note_of_hidden, of_hidden = TroubleshootingNote.objects.get(title="On one"), IncidentLink.objects.get(title="Down")
    linked = {
        "1 note": lambda: save_note(note_of_hidden, 1, {}, by, codes=[public]),
        "1 incident": lambda: save_incident(of_hidden, 1, {}, [public], by),
    }
    for group in (edits, linked):
        for words, edit in group.items():
            assert f"public: {words}." in str(question(edit))
            with agreed_to():
                edit()


def test_a_bulk_edit_asks_once_for_all_rows(admin):
    code, by = make.code(), By(admin, Door.ADMIN)
    notes = [make.note(f"Note {n}", code, audience="internal") for n in range(3)]
    versions = {note.pk: 1 for note in notes}

    def edit():
        verb = lambda note, version, by: save_note(note, version, PUBLIC, by)  # noqa: E731
        return edit_each(TroubleshootingNote.objects.all(), versions, verb, by)

    asked = question(edit)
    assert "3 notes" in str(asked)
    assert not TroubleshootingNote.objects.filter(audience="public").exists()
    with agreed_to(asked.mark):
        assert len(edit().edited) == 3


def test_accepting_a_proposal_asks(editor, reviewer):
    note = make.note("Secret", make.code(), audience="internal")
    proposal = propose_change(note, 1, PUBLIC, By(editor, Door.ADMIN))
    assert "1 note" in str(question(lambda: accept_proposal(proposal, 1, By(reviewer, Door.ADMIN), "")))


def test_an_edit_that_reveals_nothing_does_not_ask(hidden, admin):
    by = By(admin, Door.ADMIN)
    draft = make.note("Draft", make.code(), state="draft", audience="internal")
    assert save_note(draft, 1, PUBLIC, by).audience == "public"
    inside = make.note("Inside", hidden.codes.first(), audience="internal")
    assert save_note(inside, 1, PUBLIC, by).audience == "public"
    shown = make.table("shown")
    assert save_table(shown, 1, {"audience": "internal"}, by).audience == "internal"
