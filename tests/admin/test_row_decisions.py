"""Decisions about rows in the admin: two people lose nothing, and a row that was left out can be taken in again."""

import pytest
from django.urls import reverse

from kb.importing.applying import decisions
from kb.importing.applying.rollback import roll_back
from kb.importing.errors import ImportRefused
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import applied, by, planned, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client, importer):
    client.force_login(importer)
    return client


@pytest.fixture
def table():
    table = make.table()
    applied(table, ("1", "One."), ("2", "Two."))
    for code in table.codes.all():
        edit_code(code, code.version, {"description": f"Ours {code}."}, by())
    return table


@pytest.fixture
def plan(table):
    return planned(table, ("1", "Uno."), ("2", "Dos."), ("3", "Tres."))


@pytest.fixture
def ann():
    return make.user("ann", "importer")


def address(line):
    return reverse("admin:kb_importrow_change", args=[line.pk])


def act(client, plan, action, *lines):
    where = f"{reverse('admin:kb_importrow_changelist')}?table_import={plan.pk}"
    return client.post(where, {"action": action, "_selected_action": [line.pk for line in lines]}, follow=True).text


def test_whoever_decides_later_sees_both_decisions_and_overwrites_nothing(client, plan, ann):
    line = plan.rows.get(code="1")
    seen = client.get(address(line)).context["seen"]
    decisions.resolve(line, "edited", by(ann), {"description": "Ann and Uno."})
    posted = {"resolution": "edited", "description": "Mine and Uno.", "seen": seen}
    answer = client.post(address(line), posted)
    for words in ("ann decided this row meanwhile", "Ann and Uno.", "Mine and Uno."):
        assert words in answer.text
    line.refresh_from_db()
    assert line.edited == {"description": "Ann and Uno."}
    client.post(address(line), posted | {"seen": answer.context["seen"]})
    line.refresh_from_db()
    assert line.edited == {"description": "Mine and Uno."}


def test_the_same_decision_twice_is_one(client, plan, ann):
    line = plan.rows.get(code="1")
    seen = client.get(address(line)).context["seen"]
    decisions.resolve(line, "keep_ours", by(ann))
    assert client.post(address(line), {"resolution": "keep_ours", "description": "", "seen": seen}).status_code == 302
    line.refresh_from_db()
    assert decisions.decider_of(line) == "ann"


def test_an_action_on_the_list_leaves_what_others_decided(client, plan, ann):
    first, second = plan.rows.get(code="1"), plan.rows.get(code="2")
    decisions.resolve(first, "take_theirs", by(ann))
    page = act(client, plan, "keep_ours", first, second)
    assert "left as they are: 1 (ann)" in page
    assert "Keep ours: 1 row." in page
    assert dict(plan.rows.exclude(code="3").values_list("code", "resolution")) == {"1": "take_theirs", "2": "keep_ours"}


def test_a_row_that_was_left_out_is_taken_in_again_on_its_page_and_in_the_list(client, plan, ann):
    line = plan.rows.get(code="3")
    assert "Leave this row out" in client.get(address(line)).text
    client.post(address(line), {"leave_out": "1", "seen": line.decision_mark})
    page = client.get(address(line))
    assert "Take this row in again" in page.text
    assert plan.rows.to_apply().count() == 2
    client.post(address(line), {"leave_out": "", "seen": page.context["seen"]})
    assert plan.rows.to_apply().count() == 3
    decisions.resolve(line, "leave_out", by(ann))
    assert "Taken in again: 1 row." in act(client, plan, "take_in", line, plan.rows.get(code="1"))
    assert plan.rows.to_apply().count() == 3


def test_all_conflicts_at_once_are_those_that_nobody_has_decided(plan, ann):
    decisions.resolve(plan.rows.get(code="1"), "edited", by(ann), {"description": "Both."})
    assert decisions.resolve_all(plan, "take_theirs", by()) == 1
    assert plan.rows.get(code="1").edited == {"description": "Both."}


def test_the_page_of_a_replaced_plan_shows_the_text_that_was_not_taken_over(client, table, plan, importer):
    decisions.resolve(plan.rows.get(code="1"), "edited", by(importer), {"description": "Both texts."})
    newer = planned(table, ("1", "Another text."), ("2", "Dos."))
    page = client.get(reverse("admin:kb_importrow_changelist"), {"table_import": newer.pk}).text
    assert f"0 decisions were taken over from import {plan.pk}; 1 was not, because the rows differ." in page
    former = client.get(address(plan.rows.get(code="1"))).text
    assert "Both texts." in former
    assert "Save decision" not in former


def test_a_row_in_error_can_neither_be_left_out_nor_taken_in(client, table):
    plan = planned(table, row("1", description="Uno."), row("1", description="Dos."))
    assert "Leave this row out" not in client.get(address(plan.rows.get(kind="duplicate"))).text


def test_an_applied_import_says_what_was_decided(client, plan, importer):
    decisions.resolve(plan.rows.get(code="1"), "take_theirs", by(importer))
    client.force_login(make.user("boss", is_superuser=True, is_staff=True))
    page = client.post(reverse("admin:kb_tableimport_apply", args=[plan.pk]), {"yes_strange": "1"}, follow=True).text
    assert "Applied: 1 new, 2 conflicts (1 took the vendor’s, 1 kept ours without a decision)." in page


def test_a_message_begins_as_it_is_written(client, plan, ann, monkeypatch):
    def refuse(*args, **options):
        raise ImportRefused("http://vendor.example/ does not answer.")

    monkeypatch.setattr(decisions, "discard", refuse)
    page = client.post(reverse("admin:kb_tableimport_discard", args=[plan.pk]), follow=True).text
    assert ">http://vendor.example/ does not answer.<" in page


def test_whoever_retires_every_code_is_not_told_of_others(client, table):
    plan = planned(table, ("7", "Seven."), complete=True)
    client.force_login(make.user("boss", is_superuser=True, is_staff=True))
    page = " ".join(client.get(reverse("admin:kb_importrow_changelist"), {"table_import": plan.pk}).text.split())
    assert "Yes, retire all 2 codes of the table: the file lists none of them." in page


def test_a_roll_back_names_the_import_that_it_took_back(client, table):
    last = applied(table, ("8", "Eight."))
    reversal = roll_back(last, by())
    assert (
        f"Import {reversal.pk}: roll-back of import {last.pk}"
        in client.get(reverse("admin:kb_tableimport_changelist")).text
    )
