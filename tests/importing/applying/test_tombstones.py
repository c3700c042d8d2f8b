"""A code that only rolled-back imports brought was never the vendor's: no face shows it, until an import brings it."""

import pytest
from django.test import Client

from kb import answers, searching
from kb.exporting.tables import export_table
from kb.importing.applying.effects import effects_of
from kb.importing.applying.rollback import preview, roll_back
from kb.models import Change, FinishedAnswer, ReturnCode, Section, Tombstone
from kb.models.changes import last_sequence
from kb.models.fields import VENDOR_TEXTS
from kb.ops.doctor import revisions
from kb.queries import replication, tables
from kb.queries.changes import change_steps
from kb.queries.lookup import find_code, neighbours
from kb.services.codes import edit_code
from kb.web.history import histories
from tests import make
from tests.importing.tables import applied, by, planned, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    table = make.table("pumps")
    applied(table, ("100", "Pump stopped."), ("300", "Pump overheated."))
    return table


@pytest.fixture
def editor():
    return make.user("ed", "editor")


def bring(table, **options):
    return applied(table, ("200", "Valve jammed."), **options)


def test_a_code_of_a_rolled_back_import_is_in_no_answer(table, editor, client):
    roll_back(bring(table), by())
    code = table.codes.get(code="200")
    assert Tombstone.objects.filter(code=code).exists()
    assert find_code("200", editor, table).verdict == "unknown"
    assert [near.code.code for near in find_code("101", editor, table).near] == ["100"]
    assert [near.code for near in neighbours(table.codes.get(code="100"), editor)] == ["300"]
    assert find_code("20", editor, table).completions == []
    assert not FinishedAnswer.objects.filter(code=code).exists()
    assert (answers.lag(), searching.lag()) == (0, 0)
    assert (list(answers.differences()), list(searching.differences())) == ([], [])
    assert not ReturnCode.objects.visible_to(editor).filter(code="200").exists()
    (of_table,) = tables.with_counts(editor)
    assert (of_table.code_count, of_table.retired_count, tables.total(table)) == (2, 0, 2)


def test_no_door_shows_it_and_its_own_address_says_that_it_was_never_published(table, editor):
    client = Client()
    client.force_login(editor)
    roll_back(bring(table), by())
    code = table.codes.get(code="200")
    page = client.get(code.get_absolute_url())
    assert page.status_code == 404
    assert "never listed this code" in page.content.decode()
    assert "no longer lists" not in page.content.decode()
    for address in (
        table.get_absolute_url(),
        "/?q=valve+jammed",
        "/api/v1/codes?table=pumps",
        "/api/v1/codes?retired=true",
        f"/api/v1/codes/{code.pk}",
    ):
        assert "Valve jammed" not in client.get(address, follow=True).content.decode(), address
    exported = export_table(table, "csv", "vendor")
    assert b"200" not in b"".join(exported)


def test_the_feed_says_that_it_is_gone_and_that_it_is_there_again(table):
    roll_back(bring(table), by())
    bring(table)
    changes = Change.objects.filter(noun="code", label="200").order_by("sequence")
    assert list(changes.values_list("kind", flat=True)) == ["created", "deleted", "created"]


def test_a_later_import_brings_it_back_with_its_notes_and_a_roll_back_takes_it_again(table, editor):
    first = bring(table)
    code = table.codes.get(code="200")
    note = make.note("Valve", code)
    roll_back(first, by())
    plan = planned(table, ("200", "Valve jammed."))
    assert (plan.counts, plan.rows.get().kind, plan.rows.get().extent) == ({"new": 1, "unchanged": 0}, "new", "")
    second = bring(table, user=editor)
    assert [step.title for step in histories([code])[code.pk]] == ["Added"]
    assert [problem for problem in revisions.problems() if problem.startswith("Code")] == []
    code.refresh_from_db()
    assert (code.is_retired, list(code.notes.all())) == (False, [note])
    assert find_code("200", editor, table).verdict in ("found", "known_without_note")
    roll_back(second, by())
    assert find_code("200", editor, table).verdict == "unknown"


def test_what_notes_and_incidents_list_is_in_the_feed_when_a_code_goes_and_comes_back(table, editor):
    first = bring(table)
    codes = [table.codes.get(code=code) for code in ("100", "200")]
    make.note("Valve", *codes)
    make.incident("Valves fail", *codes)
    draft = make.note("Draft", codes[1], state="draft")
    make.note("Elsewhere", codes[0])
    about = [("note", pk) for pk in codes[1].notes.order_by("pk").values_list("pk", flat=True)]
    about += [("incident", codes[1].incidents.get().pk)]
    place = replication.end_for(None)
    for act in (lambda: roll_back(first, by(editor)), lambda: bring(table, user=editor)):
        last = last_sequence()
        act()
        changes = list(Change.objects.since(last).exclude(noun__in=("code", "section")))
        assert [(change.noun, change.object_id) for change in changes] == about
        assert {(change.kind, *change.fields, change.actor_id) for change in changes} == {
            ("updated", "links", editor.pk)
        }
        assert {(change.noun, change.object_id) for change in changes if change.audience == "internal"} == {
            ("note", draft.pk)
        }
        # Nobody edited them: their versions and revisions stay, and no page repeats their last edit.
        assert not any(step.words or step.reason for step in change_steps(changes, editor))
    entries = replication.changes(None, replication.FeedPlace(*place), 100).entries
    (note,) = (one.copied.object for one in entries if one.noun == "note" and one.copied)
    assert note["codes"] == [code.pk for code in codes]


