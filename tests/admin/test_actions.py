"""Bulk actions: confirmed, in one transaction, with a report of everything that was skipped."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from kb.admin.lists.actions import _versions
from kb.models import Change, Door, IncidentLink, Proposal, ReturnCode, TroubleshootingNote
from kb.services import journal
from kb.services.bulk_edits import edit_each
from kb.services.journal import By, NotAllowed
from kb.services.notes import save_note, submit_note
from tests import make
from tests.admin.conftest import message_text

NOTES, CODES, INCIDENTS = (f"/admin/kb/{noun}/" for noun in ("troubleshootingnote", "returncode", "incidentlink"))


def choose(browser, where, step, rows, across=False, query=""):
    chosen = {"action": step, "_selected_action": [row.pk for row in rows], "select_across": int(across), "index": 0}
    return browser.post(f"{where}?{query}", chosen)


def confirm(browser, where, page, **fields):
    hidden = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', page.content.decode()))
    hidden.pop("csrfmiddlewaretoken", None)
    return browser.post(where, hidden | fields)


def take(browser, where, step, rows, **fields):
    return confirm(browser, where, choose(browser, where, step, rows), **fields)


def drafts(count=3, **fields):
    return [make.note(f"Note {n}", state="draft", **fields) for n in range(count)]


def test_a_bulk_action_asks_first_and_changes_nothing_before(as_user, reviewer):
    notes = drafts()
    page = choose(as_user(reviewer), NOTES, "move_submit", notes)
    assert page.status_code == 200
    assert "Publish for agents: 3 troubleshooting notes" in page.content.decode()
    assert not Change.objects.exists()


def test_the_confirmation_page_tells_equal_codes_apart(as_user, editor):
    codes = [make.code("660300001", in_section=name) for name in ("Room", "<User>")]
    page = choose(as_user(editor), CODES, "decide", codes).content.decode()
    assert "660300001 · Room does not exist. (ZIM / Room)" in page
    assert "660300001 · Room does not exist. (ZIM / &lt;User&gt;)" in page


def test_many_notes_change_state_with_one_revision_each(as_user, reviewer):
    notes = drafts()
    response = take(as_user(reviewer), NOTES, "move_submit", notes, reason="Ready at last")
    assert "3 troubleshooting notes changed" in message_text(response)
    assert set(TroubleshootingNote.objects.values_list("state", "version")) == {("not_validated", 2)}
    assert [c.sequence for c in Change.objects.order_by("sequence")] == [1, 2, 3]
    assert {n.history.first().history_change_reason for n in TroubleshootingNote.objects.all()} == {"Ready at last"}


def test_notes_that_cannot_change_state_are_named_with_the_reason(as_user, reviewer):
    code = make.code()
    by = By(reviewer, Door.ADMIN)
    own = save_note(TroubleshootingNote(title="My own words"), None, {"cause": "Me."}, by, [code])
    archived, fine, stale = (
        make.note("Old", state="archived"),
        make.note("Fine", state="draft"),
        make.note("Moved", state="draft"),
    )
    browser = as_user(reviewer)
    page = choose(browser, NOTES, "move_validate", [own, archived, fine, stale])
    TroubleshootingNote.objects.filter(pk=stale.pk).update(version=2)
    report = message_text(confirm(browser, NOTES, page))
    assert "1 troubleshooting note changed" in report
    assert re.search("“My own words”. You wrote text in this note", report)
    assert "“Old”. This note is archived" in report
    assert "“Moved”. Somebody else saved it after you selected it" in report
    assert {n.title for n in TroubleshootingNote.objects.filter(state="validated")} == {"Fine"}


@pytest.mark.parametrize(
    ("step", "fields", "field"),
    [("set_audience", {"audience": "internal"}, "audience"), ("set_owner", {"owner": ""}, "owner_id")],
)
def test_notes_get_an_audience_or_an_owner(as_user, editor, step, fields, field):
    notes = drafts(owner=editor)
    fields = {name: value or str(editor.pk) for name, value in fields.items()}
    before = {getattr(note, field) for note in notes}
    TroubleshootingNote.objects.filter(pk=notes[0].pk).update(owner=None)
    take(as_user(editor), NOTES, step, notes, **fields)
    after = set(TroubleshootingNote.objects.values_list(field, flat=True))
    assert after == ({"internal"} if step == "set_audience" else before)


def test_codes_are_added_and_removed_and_hidden_ones_stay(as_user, editor):
    one, other = make.code("1"), make.code("2")
    notes = [make.note(f"Note {n}", one, state="draft") for n in range(2)]
    browser = as_user(editor)
    take(browser, NOTES, "add_codes", notes, codes=[other.pk])
    assert all(set(note.codes.all()) == {one, other} for note in notes)
    response = take(browser, NOTES, "remove_codes", TroubleshootingNote.objects.all(), codes=[one.pk])
    assert "2 troubleshooting notes changed" in message_text(response)
    assert all(set(note.codes.all()) == {other} for note in notes)
    assert "2 troubleshooting notes already up to date" in message_text(
        take(browser, NOTES, "remove_codes", TroubleshootingNote.objects.all(), codes=[one.pk])
    )


def test_a_change_of_validated_notes_waits_for_a_reviewer(as_user, editor):
    one, other = make.code("1"), make.code("2")
    note = make.note("Live", one, audience="internal")
    browser = as_user(editor)
    assert "1 waiting for a reviewer" in message_text(take(browser, NOTES, "set_audience", [note], audience="public"))
    assert "You already have a proposal waiting" in message_text(
        take(browser, NOTES, "add_codes", [note], codes=[other.pk])
    )
    Proposal.objects.all().delete()
    assert "1 waiting for a reviewer" in message_text(take(browser, CODES, "add_note", [one, other], note=note.pk))
    note.refresh_from_db()
    assert (note.audience, list(note.codes.all())) == ("internal", [one])
    assert set(Proposal.objects.get().codes.all()) == {one, other}


def test_dispositions_of_many_codes_are_set_and_reset(as_user, editor):
    codes = [make.code(str(n), suggested_actions="Do not process.") for n in range(3)]
    browser = as_user(editor)
    take(browser, CODES, "decide", codes, disposition="retry_later", fixer="keep")
    code = set(ReturnCode.objects.values_list("disposition", "disposition_origin", "fixer_origin"))
    assert code == {("retry_later", "staff", "vendor")}
    take(browser, CODES, "decide", ReturnCode.objects.all(), disposition="", fixer="keep")
    assert set(ReturnCode.objects.values_list("disposition", "disposition_origin")) == {("no_action", "vendor")}


def test_a_form_without_a_decision_is_an_error(as_user, editor):
    page = take(as_user(editor), CODES, "decide", [make.code()], disposition="keep", fixer="keep")
    assert "Choose what to do or who can fix it" in page.content.decode()
    assert 'name="seen"' in page.content.decode()


def test_a_note_is_added_to_many_codes_in_one_write(as_user, editor):
    codes = [make.code(str(n)) for n in range(4)]
    note = make.note("Room is gone", codes[0], state="draft")
    response = take(as_user(editor), CODES, "add_note", codes, note=note.pk)
    assert "3 return codes changed. 1 return code already up to date" in message_text(response)
    assert set(note.codes.all()) == set(codes)
    assert Change.objects.count() == 1


def test_resolved_incidents_link_to_their_lessons(as_user, editor):
    over = make.incident("Over", state="resolved", resolved_at=timezone.now())
    going_on = make.incident("Going on <b>", started_at=timezone.now())
    response = take(as_user(editor), INCIDENTS, "resolve", [over, going_on])
    assert "“Over”. This incident is already resolved" in message_text(response)
    assert f"/admin/kb/incidentlink/{going_on.pk}/learned/" in message_text(response)
    assert "Going on &lt;b&gt;" in message_text(response)
    assert not IncidentLink.objects.open().exists()


def test_an_incident_that_would_end_before_its_start_is_skipped(as_user, editor):
    incident = make.incident(started_at="2026-01-02T00:00Z")
    response = take(
        as_user(editor), INCIDENTS, "resolve", [incident], resolved_at_0="2026-01-01", resolved_at_1="00:00"
    )
    assert "cannot be resolved before it started" in message_text(response)
    page = take(as_user(editor), INCIDENTS, "resolve", [incident], resolved_at_0="1066-01-01", resolved_at_1="00:00")
    assert "The year 1066" in page.content.decode()
    assert IncidentLink.objects.get().is_open


def test_a_bulk_action_covers_a_filtered_list_across_pages(as_user, reviewer):
    drafts(60)
    make.note("Not a draft", state="not_validated")
    browser = as_user(reviewer)
    first = TroubleshootingNote.objects.first()
    page = choose(browser, NOTES, "move_archive", [first], across=True, query="state__exact=draft")
    assert "Archive: 60 troubleshooting notes" in page.content.decode()
    confirm(browser, f"{NOTES}?state__exact=draft", page)
    assert TroubleshootingNote.objects.filter(state="archived").count() == 60
    assert TroubleshootingNote.objects.get(title="Not a draft").state == "not_validated"


@pytest.mark.parametrize("limit", [2, 3])
def test_more_rows_than_the_limit_are_refused_with_the_limit(as_user, reviewer, monkeypatch, limit):
    monkeypatch.setattr("kb.admin.lists.actions.MAX_ROWS", limit)
    response = choose(as_user(reviewer), NOTES, "move_archive", drafts(3), across=True)
    said = "You selected 3 troubleshooting notes; the limit is 2"
    assert (said in message_text(response)) == (limit == 2)
    assert (response.status_code == 200) == (limit == 3)


@pytest.mark.parametrize(("count", "is_read"), [(1, True), (1000, True), (1001, False)])
def test_a_confirmation_is_of_a_thousand_rows_at_most(count, is_read):
    pairs = {n: n + 1 for n in range(count)}
    assert _versions(",".join(f"{pk}:{version}" for pk, version in pairs.items())) == (pairs if is_read else {})


def test_a_confirmation_page_links_the_first_rows_and_counts_the_others(as_user, reviewer, monkeypatch):
    monkeypatch.setattr("kb.admin.lists.actions.MAX_ROW_LINKS", 2)
    browser, notes = as_user(reviewer), drafts(3)
    page = choose(browser, NOTES, "move_submit", notes)
    assert (len(page.context["rows"]), page.context["more"], page.context["count"]) == (2, 1, 3)
    assert choose(browser, NOTES, "move_submit", notes[:2]).context["more"] == 0


@pytest.mark.parametrize("count", [10, 11])
def test_a_report_names_ten_skipped_rows_and_counts_the_others(as_user, reviewer, count):
    notes = [make.note(f"Old {n}", state="archived") for n in range(count)]
    report = message_text(take(as_user(reviewer), NOTES, "move_archive", notes))
    assert f"{count} troubleshooting notes skipped" in report
    assert report.count("“Old") == 10
    assert ("and 1 more" in report) == (count == 11)


def test_an_owner_is_chosen_among_active_staff(as_user, editor, agent):
    make.user("left", "editor", is_active=False)
    form = choose(as_user(editor), NOTES, "set_owner", drafts(1)).context["form"]
    assert [str(person) for person in form.fields["owner"].queryset] == ["editor"]


def test_codes_are_added_to_a_note_in_use(as_user, editor):
    code = make.code()
    archived, used = make.note("Old", state="archived"), make.note("In use", state="draft")
    browser = as_user(editor)
    page = take(browser, CODES, "add_note", [code], note=archived.pk)
    assert list(page.context["form"].errors) == ["note"]
    assert "1 return code changed" in message_text(take(browser, CODES, "add_note", [code], note=used.pk))
    assert list(used.codes.all()) == [code]


def test_an_editor_is_offered_no_action_of_a_reviewer(as_user, editor):
    make.note()
    offered = dict(as_user(editor).get(NOTES).context["action_form"].fields["action"].choices)
    assert "move_submit" in offered
    assert not {"move_validate", "move_archive", "move_return", "move_restore"} & set(offered)
    take(as_user(editor), NOTES, "move_archive", TroubleshootingNote.objects.all())
    assert TroubleshootingNote.objects.get().state == "validated"


@pytest.mark.parametrize("where", [NOTES, CODES, INCIDENTS])
def test_readers_are_offered_no_action(as_user, importer, room, where):
    page = as_user(importer).get(where)
    assert page.context["action_form"] is None
    assert page.context["cl"].list_display[0] != "action_checkbox"


def test_a_permission_that_was_removed_between_the_two_pages_counts(as_user, editor):
    code = make.code()
    browser = as_user(editor)
    page = choose(browser, CODES, "decide", [code])
    editor.groups.clear()
    editor.user_permissions.add(*Permission.objects.filter(codename__in=["view_returncode", "view_internal"]))
    confirm(browser, CODES, page, disposition="retry_now", fixer="keep")
    assert ReturnCode.objects.get().version == 1


@pytest.mark.parametrize("chosen", ["x", "9" * 30, "-1", "1 OR 1", "\x00"])
def test_values_that_are_not_ids_are_refused(as_user, reviewer, chosen):
    response = as_user(reviewer).post(NOTES, {"action": "move_archive", "_selected_action": [chosen], "index": 0})
    assert "something that is not in this list" in message_text(response)


@pytest.mark.parametrize("versions", ["", "1", "1:", "a:b", "1:2:3", "1:" + "9" * 30, ",".join(["1:1"] * 1001)])
def test_a_forged_confirmation_does_nothing(as_user, reviewer, versions):
    note = make.note()
    sent = {"action": "move_archive", "_selected_action": [note.pk], "seen": versions}
    assert "could not be read" in message_text(as_user(reviewer).post(NOTES, sent))
    note.refresh_from_db()
    assert note.version == 1


def test_deleted_and_hidden_rows_are_skipped(as_user, reviewer):
    note = make.note()
    sent = {"action": "move_archive", "_selected_action": [note.pk], "seen": f"{note.pk}:1,{note.pk + 1}:1"}
    report = message_text(as_user(reviewer).post(NOTES, sent))
    assert "1 troubleshooting note changed" in report
    assert "no longer exists" in report


def test_an_action_that_fails_half_way_changes_nothing(reviewer):
    notes = drafts()
    by = By(reviewer, Door.ADMIN)

    def verb(note, version, by):
        if note == notes[2]:
            raise RuntimeError
        return submit_note(note, version, by)

    with pytest.raises(RuntimeError):
        edit_each(TroubleshootingNote.objects, {note.pk: 1 for note in notes}, verb, by)
    assert set(TroubleshootingNote.objects.values_list("state", flat=True)) == {"draft"}
    assert not Change.objects.exists()


def test_a_service_that_is_refused_inside_an_action_leaves_no_change(reviewer):
    by, (kept, undone, _) = By(reviewer, Door.ADMIN), drafts()

    def refused():
        with journal.entry(by):
            submit_note(undone, 1, by)
            raise NotAllowed("No.")

    with journal.entry(by):
        submit_note(kept, 1, by)
        with pytest.raises(NotAllowed):
            refused()
    assert {n.title for n in TroubleshootingNote.objects.filter(state="not_validated")} == {kept.title}
    assert [change.object_id for change in Change.objects.all()] == [kept.pk]
    submit_note(undone, 1, by)
    assert Change.objects.count() == 2


@pytest.mark.parametrize("size", [2, 12])
def test_the_confirmation_page_takes_the_same_queries_for_more_rows(as_user, reviewer, django_assert_num_queries, size):
    notes = drafts(size)
    browser = as_user(reviewer)
    with django_assert_num_queries(10):
        choose(browser, NOTES, "move_submit", notes)
