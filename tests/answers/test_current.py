"""Whatever is written, the stored answers are those that would be made now."""

import pytest

from kb import answers
from kb.answers.build import build
from kb.importing.applying.rollback import roll_back
from kb.models import CodeRange, FinishedAnswer, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.visibility import Reader
from kb.services import codes, incidents, notes, ranges, sections, tables
from kb.services.journal import By, Door
from tests import make
from tests.importing.tables import applied, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]
BY = By(None, Door.SHELL)


def shown(code, level=Reader.INTERNAL):
    """Return a code's answer as one text."""
    return b"".join(answers.whole([code.pk], level).get(code.pk, (b"", b""))).decode()


@pytest.fixture(autouse=True)
def boss(monkeypatch, db):
    monkeypatch.setattr(f"{__name__}.BY", By(make.user("boss", is_superuser=True), Door.SHELL))


def save(service, row, values, *links):
    row.refresh_from_db()
    saved = service(row, row.version, values, *links, BY)
    assert list(answers.differences()) == []
    return saved


def save_note(note, values, codes=None, ranges=None):
    note.refresh_from_db()
    notes.save_note(note, note.version, values, BY, codes, ranges)
    assert list(answers.differences()) == []


@pytest.fixture
def room():
    return make.code("660300001")


@pytest.fixture
def other(room):
    return make.code("660300002", symbol="OTHER")


def test_a_code_and_the_codes_that_it_replaces(room, other):
    save(codes.edit_code, room, {"successor": other})
    assert '"code":"660300002"' in shown(room)
    save(codes.edit_code, other, {"description": "Ours.", "fixer": "customer"})
    assert "Ours." in shown(other)


def test_a_section_and_a_table(room, other):
    hidden = make.code("1", make.table("hidden", audience="internal"))
    save(codes.edit_code, room, {"successor": hidden})
    assert "hidden" in shown(room)
    assert "hidden" not in shown(room, Reader.PUBLIC)
    save(tables.save_table, hidden.table, {"audience": "public", "slug": "seen"})
    assert '"table":"seen"' in shown(room, Reader.PUBLIC)
    save(sections.rename_section, hidden.section, {"name": "Elsewhere", "slug": "elsewhere"})
    assert "/codes/seen/elsewhere/1/" in shown(room)
    save(tables.save_table, room.table, {"audience": "internal"})
    assert (shown(room, Reader.PUBLIC), FinishedAnswer.objects.filter(public_row=None).count()) == ("", 2)


def test_a_table_whose_answers_do_not_change_writes_none(room, django_assert_num_queries):
    room.table.refresh_from_db()
    FinishedAnswer.objects.all().delete()
    tables.save_table(room.table, room.table.version, {"name": "Another name", "vendor": "V"}, BY)
    assert not FinishedAnswer.objects.exists()


def test_a_note_on_codes_and_ranges(room, other):
    block = make.code_range("Rooms", 660300000, 660300001)
    note = notes.save_note(TroubleshootingNote(), None, {"title": "Why"}, By(None, Door.SHELL), [room])
    assert list(answers.differences()) == []
    assert "Why" in shown(room)
    save_note(note, {"cause": "Because."}, [other], [block])
    assert ("Because." in shown(room), "Because." in shown(other)) == (True, True)
    save_note(note, {"audience": "public"}, [other], [])
    assert ("Why" in shown(room), "Why" in shown(other, Reader.PUBLIC)) == (False, False)
    save(lambda *given: notes.submit_note(given[0], given[1], BY), note, {})
    save(lambda *given: notes.validate_note(given[0], given[1], By(make.user("rex", "reviewer"), Door.SHELL)), note, {})
    assert '"has_notes":true' in shown(other, Reader.PUBLIC)
    save(lambda *given: notes.archive_note(given[0], given[1], BY), note, {})
    assert "Why" not in shown(other)
    save(lambda *given: notes.restore_note(given[0], given[1], BY), note, {})
    assert "Why" in shown(other)


def test_the_range_of_a_note(room, other):
    block = make.code_range("Rooms", 660300000, 660300001)
    note = make.note("Why", state="not_validated")
    save_note(note, {"cause": "Because."}, [], [block])
    assert ("Why" in shown(room), "Why" in shown(other)) == (True, False)
    save(ranges.save_range, block, {"first": 660300002, "last": 660300009})
    assert ("Why" in shown(room), "Why" in shown(other)) == (False, True)
    ranges.delete_range(block, CodeRange.objects.get(pk=block.pk).version, BY)
    assert ("Why" in shown(other), list(answers.differences())) == (False, [])


def test_an_incident(room, other):
    told = {"url": "https://status.example.com/77", "title": "Rooms fail", "audience": "public"}
    incident = incidents.save_incident(IncidentLink(), None, told, [room], BY)
    assert list(answers.differences()) == []
    assert '"has_open_incident":true' in shown(room, Reader.PUBLIC)
    save(incidents.save_incident, incident, {"impact": "All."}, [other])
    assert ("Rooms fail" in shown(room), "All." in shown(other)) == (False, True)
    save(incidents.resolve_incident, incident, None)
    assert '"has_open_incident":false' in shown(other)


def test_an_import_and_its_roll_back(room, other):
    note = make.note("Why", room)
    table_import = applied(
        room.table, row("660300001", description="New."), row("7", description="Seven."), complete=True
    )
    assert list(answers.differences()) == []
    assert ("New." in shown(room), "Seven." in shown(ReturnCode.objects.get(code="7"))) == (True, True)
    assert '"retired_at":null' not in shown(other)
    roll_back(table_import, BY)
    assert list(answers.differences()) == []
    assert ("New." in shown(room), note.title in shown(room)) == (False, True)


def test_missing_and_outdated_answers_are_named_and_made_again(room, other):
    FinishedAnswer.objects.filter(code=room).update(row="{}")
    FinishedAnswer.objects.filter(code=other).delete()
    assert list(answers.differences()) == [
        f"code {one.pk}: its answer is missing or out of date" for one in (room, other)
    ]
    assert answers.lag() == 1
    answers.prepare()
    assert (list(answers.differences()), answers.lag()) == ([], 0)
    Section.objects.filter(pk=room.section_id).update(name="Direct")
    assert len(list(answers.differences())) == 2
    answers.rebuild()
    assert list(answers.differences()) == []


def test_answers_of_codes_that_lie_between_are_not_built():
    first, _between, last = (make.code(str(n)) for n in (1, 2, 3))
    assert {answer.code_id for answer in build([first.pk, last.pk])} == {first.pk, last.pk}