def test_a_code_that_another_import_listed_stays_a_retired_one(table, editor):
    first = bring(table)
    applied(table, ("100", "Pump stopped."), ("200", "Valve jammed."), ("300", "Pump overheated."), complete=True)
    roll_back(first, by())
    assert find_code("200", editor, table).verdict == "retired"


def test_a_code_that_stays_because_of_an_edit_is_no_tombstone(table, editor):
    first = bring(table)
    code = table.codes.get(code="200")
    edit_code(code, code.version, {"description": "Ours."}, by(editor))
    roll_back(first, by())
    assert find_code("200", editor, table).verdict == "known_without_note"


def test_it_is_one_also_once_the_last_import_that_listed_it_is_rolled_back(table, editor):
    first = bring(table)
    second = applied(table, ("100", "P."), ("200", "Valve jammed."), ("300", "Q."), complete=True)
    roll_back(first, by())
    roll_back(second, by())
    assert find_code("200", editor, table).verdict == "unknown"
    kinds = Change.objects.filter(noun="code", label="200").order_by("sequence").values_list("kind", flat=True)
    assert list(kinds) == ["created", "retired", "deleted"]


def test_another_code_may_take_its_place_in_the_section(table, editor):
    rest = [("100", "Pump stopped."), ("300", "Pump overheated.")]
    moved = applied(table, row("100", section="Valves", description="Pump stopped."), rest[1], complete=True)
    again = applied(table, *rest, complete=False, answers={"sections": "new"})
    roll_back(again, by())
    roll_back(moved, by())
    code = find_code("100", editor, table).hits[0].code
    assert (code.section.name, code.history.count()) == ("Public", 3)


def test_what_staff_wrote_keeps_a_code_that_another_import_retired(table, editor):
    brought = bring(table)
    retiring = applied(table, ("100", "Pump stopped."), ("300", "Pump overheated."), complete=True)
    code = table.codes.get(code="200")
    edit_code(code, code.version, {"description": "Ours."}, by(editor))
    for table_import in (retiring, brought):
        roll_back(table_import, by(editor))
        assert not Tombstone.objects.exists()
    assert ReturnCode.objects.visible_to(editor).get(code="200").description == "Ours."


@pytest.mark.parametrize("complete", [False, True])
def test_a_code_that_comes_back_has_only_what_the_new_file_says_and_its_notes(table, complete):
    wrong = row("200", description="Wrong.", possible_reasons="WRONG CAUSE", suggested_actions="Retry.", symbol="BAD")
    first = applied(table, wrong | {"extra": {"Severity": "Fatal"}})
    roll_back(first, by())
    code = table.codes.get(code="200")
    note = make.note("Valve", code)
    second = bring(table, complete=complete)
    code.refresh_from_db()
    assert (code.description, code.possible_reasons, code.symbol, code.extra) == ("Valve jammed.", "", "", {})
    assert (code.vendor_possible_reasons, code.vendor_suggested_actions, code.disposition) == ("", "", "unknown")
    assert (second.counts["new"], list(code.notes.all())) == (1, [note])


def test_the_roll_back_of_its_return_restores_what_the_tombstone_had(table):
    first = applied(table, row("200", description="Wrong.", possible_reasons="WRONG", extra={"Severity": "Fatal"}))
    roll_back(first, by())
    names = [name for field in VENDOR_TEXTS for name in (field, f"vendor_{field}")] + ["extra", "disposition", "fixer"]
    before = table.codes.filter(code="200").values(*names).get()
    roll_back(bring(table), by())
    assert table.codes.filter(code="200").values(*names).get() == before


def test_a_section_that_only_a_rolled_back_import_brought_is_in_no_answer_until_it_returns(table, editor, client):
    def bring_valves():
        return applied(table, row("700", section="Valves", description="Valve stuck."))

    client.force_login(editor)
    roll_back(bring_valves(), by())
    section = table.sections.get(name="Valves")
    assert section not in Section.objects.visible_to(editor)
    assert "Valves" not in client.get(table.get_absolute_url()).text
    assert client.get("/api/v1/codes", {"section": "Valves"}, follow=True).status_code == 400
    assert section.pk not in [row.id for noun, row in list(replication.snapshot(editor))[1:] if noun == "section"]
    bring_valves()
    assert section in Section.objects.visible_to(editor)
    assert client.get("/api/v1/codes", {"section": "Valves"}, follow=True).status_code == 200
    kinds = Change.objects.filter(noun="section", object_id=section.pk).order_by("sequence")
    assert list(kinds.values_list("kind", flat=True)) == ["created", "deleted", "created"]


def test_a_section_with_another_code_stays(table, editor):
    roll_back(bring(table), by())
    assert Section.objects.visible_to(editor).get().name == "Public"
    assert list(Change.objects.filter(noun="section").values_list("kind", flat=True)) == ["created"]


def test_a_roll_back_counts_the_notes_that_lose_their_only_code_and_their_pages_name_it(table, editor, client):
    client.force_login(editor)
    first = bring(table)
    code, other = table.codes.get(code="200"), table.codes.get(code="100")
    lonely = make.note("Valve", code)
    make.note("Both", code, other)
    assert preview(first).sentences()[1] == "1 note stays without a code."
    assert effects_of([roll_back(first, by())]).sentences()[1] == "1 note stays without a code."
    page = " ".join(client.get(lonely.get_absolute_url()).text.split())
    assert 'It was about <bdi class="code">200</bdi>' in page
    bring(table)
    assert "It was about" not in client.get(lonely.get_absolute_url()).text
